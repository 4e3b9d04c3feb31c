"""Document paths: `a.b[3].#c`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.expressions.lexer import Cursor, ExpressionError
from awsim.services.dynamodb.expressions.reserved import is_reserved
from awsim.services.dynamodb.values import ABSENT

if TYPE_CHECKING:
    from awsim.services.dynamodb.expressions.scope import Scope

Path = tuple[str | int, ...]
"""A path with its #names resolved: attribute names and list indexes."""


class PathNode:
    """A path as written: names, #names and indexes."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str | int, ...]) -> None:
        self.parts = parts

    def bind(self, scope: Scope) -> Path:
        """Resolve the #names; raises ExpressionError for one that is not defined, or a path too deep."""
        parts = self.parts
        if len(parts) == 1:
            (part,) = parts
            return (scope.name(part),) if part[0] == "#" else parts  # type: ignore[index,arg-type]
        path: Path = tuple(
            scope.name(part) if type(part) is str and part[0] == "#" else part  # type: ignore[index]
            for part in parts
        )
        if not scope.reaches(len(path)):
            raise ExpressionError(f"The document path has too many nesting levels; nesting levels: {len(path)}")
        return path


def parse_path(cursor: Cursor, problems: dict[str, str]) -> PathNode:
    """A path at the cursor. A reserved word in it is noted in `problems["reserved"]`."""
    return extend_path(cursor, PathNode((_element(cursor, problems),)), problems)


def extend_path(cursor: Cursor, head: PathNode, problems: dict[str, str]) -> PathNode:
    """The path that goes on from `head` at the cursor: `.name` and `[index]`, any number of them."""
    parts: list[str | int] = list(head.parts)
    while True:
        if cursor.takes("."):
            parts.append(_element(cursor, problems))
        elif cursor.takes("["):
            if cursor.token.kind != "number":
                raise cursor.error()
            index = cursor.next().text
            if len(index) > 9:
                raise ExpressionError(f"List index is not within the allowable range; index: [{index}]")
            parts.append(int(index))
            cursor.expect("]")
        else:
            return PathNode(tuple(parts)) if len(parts) > len(head.parts) else head


def _element(cursor: Cursor, problems: dict[str, str]) -> str:
    token = cursor.token
    if token.kind == "attr":
        return cursor.next().text
    if token.kind != "name":
        raise cursor.error()
    if is_reserved(token.text):
        problems.setdefault("reserved", f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
    return cursor.next().text


def look_up(item: Any, path: Path) -> Any:
    """What the path leads to; ABSENT where there is nothing."""
    value = item
    for part in path:
        kind = type(value)
        if type(part) is str:
            if kind is not dict or part not in value:
                return ABSENT
            value = value[part]
        elif kind is not list or part >= len(value):  # type: ignore[operator]
            return ABSENT
        else:
            value = value[part]
    return value


def shown(path: Path) -> str:
    """A path as AWS writes it into messages: `[a, b, [3]]`."""
    return "[" + ", ".join(f"[{part}]" if type(part) is int else str(part) for part in path) + "]"


def check_distinct(paths: list[Path]) -> None:
    """Raise ExpressionError where a path is part of another (overlap), or one takes as list what another takes as map
    (conflict)."""
    if len(paths) < 2:
        return
    if all(len(path) == 1 for path in paths) and len(set(paths)) == len(paths):
        return
    conflict = None
    for index, later in enumerate(paths):
        for earlier in paths[:index]:
            found = _clash(earlier, later)
            if found == "overlap":
                raise ExpressionError(_clash_message("overlap", earlier, later))
            if found and conflict is None:
                conflict = _clash_message("conflict", earlier, later)
    if conflict:
        raise ExpressionError(conflict)


def _clash(one: Path, two: Path) -> str | None:
    for left, right in zip(one, two, strict=False):
        if type(left) is not type(right):
            return "conflict"
        if left != right:
            return None
    return "overlap"


def _clash_message(how: str, one: Path, two: Path) -> str:
    return (
        f"Two document paths {how} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(one)}, path two: {shown(two)}"
    )
