"""Amazon CloudWatch Logs."""

from awsim.services.logs.service import Logs

SERVICE = Logs
