"""Update expressions: SET, REMOVE, ADD and DELETE, and how they make a new item of an old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from awsim.services.dynamodb import numbers, values
from awsim.services.dynamodb.expressions.condition import Bound, Read, reader
from awsim.services.dynamodb.expressions.lexer import ExpressionError
from awsim.services.dynamodb.expressions.operands import CallNode, Operand, OperandParser, ValueNode
from awsim.services.dynamodb.expressions.paths import Path, PathNode, check_distinct, extend_path, parse_path
from awsim.services.dynamodb.expressions.resolved import Resolved
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.values import ABSENT

Change = Callable[[Any], Any]
"""From what stands at a path (ABSENT: nothing) to what shall stand there (ABSENT: nothing)."""

_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_CONDITION_FUNCTIONS = (
    "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"
)  # fmt: skip
_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_OPERAND_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "NULL": "NULL",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
}
_WRONG_OPERAND = "An operand in the update expression has an incorrect data type"
_NOTHING_THERE = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_PATH = "The document path provided in the update expression is invalid for update"
_DEEPEST = 200  # of functions in functions, far beyond what has a meaning


class Action(NamedTuple):
    """One action, bound. `value` reads its right side from the old item and the request's values; `type` is its type
    where that is known."""

    section: str
    path: Path
    value: Read | None
    type: str | None


class Actions(NamedTuple):
    """What an update does: `only_removes` says that nothing comes of it where there is nothing."""

    actions: tuple[Action, ...]
    paths: tuple[Path, ...]
    only_removes: bool

    @classmethod
    def of(cls, actions: Sequence[Action]) -> Actions:
        sections = {action.section for action in actions}
        return cls(
            tuple(actions),
            tuple([action.path for action in actions]),
            bool(actions) and sections <= {"REMOVE", "DELETE"},
        )


class Update:
    """An update expression, bound to the values of a request."""

    __slots__ = ("_scope", "actions", "only_removes", "paths")

    def __init__(self, actions: Actions, scope: Scope) -> None:
        self.actions, self.paths, self.only_removes = actions
        self._scope = scope

    def apply(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The item after all actions, each of which sees the item before them; the item itself stays as it is."""
        flat: dict[str, Any] | None = None
        tree: dict[Any, Any] = {}
        for action in self.actions:
            path = action.path
            if len(path) == 1:
                if flat is None:
                    flat = dict(item)
                name: str = path[0]  # type: ignore[assignment]
                if action.section == "SET":
                    after = action.value(item, self._scope)  # type: ignore[misc]
                else:
                    after = _change(action, item, self._scope)(flat.get(name, ABSENT))
                if after is ABSENT:
                    flat.pop(name, None)
                else:
                    # Interned: a million items share their attributes' names.
                    flat[intern(name)] = after
                continue
            change = _change(action, item, self._scope)
            branch = tree
            for part in path[:-1]:
                branch = branch.setdefault(part, {})
            branch[path[-1]] = change
        result = dict(item) if flat is None else flat
        for name, branch in tree.items():
            result[name] = _rebuilt(result.get(name, ABSENT), branch)
        return result

    def growth(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
        """By how many bytes an item has grown that `apply` made of another one: only what it names has changed."""
        growth = 0
        for name in {str(path[0]) for path in self.paths}:
            new, old = after.get(name, ABSENT), before.get(name, ABSENT)
            if new is not ABSENT:
                growth += values.text_size(name) + values.size_of(new)
            if old is not ABSENT:
                growth -= values.text_size(name) + values.size_of(old)
        return growth


def _rebuilt(value: Any, tree: dict[Any, Any]) -> Any:
    """A copy of a map or list with the changes of a tree made."""
    indexes = type(next(iter(tree))) is int
    if type(value) is not (list if indexes else dict):
        raise invalid(_WRONG_PATH)
    if not indexes:
        result = dict(value)
        for name, change in tree.items():
            before = result.get(name, ABSENT)
            after = change(before) if callable(change) else _rebuilt(before, change)
            if after is ABSENT:
                result.pop(name, None)
            else:
                result[name] = after
        return result
    elements = list(value)
    added = []
    for index in sorted(tree):
        change = tree[index]
        before = value[index] if index < len(value) else ABSENT
        after = change(before) if callable(change) else _rebuilt(before, change)
        if index < len(value):
            elements[index] = after
        elif after is not ABSENT:
            added.append(after)
    return [element for element in elements if element is not ABSENT] + added


def _change(action: Action, item: Mapping[str, Any], scope: Scope) -> Change:
    section = action.section
    if section == "REMOVE":
        return lambda before: ABSENT
    assert action.value is not None
    value = action.value(item, scope)
    if section == "SET":
        return lambda before: value
    if section == "ADD":
        return lambda before: added(before, value, scope.limits)
    return lambda before: taken_out(before, value)


def added(before: Any, value: Any, limits: Any) -> Any:
    """What ADD makes: a sum, or a union of sets."""
    if before is ABSENT:
        return value
    if values.type_of(before) != values.type_of(value):
        raise invalid(_WRONG_OPERAND)
    if type(value) in values.SETS:
        return type(value)((*before, *(member for member in value if member not in before)))
    return numbers.add(before, value, limits)


def taken_out(before: Any, value: Any) -> Any:
    """What DELETE leaves of a set: ABSENT when it is empty then."""
    if before is ABSENT:
        return ABSENT
    if type(before) is not type(value):
        raise invalid(_WRONG_OPERAND)
    left = tuple(member for member in before if member not in value)
    return type(value)(left) if left else ABSENT


# --- parsing ----------------------------------------------------------------------------------------------------------


class SumNode:
    """`left + right` or `left - right`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, op: str, left: Operand, right: Operand) -> None:
        self.operator = op
        self.left = left
        self.right = right

    @property
    def children(self) -> Sequence[Operand]:
        return (self.left, self.right)


class ActionNode:
    __slots__ = ("path", "section", "value")

    def __init__(self, section: str, path: PathNode, value: Operand | SumNode | None) -> None:
        self.section = section
        self.path = path
        self.value = value

    @property
    def children(self) -> Sequence[Any]:
        return (self.path, self.value)


# Right sides with several operands; sections whose right side is a set (or what ADD adds).
_COMPOSED = (CallNode, SumNode)
_OF_SETS = ("ADD", "DELETE")


class Tree:
    """A parsed update expression. `operators` is how many AWS counts."""

    __slots__ = ("_resolved", "actions", "operators")

    def __init__(self, actions: list[ActionNode], operators: int) -> None:
        self.actions = actions
        self.operators = operators
        self._resolved: Resolved[Actions] = Resolved(actions)

    def bind(self, scope: Scope) -> Update:
        """Resolve names and values, check paths and operand types; raises ExpressionError."""
        scope.check_operators(self.operators)
        return Update(self._resolved.by(scope, self._resolve), scope)

    def _resolve(self, scope: Scope) -> Actions:
        nodes = self.actions
        paths = [node.path.bind(scope) for node in nodes]
        # What a value is missing for is said before paths that overlap, wrong types after.
        if len(nodes) > 1 or nodes[0].value.__class__ in _COMPOSED:
            for node in nodes:
                _resolve(node.value, scope)
            check_distinct(paths)
        for node in nodes:
            if node.section in _OF_SETS:
                _check_operand(node, scope)
        return Actions.of([_bind(node, path, scope) for node, path in zip(nodes, paths, strict=True)])


@lru_cache(maxsize=4096)
def parse(source: str) -> Tree | ExpressionError:
    """The tree of an update expression, or what is wrong with it whatever its names and values stand for."""
    try:
        return _Parser(source).whole()
    except ExpressionError as error:
        return error.with_traceback(None)


class _Parser(OperandParser):
    kind = "update"
    functions = _FUNCTIONS
    foreign = _CONDITION_FUNCTIONS
    words = _SECTIONS

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.depth = 0  # of parentheses and of functions in functions

    def whole(self) -> Tree:
        cursor = self.cursor
        if cursor.token.kind == "end":
            raise ExpressionError("The expression can not be empty;")
        actions: list[ActionNode] = []
        seen = set()
        while cursor.token.kind != "end":
            section = cursor.token.text.upper()
            if cursor.token.kind != "name" or section not in _SECTIONS:
                raise cursor.error()
            cursor.next()
            if section in seen:
                self.problems.setdefault(
                    "section", f'The "{section}" section can only be used once in an update expression;'
                )
            seen.add(section)
            actions.append(self.action(section))
            while cursor.takes(","):
                actions.append(self.action(section))
        for problem in ("reserved", "function", "misused", "section"):
            if problem in self.problems:
                raise ExpressionError(self.problems[problem])
        return Tree(actions, self.operators)

    def action(self, section: str) -> ActionNode:
        cursor = self.cursor
        if cursor.token.kind == "name" and cursor.token.text.upper() in _SECTIONS:
            raise cursor.error()
        path = parse_path(cursor, self.problems)
        if section == "SET":
            cursor.expect("=")
            self.operators += 1
            return ActionNode(section, path, self.set_value())
        if section == "REMOVE":
            return ActionNode(section, path, None)
        if cursor.token.kind != "value":
            raise cursor.error()
        return ActionNode(section, path, ValueNode(cursor.next().text))

    def set_value(self) -> Operand | SumNode:
        cursor = self.cursor
        if cursor.token.text == "(":
            # Parentheses around a sum, or around the first operand of one.
            cursor.next()
            value = self.set_value()
            cursor.expect(")")
            if isinstance(value, SumNode):
                return value
            left: Operand = extend_path(cursor, value, self.problems) if isinstance(value, PathNode) else value
        else:
            left = self.operand()
        if cursor.token.kind == "op" and cursor.token.text in ("+", "-"):
            op = cursor.next().text
            self.operators += 1
            right = self.inner_operand()
            self.check_operands([left, right])
            return SumNode(op, left, right)
        return left

    def inner_operand(self) -> Operand:
        if not self.cursor.takes("("):
            return self.operand()
        self.enter_call()
        operand = self.inner_operand()
        self.leave_call()
        self.cursor.expect(")")
        return operand

    def check_operands(self, operands: list[Operand]) -> None:
        """Note a list_append that is not the whole right side of SET."""
        for operand in operands:
            if isinstance(operand, CallNode) and operand.name == "list_append":
                self.misused(operand)

    def enter_call(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ExpressionError("The expression has redundant parentheses;")

    def leave_call(self) -> None:
        self.depth -= 1


# --- binding ----------------------------------------------------------------------------------------------------------


def _resolve(node: Operand | SumNode | None, scope: Scope) -> None:
    """Raise for the first :value or #name on a right side that is not defined."""
    if isinstance(node, ValueNode):
        scope.value(node.placeholder)
    elif isinstance(node, PathNode):
        node.bind(scope)
    elif isinstance(node, CallNode):
        for argument in node.arguments:
            _resolve(argument, scope)
    elif isinstance(node, SumNode):
        _resolve(node.left, scope)
        _resolve(node.right, scope)


def _check_operand(node: ActionNode, scope: Scope) -> None:
    assert isinstance(node.value, ValueNode)
    kind = values.type_of(scope.value(node.value.placeholder))
    if kind in _OPERAND_NAMES and not (node.section == "ADD" and kind == "N"):
        raise ExpressionError(
            "Incorrect operand type for operator or function; "
            f"operator: {node.section}, operand type: {_OPERAND_NAMES[kind]}"
        )


def _bind(node: ActionNode, path: Path, scope: Scope) -> Action:
    operand = node.value
    kind = operand.__class__
    if operand is None:
        return Action(node.section, path, None, None)
    if kind is SumNode:
        return Action(node.section, path, _bind_sum(operand, scope), "N")  # type: ignore[arg-type]
    bound = _bind_operand(operand, scope)  # type: ignore[arg-type]
    return Action(node.section, path, _required(bound), bound.type)


def _required(bound: Bound) -> Read:
    """What reads an operand that must be there."""
    if bound.constant is not ABSENT:
        return bound.read
    read = bound.read

    def value(item: Mapping[str, Any], given: Scope) -> Any:
        found = read(item, given)
        if found is ABSENT:
            raise invalid(_NOTHING_THERE)
        return found

    return value


def _bind_operand(node: Operand, scope: Scope) -> Bound:
    if isinstance(node, PathNode):
        path = node.bind(scope)
        return Bound(reader(path), path, ABSENT, None)
    if isinstance(node, ValueNode):
        placeholder = node.placeholder
        value = scope.value(placeholder)
        return Bound(lambda item, given: given.values[placeholder], None, value, values.type_of(value))
    arguments = [_bind_operand(argument, scope) for argument in node.arguments]
    if len(arguments) != _FUNCTIONS[node.name]:
        raise ExpressionError(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {node.name}, number of operands: {len(arguments)}"
        )
    one, two = arguments
    if node.name == "list_append":
        return _bind_append(one, two)
    if one.path is None:
        raise ExpressionError("Operator or function requires a document path; operator or function: if_not_exists")
    first, default = one.read, _required(two)

    def existing(item: Mapping[str, Any], given: Scope) -> Any:
        value = first(item, given)
        return default(item, given) if value is ABSENT else value

    # Its type shows only in the item: what stands there may differ from the default.
    return Bound(existing, None, ABSENT, None)


def _bind_append(one: Bound, two: Bound) -> Bound:
    for operand in (one, two):
        _check_type("list_append", operand, "L")
    left, right = _required(one), _required(two)

    def appended(item: Mapping[str, Any], given: Scope) -> Any:
        head, tail = left(item, given), right(item, given)
        if type(head) is not list or type(tail) is not list:
            raise invalid(_WRONG_OPERAND)
        return head + tail

    return Bound(appended, None, ABSENT, "L")


def _bind_sum(node: SumNode, scope: Scope) -> Read:
    one, two = _bind_operand(node.left, scope), _bind_operand(node.right, scope)
    for operand in (one, two):
        _check_type(node.operator, operand, "N")
    left, right = _required(one), _required(two)
    compute = numbers.add if node.operator == "+" else numbers.subtract

    def total(item: Mapping[str, Any], given: Scope) -> Any:
        augend, addend = left(item, given), right(item, given)
        if values.type_of(augend) != "N" or values.type_of(addend) != "N":
            raise invalid(_WRONG_OPERAND)
        return compute(augend, addend, given.limits)

    return total


def _check_type(function: str, operand: Bound, wanted: str) -> None:
    if operand.type is not None and operand.type != wanted:
        raise ExpressionError(
            "Incorrect operand type for operator or function; "
            f"operator or function: {function}, operand type: {operand.type}"
        )
