"""Dry runs: every operation of EC2 takes `DryRun`; it is carried out and taken back, so that what the call would be
refused for is found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.state.undo import current

if TYPE_CHECKING:
    from awsim.cloud import Cloud


def rehearsable(operation: Callable[..., Any]) -> Callable[..., Any]:
    """The operation with a parameter `DryRun`."""

    @wraps(operation)
    def performed(self: Any, *args: Any, DryRun: bool | None = None, **given: Any) -> Any:
        if DryRun:
            rehearse(self.cloud, lambda: operation(self, *args, **given))
            raise AWSError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)
        return operation(self, *args, **given)

    signature = inspect.signature(operation)
    option = inspect.Parameter("DryRun", inspect.Parameter.KEYWORD_ONLY, default=None)
    performed.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), option]
    )
    return performed


def is_operation(name: str, value: Any) -> bool:
    """Whether an attribute of a class is an operation: a method whose parameters are written as AWS writes them."""
    if name.startswith("_") or not inspect.isfunction(value) or hasattr(value, "__wrapped__"):
        return False
    names = value.__code__.co_varnames[1 : value.__code__.co_argcount + value.__code__.co_kwonlyargcount]
    return bool(names) and names[0][:1].isupper()


def rehearse(cloud: Cloud, action: Callable[[], Any]) -> None:
    """Do something and take all of it back; errors pass."""
    history = cloud.history
    mark = history.mark()
    caused = list(cloud._caused)
    current.log = history.log
    try:
        action()
    finally:
        history.restore(mark)
        del mark
        cloud._caused = caused
        current.log = None if history._log is None else history.log
