"""`Plan`: what the stages need to know of an operation, made once per process from its model and its service class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from awsim.errors import AWSError
from awsim.service import Service, not_modelled
from awsim.wire import models

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from awsim.gateway.call import Call
    from awsim.gateway.validate import Validator

_plans: dict[tuple[str, str], Plan] = {}


class Plan:
    """An operation as awsim runs it. `method`: the service's attribute; `accepts`: its parameters, None for any."""

    __slots__ = (
        "_codec", "_rated", "_validator", "accepts", "ahead", "cls", "method", "model", "name", "service", "stages",
    )  # fmt: skip

    def __init__(self, service: str, name: str, model: OperationModel | None) -> None:
        self.service = service
        self.name = name
        self.model = model
        cls = service_class(service)
        if cls is None:
            raise not_modelled(f"the service {service} (asked for {service}:{name})")
        self.cls: type[Service] = cls
        self.method = xform_name(name)
        function = getattr(cls, self.method, None)
        if function is None or getattr(Service, self.method, None) is not None:
            raise not_modelled(f"{service}:{name}")
        self.accepts = _accepts(function)
        self.ahead = cls.ahead.get(name)
        # The gateway's stages that have something to do; the gateway finds out.
        self.stages: tuple[Callable[[Call], None], ...] = ()
        self._codec: Any = None
        self._rated: bool | None = None
        self._validator: Validator | None = None

    @property
    def codec(self) -> Any:
        if self._codec is None:
            from awsim.wire.codec import codec_for

            self._codec = codec_for(self.model, exact=self.cls.exact, readers=self.cls.readers)
        return self._codec

    @property
    def validator(self) -> Validator:
        if self._validator is None:
            from awsim.gateway.validate import validator_for

            self._validator = validator_for(self.cls, self.service, self.name, self.model)
        return self._validator

    @property
    def rated(self) -> bool:
        """Whether rows of the limits table bound how often the operation may be called."""
        if self._rated is None:
            from awsim.limits.table import rates_for

            self._rated = bool(rates_for(self.service, self.name))
        return self._rated

    def unknown(self, params: dict[str, Any]) -> AWSError:
        """The refusal of parameters that the method does not name."""
        names = ", ".join(sorted(params.keys() - (self.accepts or ())))
        return not_modelled(f"the parameter {names} of {self.service}:{self.name}")


def plan_for(service: str, name: str, model: OperationModel | None = None) -> Plan:
    """The plan of an operation by botocore's name (`SendMessage`); raises the refusal of one not modelled."""
    plan = _plans.get((service, name))
    if plan is None:
        if model is None:
            model = _model(service, name)
        else:
            models.adopt(model)
        plan = _plans[service, name] = Plan(service, name, model)
    return plan


def _model(service: str, name: str) -> OperationModel | None:
    if service_class(service) is None:
        raise not_modelled(f"the service {service} (asked for {service}:{name})")
    service_model = models.service_model(service)
    if name in service_model.operation_names:
        return service_model.operation_model(name)
    # Requests that no model has: a browser's form upload, a CORS preflight.
    return None


@cache
def operation_name(service: str, name: str) -> str:
    """botocore's name for `"SendMessage"` or `"send_message"`."""
    if "_" in name or name.islower():
        for candidate in models.service_model(service).operation_names:
            if xform_name(candidate) == name:
                return candidate
    return name


@cache
def service_class(name: str) -> type[Service] | None:
    """The class that models a service; None for a service that awsim does not have."""
    package = "awsim.services." + package_name(name)
    if find_spec(package) is None:
        return None
    return getattr(import_module(package), "SERVICE", None)


def package_name(service: str) -> str:
    """The folder of a service: botocore's name with underscores; `lambda_` because `lambda` is Python's."""
    name = service.replace("-", "_")
    return "lambda_" if name == "lambda" else name


def _accepts(function: Callable[..., Any]) -> frozenset[str] | None:
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return frozenset(parameter.name for parameter in parameters)
