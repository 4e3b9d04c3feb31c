"""botocore's time and sleeps follow the clock of the active Cloud: signing, presigning, expiry, waiters, retries.

Functions that botocore reads through a module (`time.sleep`) are replaced there; those it bound when it was imported or
when a client was built are replaced where they were stored.
"""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

from awsim.intercept import stack
from awsim.intercept.patching import Instead, Module, Patch, attribute


def now(entry: stack.Entry) -> datetime.datetime:
    return entry.cloud.clock.now()


def _time() -> float:
    entry = stack.current
    return time.time() if entry is None else entry.cloud.clock.time()


def _sleep(seconds: float) -> None:
    entry = stack.current
    if entry is None:
        time.sleep(seconds)
    else:
        entry.cloud.clock.sleep(seconds)


def time_module(module: Any) -> Patch:
    """The `time` that a module imported."""
    return Patch(module, "time", lambda original: Module(original, time=_time, sleep=_sleep))


def sleep_patch(module: Any, owner: str) -> Iterator[Patch]:
    """`self._sleep = sleep` of a class whose constructor has `sleep=time.sleep`."""
    cls = attribute(module, owner)
    if cls is not None:
        yield Instead(cls, "_sleep", (time.sleep,), lambda entry: entry.cloud.clock.sleep)


def today_patches(module: Any) -> Iterator[Patch]:
    """`get_current_datetime`, or `datetime.datetime.utcnow()` in botocore before 1.38."""
    if hasattr(module, "get_current_datetime"):
        yield Patch(module, "get_current_datetime", _current_datetime)
    elif getattr(module, "datetime", None) is datetime:
        yield Patch(module, "datetime", lambda original: Module(original, datetime=_Datetime))


def _current_datetime(original: Callable[..., datetime.datetime]) -> Any:
    @functools.wraps(original)
    def get_current_datetime(remove_tzinfo: bool = True) -> datetime.datetime:
        entry = stack.current
        if entry is None:
            return original(remove_tzinfo)
        return now(entry).replace(tzinfo=None) if remove_tzinfo else now(entry)

    return get_current_datetime


class _Like(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime.datetime)


# Time may be frozen already when this is imported: a fake datetime has a metaclass of its own.
_RealDatetime = next(cls for cls in datetime.datetime.__mro__ if cls.__module__ == "datetime")


class _Datetime(_RealDatetime, metaclass=_Like):  # type: ignore[misc,valid-type]
    """`datetime.datetime` whose now is the Cloud's; what it makes are plain datetimes."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return datetime.datetime(*args, **kwargs)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        entry = stack.current
        if entry is None:
            return datetime.datetime.now(tz)
        aware = now(entry).astimezone(tz)
        return aware if tz is not None else aware.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> Any:
        entry = stack.current
        aware = datetime.datetime.now(datetime.UTC) if entry is None else now(entry)
        return aware.replace(tzinfo=None)

    @classmethod
    def strptime(cls, date_string: str, format: str) -> Any:
        return datetime.datetime.strptime(date_string, format)

    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: Any = None) -> Any:
        return datetime.datetime.fromtimestamp(timestamp, tz)


def fetcher_patches(module: Any, function: str) -> Iterator[Patch]:
    """A function that returns an aware now, and every `self._time_fetcher` that was set to it by default."""
    original = attribute(module, function)
    if original is None:
        return

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def fetch() -> datetime.datetime:
            entry = stack.current
            return original() if entry is None else now(entry)

        return fetch

    yield Patch(module, function, make)
    for cls in list(vars(module).values()):
        if isinstance(cls, type) and cls.__module__ == module.__name__ and _binds(cls, original):
            yield Instead(cls, "_time_fetcher", (original,), lambda entry: entry.cloud.clock.now)


def _binds(cls: type, default: Any) -> bool:
    """Whether the class's own constructor has `default` as a default."""
    init = vars(cls).get("__init__")
    defaults = (*(getattr(init, "__defaults__", None) or ()), *(getattr(init, "__kwdefaults__", None) or {}).values())
    return any(value is default for value in defaults)


def auth_patches(module: Any) -> Iterator[Patch]:
    if hasattr(module, "time"):
        yield time_module(module)
    yield from today_patches(module)


def token_patches(module: Any) -> Iterator[Patch]:
    yield from fetcher_patches(module, "_utc_now")


def utils_patches(module: Any) -> Iterator[Patch]:
    yield from today_patches(module)
    yield from sleep_patch(module, "ContainerMetadataFetcher")


def waiter_patches(module: Any) -> Iterator[Patch]:
    yield time_module(module)


def discovery_patches(module: Any) -> Iterator[Patch]:
    yield time_module(module)
    yield Instead(module.EndpointDiscoveryManager, "_time", (time.time,), lambda entry: entry.cloud.clock.time)
