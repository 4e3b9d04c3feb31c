"""Modules that are imported when something of theirs is first used: what few calls need, no test waits for.

if TYPE_CHECKING:
    from awsim.services.s3 import rules
else:
    rules = lazily("awsim.services.s3.rules")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Module:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def lazily(name: str) -> Any:
    """Stands for the module of that name."""
    return _Module(name)
