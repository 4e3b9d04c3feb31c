"""The stages of a call, one small module each."""

from awsim.gateway.stages.authorize import authorize
from awsim.gateway.stages.faults import faults
from awsim.gateway.stages.idempotency import idempotency
from awsim.gateway.stages.identify import identify
from awsim.gateway.stages.operation import operation
from awsim.gateway.stages.parse import parse
from awsim.gateway.stages.route import route
from awsim.gateway.stages.throttle import throttle

__all__ = ["authorize", "faults", "idempotency", "identify", "operation", "parse", "route", "throttle"]
