"""Environment variables of a function or a container, seen by its code alone.

While it runs, `os.environ` of this process is a view that shows its variables over the real ones to the thread
or task that runs it; the real environment is not written. Others see the real one through it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

_variables: ContextVar[Mapping[str, str] | None] = ContextVar("variables", default=None)
_lock = threading.Lock()
_users = 0


class _View(MutableMapping[str, str]):
    """The real environment with the variables of the running function over it."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getitem__(self, name: str) -> str:
        over = _variables.get()
        if over is not None and name in over:
            return over[name]
        value: str = self.real[name]
        return value

    def __iter__(self) -> Iterator[str]:
        over = _variables.get() or {}
        yield from over
        yield from (name for name in self.real if name not in over)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, name: str, value: str) -> None:
        over = _variables.get()
        if over is None:
            self.real[name] = value
        else:
            # A function writes into its own execution environment.
            _variables.set({**over, name: value})

    def __delitem__(self, name: str) -> None:
        over = _variables.get()
        if over is None:
            del self.real[name]
        else:
            _variables.set({other: value for other, value in over.items() if other != name})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def copy(self) -> dict[str, str]:
        return dict(self)


class variables:
    """Show variables to what runs in this thread or task, within a `with` block."""

    __slots__ = ("_over", "_token")

    def __init__(self, over: Mapping[str, str]) -> None:
        self._over = over

    def __enter__(self) -> None:
        global _users
        with _lock:
            _users += 1
            if _users == 1:
                os.environ = _View(os.environ)  # type: ignore[assignment]  # noqa: B003 (a view, no other environment)
        self._token = _variables.set(self._over)

    def __exit__(self, *exception: object) -> None:
        global _users
        _variables.reset(self._token)
        with _lock:
            _users -= 1
            if _users == 0 and isinstance(os.environ, _View):
                os.environ = os.environ.real  # noqa: B003 (the one it was)
