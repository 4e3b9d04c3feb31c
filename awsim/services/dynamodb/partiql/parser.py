"""PartiQL statements into trees. What AWS answers to a statement that it cannot read, or does not support, is here.

Conditions and updates become the trees of condition and update expressions; attribute names and values stand in them as
placeholders (#0, :0), by number in the lists of the `Statement`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb.expressions import condition as conditions
from awsim.services.dynamodb.expressions import update as updates
from awsim.services.dynamodb.expressions.condition import CompareNode, LogicNode
from awsim.services.dynamodb.expressions.operands import CallNode, ValueNode
from awsim.services.dynamodb.expressions.paths import PathNode
from awsim.services.dynamodb.expressions.update import ActionNode, SumNode
from awsim.services.dynamodb.partiql.lexer import Token, malformed, tokens_of
from awsim.services.dynamodb.refusals import invalid

Literal = tuple[str, Any]
"""(kind, content): N and S with text, BOOL, NULL, L and BAG with a list, M with a dict, ? with a parameter's number."""

_CLAUSES = ("WHERE", "ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET", "SET", "REMOVE", "RETURNING", "VALUE")
_UNSUPPORTED = ("GROUP", "HAVING", "LIMIT", "OFFSET")
_KEYWORDS = (*_CLAUSES, "SELECT", "FROM", "INSERT", "UPDATE", "DELETE", "INTO", "BY", "AS", "ASC", "DESC")
_OPERATORS = ("IS", "LIKE", "IN", "BETWEEN", "AND", "OR")
_COMPARATORS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONDITIONS = ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")
_SET_FUNCTIONS = {"set_add": "ADD", "set_delete": "DELETE"}
_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_RETURNING = ("ALL OLD", "MODIFIED OLD", "ALL NEW", "MODIFIED NEW")
_DEEPEST = 150  # of parentheses and of documents in documents


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. `kind` is SELECT, INSERT, UPDATE, DELETE or EXISTS.

    `columns` are the paths a SELECT asks for, None for all; `order` its (attribute, descending) pairs; `item` what an
    INSERT puts; `sets` the positions of arguments that must be sets, with what to say of those that are not.
    """

    kind: str
    table: str
    index: str | None
    names: tuple[str, ...]
    literals: tuple[Literal, ...]
    parameters: int
    columns: tuple[PathNode, ...] | None = None
    where: conditions.Tree | None = None
    order: tuple[tuple[str, bool], ...] = ()
    item: Literal | None = None
    update: updates.Tree | None = None
    returning: str | None = None
    sets: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=2048)
def parse(source: str) -> Statement | AWSError:
    """The statement that a text writes, or the ValidationException to raise for it."""
    try:
        return _Parser(source).statement()
    except AWSError as error:
        return error.with_traceback(None)


@dataclass(slots=True)
class _Parser:
    source: str
    tokens: list[Token] = field(init=False)
    at: int = 0
    names: list[str] = field(default_factory=list)
    literals: list[Literal] = field(default_factory=list)
    sets: list[tuple[str, str]] = field(default_factory=list)
    parameters: int = 0
    operators: int = 0
    depth: int = 0

    def __post_init__(self) -> None:
        self.tokens = tokens_of(self.source)

    # --- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
        return token

    def takes(self, word: str) -> bool:
        if self.token.word == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str, what: str) -> None:
        if not self.takes(word):
            raise malformed(f"Expected {what}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise malformed("")

    def unexpected(self) -> AWSError:
        """Nothing that could start a term stands here."""
        word = self.token.word
        if word in _OPERATORS:
            return malformed("Unexpected operator")
        if word in _KEYWORDS:
            return malformed("Unexpected keyword")
        return malformed("Unexpected term")

    # --- statements

    def statement(self) -> Statement:
        word = self.token.word
        if word == "SELECT":
            made = self.select()
        elif word == "INSERT":
            made = self.insert()
        elif word == "UPDATE":
            made = self.update()
        elif word == "DELETE":
            made = self.delete()
        elif word == "FROM":
            made = self.update(first="FROM")
        elif word == "EXISTS":
            made = self.exists()
        else:
            raise malformed("Expected data manipulation")
        self.takes(";")
        if self.token.kind != "end":
            raise malformed("Unexpected token after expression")
        return made

    def made(self, kind: str, table: tuple[str, str | None], **more: Any) -> Statement:
        return Statement(
            kind,
            *table,
            tuple(self.names),
            tuple(self.literals),
            self.parameters,
            sets=tuple(self.sets),
            **more,
        )

    def select(self) -> Statement:
        self.next()
        columns = self.columns()
        self.expect("FROM", "FROM")
        if self.token.kind not in ("name", "quoted"):
            raise malformed("Unexpected term")
        table = self.table(aliased=True)
        where = self.where()
        order: list[tuple[str, bool]] = []
        if self.takes("ORDER"):
            self.expect("BY", "BY")
            order.append(self.ordering())
            while self.takes(","):
                order.append(self.ordering())
        if self.token.word in _UNSUPPORTED:
            raise invalid(f"Unsupported clause: {self.token.word} at {self.token.at}")
        return self.made("SELECT", table, columns=columns, where=where, order=tuple(order))

    def columns(self) -> tuple[PathNode, ...] | None:
        if self.takes("*"):
            return None
        columns = [self.column()]
        while self.takes(","):
            columns.append(self.column())
        return tuple(columns)

    def column(self) -> PathNode:
        token = self.token
        if token.kind not in ("name", "quoted"):
            raise self.unexpected()
        if self.tokens[self.at + 1].word == "(":
            raise invalid(f"Unexpected path component at {token.at}")
        return self.path()

    def ordering(self) -> tuple[str, bool]:
        token = self.next()
        if token.kind not in ("name", "quoted"):
            raise malformed("Unexpected term")
        if self.takes("DESC"):
            return token.text, True
        self.takes("ASC")
        return token.text, False

    def insert(self) -> Statement:
        self.next()
        self.expect("INTO", "INTO")
        table = self.table()
        if not self.takes("VALUE"):
            # Columns and VALUES are SQL's, not DynamoDB's.
            raise malformed(
                "Unexpected keyword" if self.token.word in ("(", "VALUES") else "Unexpected token after expression"
            )
        if table[1] is not None:
            raise invalid("This operation is not supported on an index")
        return self.made("INSERT", table, item=self.literal("root"))

    def update(self, first: str = "UPDATE") -> Statement:
        self.next()
        table = self.table(aliased=True)
        where = self.where() if first == "FROM" else None
        actions: list[ActionNode] = []
        while self.token.word in ("SET", "REMOVE"):
            section = self.next().word
            actions.append(self.action(section))
            while self.takes(","):
                actions.append(self.action(section))
        if not actions:
            raise malformed("Expected data manipulation")
        if first == "UPDATE":
            where = self.where()
        elif self.token.word == "WHERE":
            raise malformed("Unexpected token after expression")
        returning = self.returning()
        if table[1] is not None:
            raise invalid("This operation is not supported on an index")
        if where is None:
            raise invalid(_NO_KEY)
        tree = updates.Tree(actions, self.operators)
        return self.made("UPDATE", table, where=where, update=tree, returning=returning)

    def delete(self) -> Statement:
        self.next()
        self.expect("FROM", "FROM")
        table = self.table(aliased=True)
        where = self.where()
        returning = self.returning()
        if returning not in (None, "ALL OLD"):
            raise invalid(
                f"Invalid returning clause: RETURNING {returning} *. Only RETURNING ALL OLD * is allowed in DELETE "
                "statements."
            )
        if table[1] is not None:
            raise invalid("This operation is not supported on an index")
        if where is None:
            raise invalid(_NO_KEY)
        return self.made("DELETE", table, where=where, returning=returning)

    def exists(self) -> Statement:
        self.next()
        self.expect("(", "LEFT_PAREN")
        if self.token.word != "SELECT":
            raise malformed("Unexpected term")
        inner = self.select()
        self.expect(")", "RIGHT_PAREN")
        return self.made("EXISTS", (inner.table, inner.index), where=inner.where)

    def table(self, *, aliased: bool = False) -> tuple[str, str | None]:
        """Table and index names; `aliased`: where SQL would allow an alias, which DynamoDB does not."""
        parts = [self.identifier()]
        while self.takes("."):
            parts.append(self.identifier())
        if "" in parts:
            raise invalid("Path component cannot be an empty string")
        if len(parts) > 2:
            raise invalid("A path may contain at most 2 components in the FROM clause")
        token = self.token
        if aliased and (token.kind == "quoted" or (token.kind == "name" and token.word not in _CLAUSES)):
            raise invalid("Aliasing is not supported")
        return parts[0], parts[1] if len(parts) > 1 else None

    def identifier(self) -> str:
        token = self.token
        if token.kind == "quoted" or (token.kind == "name" and token.word not in _CLAUSES):
            return self.next().text
        raise malformed("Expected identifier for simple path")

    def returning(self) -> str | None:
        if not self.takes("RETURNING"):
            return None
        mode = f"{self.next().word} {self.next().word}"
        if mode not in _RETURNING or not self.takes("*"):
            raise malformed("Unexpected term")
        return mode

    # --- paths and values

    def path(self) -> PathNode:
        token = self.next()
        parts: list[str | int] = [self.name(token.text)]
        while True:
            if self.takes("."):
                token = self.token
                if token.kind == "quoted" or (token.kind == "name" and token.word not in _KEYWORDS):
                    parts.append(self.name(self.next().text))
                else:
                    raise malformed("Invalid path dot component")
            elif self.token.word == "[":
                self.next()
                token = self.next()
                if token.kind == "number" and token.text.isdigit() and len(token.text) <= 9:
                    parts.append(int(token.text))
                elif token.kind == "string":
                    parts.append(self.name(token.text))
                else:
                    raise malformed("Unexpected term")
                self.expect("]", "RIGHT_BRACKET")
            else:
                return PathNode(tuple(parts))

    def name(self, text: str) -> str:
        self.names.append(text)
        return f"#{len(self.names) - 1}"

    def value(self, literal: Literal) -> ValueNode:
        self.literals.append(literal)
        return ValueNode(f":{len(self.literals) - 1}")

    def starts_literal(self) -> bool:
        token = self.token
        return (
            token.kind in ("number", "string")
            or token.word in ("?", "[", "{", "<<", "TRUE", "FALSE", "NULL")
            or (token.word in ("-", "+") and self.tokens[self.at + 1].kind == "number")
        )

    def literal(self, key: str) -> Literal:
        """A constant or a parameter; `key` names it in messages."""
        token = self.next()
        word = token.word
        if word in ("-", "+") and self.token.kind == "number":
            return "N", (word if word == "-" else "") + self.next().text
        if token.kind == "number":
            return "N", token.text
        if token.kind == "string":
            return "S", token.text
        if word in ("TRUE", "FALSE"):
            return "BOOL", word == "TRUE"
        if word == "NULL":
            return "NULL", None
        if word == "?":
            self.parameters += 1
            return "?", self.parameters - 1
        if word in ("[", "<<"):
            self.deeper()
            members = self.members({"[": "]", "<<": ">>"}[word], key)
            self.depth -= 1
            if word == "<<" and not members:
                raise invalid("Empty bags are not supported")
            return ("L" if word == "[" else "BAG"), members
        if word == "{":
            self.deeper()
            found = self.fields(key)
            self.depth -= 1
            return "M", found
        if token.kind == "name" and self.token.word == "(":
            raise invalid(f"Unsupported data type: {token.text.lower()} under key {key} at {token.at}")
        self.at -= token.kind != "end"
        raise self.unexpected()

    def members(self, closing: str, key: str) -> list[Literal]:
        members: list[Literal] = []
        if not self.takes(closing):
            members.append(self.literal(key))
            while self.takes(","):
                members.append(self.literal(key))
            self.expect(closing, "RIGHT_BRACKET" if closing == "]" else "RIGHT_DOUBLE_ANGLE_BRACKET")
        return members

    def fields(self, key: str) -> dict[str, Literal]:
        found: dict[str, Literal] = {}
        if self.takes("}"):
            return found
        while True:
            token = self.next()
            if token.kind != "string":
                raise malformed("Unexpected term")
            self.expect(":", "COLON")
            found[token.text] = self.literal(key)
            if not self.takes(","):
                self.expect("}", "RIGHT_CURLY")
                return found

    # --- conditions

    def where(self) -> conditions.Tree | None:
        if not self.takes("WHERE"):
            return None
        before, self.operators = self.operators, 0
        root = self.either()
        tree = conditions.Tree(root, self.operators)
        self.operators = before
        return tree

    def either(self) -> Any:
        parts = [self.both()]
        while self.takes("OR"):
            parts.append(self.right(self.both))
        return parts[0] if len(parts) == 1 else LogicNode("OR", _flat("OR", parts))

    def both(self) -> Any:
        parts = [self.negated()]
        while self.takes("AND"):
            parts.append(self.right(self.negated))
        return parts[0] if len(parts) == 1 else LogicNode("AND", _flat("AND", parts))

    def right(self, side: Any) -> Any:
        self.operators += 1
        if self.token.kind == "end":
            raise malformed("Missing right-hand side expression of infix operator")
        return side()

    def negated(self) -> Any:
        if not self.takes("NOT"):
            return self.term()
        self.operators += 1
        self.deeper()
        node = LogicNode("NOT", [self.negated()])
        self.depth -= 1
        return node

    def term(self) -> Any:
        token = self.token
        if token.word == "(":
            self.next()
            self.deeper()
            node = self.either()
            self.depth -= 1
            self.expect(")", "RIGHT_PAREN")
            return node
        if token.kind == "name" and self.tokens[self.at + 1].word == "(" and token.text.lower() in _CONDITIONS:
            return self.call()
        return self.comparison(self.operand())

    def comparison(self, left: Any) -> Any:
        token = self.token
        word = token.word
        if word in _COMPARATORS and token.kind == "op":
            self.next()
            self.operators += 1
            if self.token.kind == "end":
                raise malformed("Missing right-hand side expression of infix operator")
            return CompareNode(_COMPARATORS[word], [left, self.operand()])
        if word == "NOT" and self.tokens[self.at + 1].word in ("IN", "BETWEEN"):
            self.next()
            return LogicNode("NOT", [self.comparison(left)])
        if word == "BETWEEN":
            self.next()
            self.operators += 1
            low = self.operand()
            self.expect("AND", "AND")
            return CompareNode("BETWEEN", [left, low, self.operand()])
        if word == "IN":
            self.next()
            self.operators += 1
            closing = {"[": "]", "(": ")"}.get(self.token.word)
            if closing is None:
                raise self.unexpected()
            self.next()
            return CompareNode("IN", [left, *map(self.value, self.members(closing, "root"))])
        if word == "IS":
            self.next()
            return self.tested(left)
        if token.kind == "end" or word in (")", *_CLAUSES, "AND", "OR", ";"):
            raise invalid("Unsupported operation: condition expected")
        raise malformed("Unexpected token after expression")

    def tested(self, left: Any) -> Any:
        negated = self.takes("NOT")
        if self.takes("MISSING"):
            return CallNode("attribute_exists" if negated else "attribute_not_exists", [left])
        if self.takes("NULL"):
            node: Any = CallNode("attribute_type", [left, self.value(("S", "NULL"))])
            return LogicNode("NOT", [node]) if negated else node
        raise malformed("Expected type name")

    def call(self) -> CallNode:
        name = self.next().text.lower()
        self.next()
        arguments: list[Any] = []
        if not self.takes(")"):
            arguments.append(self.operand())
            while self.takes(","):
                arguments.append(self.operand())
            self.expect(")", "RIGHT_PAREN")
        return CallNode(name, arguments)

    def operand(self) -> Any:
        token = self.token
        if self.starts_literal():
            return self.value(self.literal("root"))
        if token.kind == "quoted" or (token.kind == "name" and token.word not in (*_KEYWORDS, *_OPERATORS, "NOT")):
            if token.kind == "name" and self.tokens[self.at + 1].word == "(":
                if token.text.lower() == "size":
                    return self.call()
                raise invalid(f"Unrecognized function: {token.text.lower()} at {token.at}")
            return self.path()
        raise self.unexpected()

    # --- updates

    def action(self, section: str) -> ActionNode:
        if self.token.kind not in ("name", "quoted"):
            raise self.unexpected()
        path = self.path()
        if section == "REMOVE":
            return ActionNode("REMOVE", path, None)
        self.expect("=", "EQ")
        self.operators += 1
        token = self.token
        if token.kind == "name" and token.text.lower() in _SET_FUNCTIONS and self.tokens[self.at + 1].word == "(":
            return self.set_change(path)
        left = self.set_operand()
        if self.token.word in ("+", "-"):
            op = self.next().text
            self.operators += 1
            return ActionNode("SET", path, SumNode(op, left, self.set_operand()))
        return ActionNode("SET", path, left)

    def set_operand(self) -> Any:
        token = self.token
        name = token.text.lower()
        if token.kind == "name" and self.tokens[self.at + 1].word == "(" and name in ("list_append", "if_not_exists"):
            self.next()
            self.next()
            self.deeper()
            arguments = [self.set_operand()]
            while self.takes(","):
                arguments.append(self.set_operand())
            self.depth -= 1
            self.expect(")", "RIGHT_PAREN")
            return CallNode(name, arguments)
        return self.operand()

    def set_change(self, path: PathNode) -> ActionNode:
        """`path = set_add(path, set)` or set_delete."""
        token = self.next()
        name = token.text.upper()
        self.next()
        first = self.token.at
        arguments: list[Any] = []
        if not self.takes(")"):
            arguments.append(self.operand())
            while self.takes(","):
                arguments.append(self.operand())
            self.expect(")", "RIGHT_PAREN")
        if len(arguments) != 2:
            raise invalid(f"{name} must have exactly two arguments at {token.at}")
        if not isinstance(arguments[0], PathNode) or self.spelt(arguments[0]) != self.spelt(path):
            raise invalid(f"The first argument to {name} must equal the assignment value at {token.at}")
        message = f"The second argument to {name} must be a value with type SET at {first}"
        if not isinstance(arguments[1], ValueNode):
            raise invalid(message)
        self.sets.append((arguments[1].placeholder, message))
        return ActionNode(_SET_FUNCTIONS[token.text.lower()], path, arguments[1])

    def spelt(self, path: PathNode) -> list[Any]:
        return [self.names[int(part[1:])] if isinstance(part, str) else part for part in path.parts]


def _flat(op: str, parts: list[Any]) -> list[Any]:
    """Chains of one operator are one node."""
    flat: list[Any] = []
    for part in parts:
        flat += part.parts if isinstance(part, LogicNode) and part.operator == op else [part]
    return flat
