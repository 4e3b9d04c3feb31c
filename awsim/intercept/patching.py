"""Attributes of other libraries, replaced while a mock is active and put back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsim.intercept import stack

_MISSING = object()
_NEVER = object()


class Patch:
    """One attribute of a class or module and how to replace it.

    `make` gets what stands there (a function, for classes also a classmethod or property; `MISSING` if the attribute is
    inherited or absent) and returns the replacement, which must behave as the original while no mock is active: others
    may have wrapped or copied it meanwhile. The replacement is made once and used again as long as the original stays.
    """

    __slots__ = ("make", "name", "original", "owner", "replacement")

    def __init__(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        self.owner = owner
        self.name = name
        self.make = make
        self.original: Any = _NEVER
        self.replacement: Any = None

    def put(self) -> None:
        present = self.owner.__dict__.get(self.name, _MISSING)
        if present is not self.original:
            self.replacement = self.make(present)
            self.original = present
        setattr(self.owner, self.name, self.replacement)

    def take(self) -> None:
        if self.owner.__dict__.get(self.name, _MISSING) is not self.replacement:
            # Somebody patched over ours and has not put it back: theirs stays, with ours inert beneath it.
            self.original = _NEVER
        elif self.original is _MISSING:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.original)


class Instead(Patch):
    """An attribute that instances were given when they were built (`self._sleep = sleep`), also those built long before
    the mock: a data descriptor on the class takes precedence over it.

    Only values in `defaults`, the library's own, are replaced by `choose(entry)`; what a user passed in stays.
    """

    __slots__ = ()

    def __init__(self, owner: type, name: str, defaults: tuple[Any, ...], choose: Callable[[stack.Entry], Any]) -> None:
        def get(instance: Any) -> Any:
            value = _own(instance, name)
            entry = stack.current
            if entry is None:
                return value
            for default in defaults:
                if value is default:
                    return choose(entry)
            return value

        super().__init__(owner, name, lambda original: _stored(name, get))


class Apart(Patch):
    """An attribute in which instances keep state: while a mock is active its activation has a value of its own, so
    that nothing is carried in or out. It begins as `fresh(instance)` or, without, as the value from outside.

    Instances built while a mock is active keep `outside(first value)`, or that value, for afterwards.
    """

    __slots__ = ()

    def __init__(
        self,
        owner: type,
        name: str,
        fresh: Callable[[Any], Any] | None = None,
        outside: Callable[[Any], Any] | None = None,
    ) -> None:
        def get(instance: Any) -> Any:
            entry = stack.current
            if entry is not None:
                kept = stack.overlay(instance, name, entry)
                if kept is not None:
                    return kept[0]
                if fresh is not None:
                    value = fresh(instance)
                    stack.keep(instance, name, (value,), entry)
                    return value
            return _own(instance, name)

        def put(instance: Any, value: Any) -> None:
            entry = stack.current
            if entry is None:
                instance.__dict__[name] = value
                return
            if name not in instance.__dict__:
                instance.__dict__[name] = value if outside is None else outside(value)
                if fresh is not None:
                    return
            stack.keep(instance, name, (value,), entry)

        super().__init__(owner, name, lambda original: _stored(name, get, put))


def _own(instance: Any, name: str) -> Any:
    try:
        return instance.__dict__[name]
    except KeyError:
        raise AttributeError(name) from None


def _stored(name: str, get: Callable[[Any], Any], put: Callable[[Any, Any], None] | None = None) -> property:
    def store(instance: Any, value: Any) -> None:
        instance.__dict__[name] = value

    def delete(instance: Any) -> None:
        del instance.__dict__[name]

    return property(get, put or store, delete)


class Module:
    """Stands for a module inside another one: the given attributes are ours, all others the module's own."""

    def __init__(self, module: Any, **ours: Any) -> None:
        self.__dict__.update(ours)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def attribute(module: Any, path: str) -> Any:
    """`module.Class` or None: versions of a library differ in what they have."""
    return getattr(module, path, None)
