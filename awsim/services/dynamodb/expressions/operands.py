"""What conditions and updates have in common: operands as nodes of their trees, and how they are parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from awsim.services.dynamodb.expressions.lexer import Cursor
from awsim.services.dynamodb.expressions.paths import PathNode, parse_path


class ValueNode:
    __slots__ = ("placeholder",)

    def __init__(self, placeholder: str) -> None:
        self.placeholder = placeholder


class CallNode:
    """A function call: an operand, or in conditions also a condition."""

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: list[Operand]) -> None:
        self.name = name
        self.arguments = arguments

    @property
    def children(self) -> Sequence[Operand]:
        return self.arguments


Operand = PathNode | ValueNode | CallNode


class OperandParser:
    """The part of a parser that reads operands. `problems` are mistakes that others, found later, come before."""

    kind: ClassVar[str]
    """What the expression is called in messages: "condition" or "update"."""

    functions: ClassVar[Mapping[str, int]]
    """Its functions, and how many operands each takes."""

    foreign: ClassVar[Sequence[str]]
    """The functions of the other kind of expression."""

    words: ClassVar[Sequence[str]]
    """Keywords, which no attribute's name can be."""

    def __init__(self, source: str) -> None:
        self.cursor = Cursor(source)
        self.problems: dict[str, str] = {}
        self.operators = 0

    def operand(self) -> Operand:
        """A value, a function call or a path."""
        cursor = self.cursor
        token = cursor.token
        if token.kind == "value":
            return ValueNode(cursor.next().text)
        if token.kind == "name":
            if token.text.upper() in self.words:
                raise cursor.error()
            if cursor.peek().text == "(":
                return self.call()
        return parse_path(cursor, self.problems)

    def call(self) -> CallNode:
        name = self.cursor.next().text
        if name in self.foreign:
            article = "an" if self.kind == "update" else "a"
            self.problems.setdefault(
                "function", f"The function is not allowed in {article} {self.kind} expression; function: {name}"
            )
        elif name not in self.functions:
            self.problems.setdefault("function", f"Invalid function name; function: {name}")
        self.enter_call()
        arguments = self.arguments()
        self.leave_call()
        self.check_operands(arguments)
        return CallNode(name, arguments)

    def arguments(self) -> list[Operand]:
        """Operands in parentheses, separated by commas."""
        cursor = self.cursor
        cursor.expect("(")
        arguments = [self.inner_operand()]
        while cursor.takes(","):
            arguments.append(self.inner_operand())
        cursor.expect(")")
        return arguments

    def misused(self, call: CallNode) -> None:
        """Note a function that stands where its result cannot be used."""
        self.problems.setdefault(
            "misused", f"The function is not allowed to be used this way in an expression; function: {call.name}"
        )

    # --- for subclasses

    def inner_operand(self) -> Operand:
        """An operand, in parentheses or not."""
        raise NotImplementedError

    def check_operands(self, operands: list[Operand]) -> None:
        """Note the functions among operands that cannot stand there."""
        raise NotImplementedError

    def enter_call(self) -> None:
        """A function's operands begin: raise where functions lie too deep in functions."""
        raise NotImplementedError

    def leave_call(self) -> None:
        raise NotImplementedError
