"""Statements with their parameters: values, conditions, updates, keys and the stretches that a SELECT reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from awsim.errors import AWSError
from awsim.services.dynamodb import numbers, values
from awsim.services.dynamodb.expressions import Condition, KeyCondition, Path, Update
from awsim.services.dynamodb.expressions.condition import CompareNode, LogicNode
from awsim.services.dynamodb.expressions.lexer import ExpressionError
from awsim.services.dynamodb.expressions.operands import CallNode, ValueNode
from awsim.services.dynamodb.expressions.paths import PathNode
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.partiql.parser import Literal, Statement
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import KeySchema

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

T = TypeVar("T")
_NAMES = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "BETWEEN": "BETWEEN", "begins_with": "BEGINS_WITH"}
_MIRRORED = {"EQ": "EQ", "LT": "GT", "LE": "GE", "GT": "LT", "GE": "LE"}
_SETS = {"S": "SS", "N": "NS", "B": "BS"}


class Bound:
    """A statement as one request runs it."""

    def __init__(
        self, statement: Statement, parameters: Sequence[Mapping[str, Any]] | None, limits: ServiceLimits
    ) -> None:
        given = parameters or ()
        if len(given) != statement.parameters:
            raise invalid("Number of parameters in request and statement don't match.")
        self.statement = statement
        self._limits = limits
        self._parameters = [values.load(dict(parameter), limits) for parameter in given]
        self._scope = Scope.of(
            {f"#{number}": name for number, name in enumerate(statement.names)},
            {f":{number}": self.value(literal) for number, literal in enumerate(statement.literals)},
            limits,
        )
        for placeholder, message in statement.sets:
            if type(self._scope.value(placeholder)) not in values.SETS:
                raise invalid(message)

    # --- values

    def value(self, literal: Literal, at: str = "root", depth: int = 1) -> Any:
        """A constant or parameter in memory."""
        kind, content = literal
        if kind == "?":
            return self._parameters[content]
        if kind == "N":
            try:
                return numbers.parse(content, self._limits)
            except AWSError as error:
                raise invalid(f"{error.message} under {at}") from None
        if kind in ("L", "M"):
            self._limits.check("nesting-depth", depth + 1)
            if kind == "L":
                return [self.value(member, f"{at}[{number}]", depth + 1) for number, member in enumerate(content)]
            return {name: self.value(member, f"{at}.{name}", depth + 1) for name, member in content.items()}
        if kind == "BAG":
            return self._bag([self.value(member, at, depth + 1) for member in content])
        return content

    def _bag(self, members: list[Any]) -> Any:
        kinds = {values.type_of(member) for member in members}
        kind = _SETS.get(kinds.pop()) if len(kinds) == 1 else None
        if kind is None:
            raise invalid("Only bags of strings, of numbers or of binaries are supported")
        return values.load({kind: [next(iter(values.dump(member).values())) for member in members]}, self._limits)

    def item(self) -> dict[str, Any]:
        """What an INSERT puts; attributes are the roots of paths in messages."""
        assert self.statement.item is not None
        kind, content = self.statement.item
        if kind == "M":
            return {name: self.value(member) for name, member in content.items()}
        item = self.value(self.statement.item)
        if type(item) is not dict:
            raise invalid("Value of an INSERT statement must be a tuple")
        return item

    # --- conditions and updates

    def condition(self) -> Condition | None:
        """The WHERE clause."""
        tree = self.statement.where
        return self._bound(lambda: tree.bind(self._scope)) if tree is not None else None

    def update(self) -> Update | None:
        tree = self.statement.update
        return self._bound(lambda: tree.bind(self._scope)) if tree is not None else None

    def columns(self) -> tuple[Path, ...] | None:
        columns = self.statement.columns
        if columns is None:
            return None
        return self._bound(lambda: tuple(column.bind(self._scope) for column in columns))

    def _bound(self, bind: Callable[[], T]) -> T:
        try:
            return bind()
        except ExpressionError as error:
            # The same as in expressions, but for one word.
            raise invalid(re.sub("; operator: ([^ ]+), operand", r"; operator or function: \1, operand", str(error)))

    # --- keys

    def key(self, keys: KeySchema) -> tuple[dict[str, Any], bool] | None:
        """The key that the WHERE clause names by equalities, and whether it says nothing else; None where it names
        none."""
        tree = self.statement.where
        if tree is None:
            return None
        key: dict[str, Any] = {}
        parts = _conjuncts(tree.root)
        for part in parts:
            found = self._equality(part)
            if found is not None and found[0] in keys.names:
                key.setdefault(*found)
        if len(key) != len(keys.names):
            return None
        return {name: key[name] for name in keys.names}, len(parts) == len(key)

    def _equality(self, node: Any) -> tuple[str, Any] | None:
        if isinstance(node, CompareNode) and node.operator == "IN" and len(node.operands) == 2:
            node = CompareNode("=", node.operands)
        found = self._key_condition(node)
        if found is None or found[1].operator != "EQ":
            return None
        return found[0], found[1].values[0]

    def _key_condition(self, node: Any) -> tuple[str, KeyCondition] | None:
        """A condition that could say which stretch of a partition to read."""
        if isinstance(node, CompareNode):
            op, operands = node.operator, node.operands
        elif isinstance(node, CallNode):
            op, operands = node.name, node.arguments
        else:
            return None
        comparison = _NAMES.get(op)
        if comparison is None:
            return None
        first, *others = operands
        if isinstance(first, ValueNode) and len(others) == 1 and isinstance(others[0], PathNode):
            if comparison not in _MIRRORED:
                return None
            comparison, first, others = _MIRRORED[comparison], others[0], [first]
        if not isinstance(first, PathNode) or len(first.parts) > 1:
            return None
        given = [self._scope.value(other.placeholder) for other in others if isinstance(other, ValueNode)]
        if len(given) != len(others):
            return None
        return self._scope.name(str(first.parts[0])), KeyCondition(comparison, tuple(given))

    def stretches(self, keys: KeySchema) -> list[dict[str, KeyCondition]] | None:
        """Conditions on the key that together select all that the WHERE clause can hold for, each of one partition;
        None where that may be anywhere."""
        tree = self.statement.where
        return self._stretches(tree.root, keys) if tree is not None else None

    def _stretches(self, node: Any, keys: KeySchema) -> list[dict[str, KeyCondition]] | None:
        if isinstance(node, LogicNode) and node.operator == "OR":
            found: list[dict[str, KeyCondition]] = []
            for part in node.parts:
                some = self._stretches(part, keys)
                if some is None:
                    return None
                found += [one for one in some if one not in found]
            return found
        conditions: dict[str, KeyCondition] = {}
        several: list[dict[str, KeyCondition]] = [{}]
        for part in _conjuncts(node):
            if isinstance(part, CompareNode) and part.operator == "IN" and len(several) == 1 and not several[0]:
                one_of = [self._equality(CompareNode("=", [part.operands[0], value])) for value in part.operands[1:]]
                if all(one is not None and one[0] == keys.hash[0].name for one in one_of):
                    several = [{one[0]: KeyCondition("EQ", (one[1],))} for one in one_of if one is not None]
                continue
            if isinstance(part, LogicNode) and part.operator == "OR" and len(several) == 1 and not several[0]:
                several = self._stretches(part, keys) or several
                continue
            condition = self._key_condition(part)
            if condition is not None and condition[0] in keys.names:
                name, wanted = condition
                if name not in conditions or wanted.operator == "EQ":
                    conditions[name] = wanted
        made = [self._usable({**one, **conditions}, keys) for one in several]
        return None if None in made else _distinct([one for one in made if one is not None])

    @staticmethod
    def _usable(conditions: dict[str, KeyCondition], keys: KeySchema) -> dict[str, KeyCondition] | None:
        """The conditions that a query can use, in the key's order; None where a partition is not named."""
        chosen: dict[str, KeyCondition] = {}
        for attribute in keys.hash:
            condition = conditions.get(attribute.name)
            if condition is None or condition.operator != "EQ":
                return None
            chosen[attribute.name] = condition
        for attribute in keys.sort:
            condition = conditions.get(attribute.name)
            if condition is None:
                break
            chosen[attribute.name] = condition
            if condition.operator != "EQ":
                break
        return chosen


def _conjuncts(node: Any) -> list[Any]:
    return list(node.parts) if isinstance(node, LogicNode) and node.operator == "AND" else [node]


def _distinct(conditions: list[dict[str, KeyCondition]]) -> list[dict[str, KeyCondition]]:
    distinct: list[dict[str, KeyCondition]] = []
    for one in conditions:
        if one not in distinct:
            distinct.append(one)
    return distinct
