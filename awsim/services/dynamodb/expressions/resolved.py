"""What an expression has been resolved to before.

Programs send the same few expressions again and again, with the same names and with other values of the same types. So
what has been resolved and checked once holds for the next request: only the values are another's, which is why bound
expressions read them from the request's `Scope`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from awsim.services.dynamodb.expressions.operands import ValueNode
from awsim.services.dynamodb.expressions.paths import PathNode
from awsim.services.dynamodb.expressions.scope import Scope

T = TypeVar("T")

_MOST = 64


class Resolved(Generic[T]):
    """Of one parsed expression, by the attributes behind its #names and the types of its :values."""

    __slots__ = ("_all", "_deepest", "_known", "_names", "_values")

    def __init__(self, nodes: Iterable[Any]) -> None:
        leaves = [leaf for node in nodes for leaf in _leaves(node)]
        paths = [leaf.parts for leaf in leaves if isinstance(leaf, PathNode)]
        parts = (part for path in paths for part in path)
        self._names = tuple(dict.fromkeys(part for part in parts if type(part) is str and part[0] == "#"))
        self._values = tuple(dict.fromkeys(leaf.placeholder for leaf in leaves if isinstance(leaf, ValueNode)))
        self._all = (*self._names, *self._values)
        self._deepest = max(map(len, paths), default=0)
        self._known: dict[tuple[Any, ...], T] = {}

    def by(self, scope: Scope, resolve: Callable[[Scope], T]) -> T:
        """What `resolve` makes of the expression in a scope; it raises ExpressionError."""
        names, given = scope.names, scope.values
        try:
            key = (*[names[name] for name in self._names], *[given[value].__class__ for value in self._values])
        except KeyError:
            return resolve(scope)  # which says what is not defined
        known = self._known.get(key)
        if known is not None and (self._deepest == 1 or scope.reaches(self._deepest)):
            scope.used.update(self._all)
            return known
        scope.looked = False
        known = resolve(scope)
        if not scope.looked:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = known
        return known


def _leaves(node: Any) -> Iterator[Any]:
    """The paths and values in a part of an expression."""
    if isinstance(node, PathNode | ValueNode):
        yield node
    elif node is not None:
        for child in node.children:
            yield from _leaves(child)
