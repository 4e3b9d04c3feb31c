"""Condition and filter expressions: parser, static checks, and closures that test an item.

`parse(source)` gives a cached tree with #names and :values unresolved; `tree.bind(scope)` gives a `Condition` for one
request. Trees are small and never recursive beyond `_DEEPEST` levels, whatever the text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from awsim.services.dynamodb import values
from awsim.services.dynamodb.expressions.lexer import ExpressionError
from awsim.services.dynamodb.expressions.operands import CallNode, Operand, OperandParser, ValueNode
from awsim.services.dynamodb.expressions.paths import Path, PathNode, extend_path, look_up, shown
from awsim.services.dynamodb.expressions.resolved import Resolved
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.values import ABSENT

Test = Callable[[Mapping[str, Any], Scope], bool]
"""What tests an item, with the values of a request."""

Read = Callable[[Mapping[str, Any], Scope], Any]

_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_UPDATE_FUNCTIONS = ("if_not_exists", "list_append")
_KEYWORDS = ("AND", "OR", "NOT", "BETWEEN", "IN")
_TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
# Deeper than any expression of AWS's at most 300 operators; keeps the parser within Python's recursion limit.
_DEEPEST = 305
# No function takes what another one gives.
_DEEPEST_CALL = 20


class Condition(NamedTuple):
    """A bound condition: `test(item)`, and the paths it reads."""

    test: Callable[[Mapping[str, Any]], bool]
    paths: tuple[Path, ...]


# --- the tree ---------------------------------------------------------------------------------------------------------


class CompareNode:
    """`operands[0] operator operands[1]`; also BETWEEN (three operands) and IN (two or more)."""

    __slots__ = ("operands", "operator")

    def __init__(self, op: str, operands: list[Operand]) -> None:
        self.operator = op
        self.operands = operands

    @property
    def children(self) -> Sequence[Operand]:
        return self.operands


class LogicNode:
    """AND or OR of two or more conditions; NOT of one."""

    __slots__ = ("operator", "parts")

    def __init__(self, op: str, parts: list[Any]) -> None:
        self.operator = op
        self.parts = parts

    @property
    def children(self) -> Sequence[Any]:
        return self.parts


Node = CompareNode | LogicNode | CallNode


class Tree:
    """A parsed condition. `operators` is how many AWS counts."""

    __slots__ = ("_resolved", "operators", "root")

    def __init__(self, root: Node, operators: int) -> None:
        self.root = root
        self.operators = operators
        self._resolved: Resolved[tuple[Test, tuple[Path, ...]]] = Resolved([root])

    def bind(self, scope: Scope) -> Condition:
        """Resolve names and values and check operand types; raises ExpressionError."""
        scope.check_operators(self.operators)
        test, paths = self._resolved.by(scope, self._resolve)
        return Condition(lambda item: test(item, scope), paths)

    def _resolve(self, scope: Scope) -> tuple[Test, tuple[Path, ...]]:
        paths: list[Path] = []
        return _bind(self.root, scope, paths), tuple(paths)


# --- parsing ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def parse(source: str) -> Tree | ExpressionError:
    """The tree of an expression, or what is wrong with it whatever its names and values stand for."""
    try:
        return _Parser(source).whole()
    except ExpressionError as error:
        return error.with_traceback(None)


class _Parser(OperandParser):
    kind = "condition"
    functions = _FUNCTIONS
    foreign = _UPDATE_FUNCTIONS
    words = _KEYWORDS

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.depth = 0  # of parentheses
        self.calls = 0  # of functions in functions

    def whole(self) -> Tree:
        if self.cursor.token.kind == "end":
            raise ExpressionError("The expression can not be empty;")
        root = self.logic(0)
        if self.cursor.token.kind != "end" or not self._is_condition(root):
            raise self.cursor.error()
        for problem in ("parentheses", "function", "misused", "reserved"):
            if problem in self.problems:
                raise ExpressionError(self.problems[problem])
        return Tree(root, self.operators)

    def logic(self, floor: int) -> Any:
        """Conditions joined by AND (and by OR, with floor 0); a lone operand where the text has only that."""
        left = self.term()
        while True:
            cursor = self.cursor
            if cursor.is_word("AND"):
                word = "AND"
            elif cursor.is_word("OR") and floor == 0:
                word = "OR"
            else:
                return left
            if not self._is_condition(left):
                raise cursor.error()
            cursor.next()
            self.operators += 1
            # OR binds weaker: what follows it may take ANDs along.
            right = self.logic(1) if word == "OR" else self.term()
            if not self._is_condition(right):
                raise cursor.error()
            left = _joined(word, left, right)

    def term(self) -> Any:
        """NOTs, and then a comparison, a function, something in parentheses or a lone operand."""
        cursor = self.cursor
        negations = 0
        while cursor.is_word("NOT"):
            cursor.next()
            self.operators += 1
            negations += 1
        if cursor.token.text == "(":
            start = self.opened()
            node = self.closed(start, self.logic(0))
        else:
            node = self.operand()
        if not isinstance(node, CompareNode | LogicNode):
            node = self.compared(node)
        if negations:
            if not self._is_condition(node):
                raise cursor.error()
            if negations % 2:
                node = LogicNode("NOT", [node])
        return node

    def compared(self, left: Operand) -> Any:
        """The comparison that goes on from an operand; the operand itself where none does."""
        cursor = self.cursor
        token = cursor.token
        if token.kind == "op" and token.text in _COMPARATORS:
            cursor.next()
            self.operators += 1
            return self.comparison(token.text, [left, self.inner_operand()])
        if cursor.takes_word("BETWEEN"):
            self.operators += 1
            low = self.inner_operand()
            if not cursor.takes_word("AND"):
                raise cursor.error()
            return self.comparison("BETWEEN", [left, low, self.inner_operand()])
        if cursor.is_word("IN") and cursor.peek().text == "(":
            cursor.next()
            self.operators += 1
            return self.comparison("IN", [left, *self.arguments()])
        return left

    def opened(self) -> int:
        """Step over an opening parenthesis; returns where its content starts."""
        if self.depth >= _DEEPEST:
            raise ExpressionError("The expression has redundant parentheses;")
        self.depth += 1
        self.cursor.next()
        return self.cursor.at

    def closed(self, start: int, node: Any) -> Any:
        """Step over the closing parenthesis; a path may go on behind it."""
        cursor = self.cursor
        if cursor.tokens[start].text == "(" and self._closes(start) == cursor.at - 1:
            self.problems.setdefault("parentheses", "The expression has redundant parentheses;")
        cursor.expect(")")
        self.depth -= 1
        return extend_path(cursor, node, self.problems) if isinstance(node, PathNode) else node

    def _closes(self, start: int) -> int:
        """Where the parenthesis that opens at token `start` closes."""
        depth = 0
        for index in range(start, len(self.cursor.tokens)):
            text = self.cursor.tokens[index].text
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
                if depth == 0:
                    return index
        return -1

    def inner_operand(self) -> Operand:
        """An operand, in parentheses or not."""
        if self.cursor.token.text != "(":
            return self.operand()
        start = self.opened()
        return self.closed(start, self.inner_operand())  # type: ignore[no-any-return]

    def enter_call(self) -> None:
        self.calls += 1
        if self.calls > _DEEPEST_CALL:
            raise ExpressionError(self.problems.get("function") or str(_wrong_type("operator or function: size", "N")))

    def leave_call(self) -> None:
        self.calls -= 1

    def comparison(self, op: str, operands: list[Operand]) -> CompareNode:
        self.check_operands(operands)
        return CompareNode(op, operands)

    def check_operands(self, operands: list[Operand]) -> None:
        for operand in operands:
            if isinstance(operand, CallNode) and operand.name != "size":
                self.misused(operand)

    def _is_condition(self, node: Any) -> bool:
        if isinstance(node, CallNode):
            if node.name == "size":
                self.misused(node)
            return True
        return isinstance(node, CompareNode | LogicNode)


def _joined(word: str, left: Any, right: Any) -> LogicNode:
    # A chain of one operator is one node: long chains stay flat.
    parts = [*left.parts] if isinstance(left, LogicNode) and left.operator == word else [left]
    parts += right.parts if isinstance(right, LogicNode) and right.operator == word else [right]
    return LogicNode(word, parts)


# --- binding ----------------------------------------------------------------------------------------------------------


def _bind(node: Node, scope: Scope, paths: list[Path]) -> Test:
    if isinstance(node, LogicNode):
        tests = []
        for part in node.parts:
            tests.append(_bind(part, scope, paths))
        if node.operator == "NOT":
            (test,) = tests
            return lambda item, given: not test(item, given)
        if len(tests) == 2:
            one, two = tests
            if node.operator == "AND":
                return lambda item, given: one(item, given) and two(item, given)
            return lambda item, given: one(item, given) or two(item, given)
        if node.operator == "AND":
            return lambda item, given: all(test(item, given) for test in tests)
        return lambda item, given: any(test(item, given) for test in tests)
    if isinstance(node, CallNode):
        return _bind_call(node, scope, paths)
    return _bind_comparison(node, scope, paths)


class Bound:
    """An operand bound: how to read it; its path, or its constant (else ABSENT); its type where known."""

    __slots__ = ("constant", "path", "read", "type")

    def __init__(self, read: Read, path: Path | None, constant: Any, kind: str | None) -> None:
        self.read = read
        self.path = path
        self.constant = constant
        self.type = kind


def bind_operand(node: Operand, scope: Scope, paths: list[Path]) -> Bound:
    """A path, a value or size() of one, ready to be read from an item."""
    if isinstance(node, PathNode):
        path = node.bind(scope)
        paths.append(path)
        return Bound(reader(path), path, ABSENT, None)
    if isinstance(node, ValueNode):
        placeholder = node.placeholder
        value = scope.value(placeholder)
        return Bound(lambda item, given: given.values[placeholder], None, value, values.type_of(value))
    return _bind_size(node, scope, paths)


def reader(path: Path) -> Read:
    """What reads a path from an item."""
    if len(path) == 1:
        name = path[0]
        return lambda item, given: item.get(name, ABSENT)  # type: ignore[call-overload,no-any-return]
    return lambda item, given: look_up(item, path)


def _bind_size(node: CallNode, scope: Scope, paths: list[Path]) -> Bound:
    arguments = _bind_arguments(node, scope, paths)
    (argument,) = arguments
    if argument.type in ("N", "BOOL", "NULL"):
        raise _wrong_type("operator or function: size", argument.type)
    read = argument.read

    def size(item: Mapping[str, Any], given: Scope) -> Any:
        value = read(item, given)
        count = None if value is ABSENT else values.count_of(value)
        return ABSENT if count is None else count

    return Bound(size, None, ABSENT, "N")


def _bind_arguments(node: CallNode, scope: Scope, paths: list[Path]) -> list[Bound]:
    arguments = [bind_operand(argument, scope, paths) for argument in node.arguments]
    if len(arguments) != _FUNCTIONS[node.name]:
        raise ExpressionError(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {node.name}, number of operands: {len(arguments)}"
        )
    _check_first_distinct(node.name, arguments)
    return arguments


def _bind_call(node: CallNode, scope: Scope, paths: list[Path]) -> Test:
    name = node.name
    arguments = _bind_arguments(node, scope, paths)
    read = arguments[0].read
    if name in ("attribute_exists", "attribute_not_exists"):
        if arguments[0].path is None:
            raise ExpressionError(f"Operator or function requires a document path; operator or function: {name}")
        if name == "attribute_exists":
            return lambda item, given: read(item, given) is not ABSENT
        return lambda item, given: read(item, given) is ABSENT
    if name == "attribute_type":
        return _bind_attribute_type(arguments, scope)
    other = arguments[1].read
    if name == "begins_with":
        for argument in arguments:
            if argument.type not in (None, "S", "B"):
                raise _wrong_type("operator or function: begins_with", argument.type)
        return lambda item, given: values.begins_with(read(item, given), other(item, given))
    return lambda item, given: values.contains(read(item, given), other(item, given))


def _bind_attribute_type(arguments: list[Bound], scope: Scope) -> Test:
    subject, wanted = arguments
    scope.looked = True
    if wanted.type != "S" or wanted.constant is ABSENT:
        kind = wanted.type or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
        raise _wrong_type("operator or function: attribute_type", kind)
    kind = wanted.constant
    if kind not in _TYPES:
        raise ExpressionError(f"Invalid attribute type name found; type: {kind}, valid types: {{{','.join(_TYPES)}}}")
    read = subject.read

    def test(item: Mapping[str, Any], given: Scope) -> bool:
        value = read(item, given)
        return value is not ABSENT and values.type_of(value) == kind

    return test


_ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _bind_comparison(node: CompareNode, scope: Scope, paths: list[Path]) -> Test:
    op = node.operator
    operands = [bind_operand(operand, scope, paths) for operand in node.operands]
    if op == "IN":
        return _bind_in(operands, scope)
    if op == "BETWEEN":
        scope.looked = True
        return _bind_between(operands)
    _check_first_distinct(op, operands)
    left, right = operands[0].read, operands[1].read
    if op == "=":
        return lambda item, given: _both_equal(left(item, given), right(item, given))
    if op == "<>":
        return lambda item, given: not _both_equal(left(item, given), right(item, given))
    for operand in operands:
        if operand.type not in (None, "S", "N", "B"):
            raise _wrong_type(f"operator: {op}", operand.type)
    compare = _ORDERED[op]

    def test(item: Mapping[str, Any], given: Scope) -> bool:
        one, two = left(item, given), right(item, given)
        return values.comparable(one, two) and compare(one, two)

    return test


def _both_equal(left: Any, right: Any) -> bool:
    return left is not ABSENT and right is not ABSENT and values.equal(left, right)


def _bind_in(operands: list[Bound], scope: Scope) -> Test:
    scope.looked = True  # into the limits
    scope.limits.check("expression-in-operands", len(operands) - 1)
    read, *others = [operand.read for operand in operands]

    def test(item: Mapping[str, Any], given: Scope) -> bool:
        value = read(item, given)
        return value is not ABSENT and any(_both_equal(value, other(item, given)) for other in others)

    return test


def _bind_between(operands: list[Bound]) -> Test:
    subject, low, high = operands
    for operand in operands:
        if operand.type not in (None, "S", "N", "B"):
            raise _wrong_type("operator: BETWEEN", operand.type)
    check_bounds(low, high)
    read, least, most = subject.read, low.read, high.read

    def test(item: Mapping[str, Any], given: Scope) -> bool:
        value, first, last = read(item, given), least(item, given), most(item, given)
        return values.comparable(first, value) and values.comparable(value, last) and first <= value <= last

    return test


def check_bounds(low: Bound, high: Bound) -> None:
    """Raise ExpressionError for bounds of BETWEEN, both given as values, of two types or in the wrong order."""
    if low.constant is ABSENT or high.constant is ABSENT:
        return
    bounds = (
        f"lower bound operand: AttributeValue: {values.shown(low.constant)}, "
        f"upper bound operand: AttributeValue: {values.shown(high.constant)}"
    )
    if low.type != high.type:
        raise ExpressionError(f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}")
    if low.constant > high.constant:
        raise ExpressionError(
            f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {bounds}"
        )


def _check_first_distinct(op: str, operands: list[Bound]) -> None:
    if len(operands) == 2 and operands[0].path is not None and operands[0].path == operands[1].path:
        raise ExpressionError(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {op}, first operand: {shown(operands[0].path)}"
        )


def _wrong_type(where: str, kind: str | None) -> ExpressionError:
    return ExpressionError(f"Incorrect operand type for operator or function; {where}, operand type: {kind}")
