"""Projections: which parts of an item are returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from awsim.services.dynamodb.expressions.lexer import Cursor, ExpressionError
from awsim.services.dynamodb.expressions.paths import Path, PathNode, check_distinct, parse_path
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.values import ABSENT

Project = Callable[[Mapping[str, Any]], dict[str, Any]]

_WHOLE = object()  # a leaf of the tree of paths: everything from here on


class Projection:
    """Bound paths, and `of(item)`: the parts of an item that they name."""

    __slots__ = ("of", "paths")

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self.of: Project
        if all(len(path) == 1 for path in self.paths):
            names = tuple(dict.fromkeys(path[0] for path in self.paths))
            self.of = lambda item: {name: item[name] for name in names if name in item}  # type: ignore[index,misc]
        else:
            tree: dict[Any, Any] = {}
            for path in self.paths:
                branch = tree
                for part in path[:-1]:
                    branch = branch.setdefault(part, {})
                branch[path[-1]] = _WHOLE
            self.of = lambda item: _of_map(item, tree) or {}


def _of_map(value: Mapping[str, Any], tree: dict[Any, Any]) -> dict[str, Any] | None:
    found = {}
    for name, branch in tree.items():
        if name in value:
            part = _part(value[name], branch)
            if part is not ABSENT:
                found[name] = part
    return found or None


def _part(value: Any, branch: Any) -> Any:
    if branch is _WHOLE:
        return value
    if type(value) is dict and type(next(iter(branch))) is str:
        found = _of_map(value, branch)
        return ABSENT if found is None else found
    if type(value) is list and type(next(iter(branch))) is int:
        # Elements close up, in their own order.
        parts = [_part(value[index], branch[index]) for index in sorted(branch) if index < len(value)]
        parts = [part for part in parts if part is not ABSENT]
        return parts or ABSENT
    return ABSENT


@lru_cache(maxsize=4096)
def parse(source: str) -> tuple[PathNode, ...] | ExpressionError:
    """The paths of a projection expression, or what is wrong with it whatever its names stand for."""
    try:
        cursor = Cursor(source)
        if cursor.token.kind == "end":
            raise ExpressionError("The expression can not be empty;")
        problems: dict[str, str] = {}
        nodes = [parse_path(cursor, problems)]
        while cursor.takes(","):
            nodes.append(parse_path(cursor, problems))
        if cursor.token.kind != "end":
            raise cursor.error()
        if problems:
            raise ExpressionError(problems["reserved"])
    except ExpressionError as error:
        return error.with_traceback(None)
    return tuple(nodes)


def bind(nodes: tuple[PathNode, ...], scope: Scope) -> Projection:
    """Resolve the names; raises ExpressionError for paths that overlap or conflict."""
    paths = [node.bind(scope) for node in nodes]
    check_distinct(paths)
    return Projection(paths)
