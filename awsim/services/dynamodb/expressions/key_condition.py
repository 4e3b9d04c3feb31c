"""Key condition expressions: a condition expression that says which stretch of a partition to read."""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.services.dynamodb.expressions.condition import CompareNode, LogicNode, Node, Tree
from awsim.services.dynamodb.expressions.operands import CallNode, ValueNode
from awsim.services.dynamodb.expressions.paths import PathNode
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.refusals import invalid

_NAMES = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "BETWEEN": "BETWEEN", "begins_with": "BEGINS_WITH"}
# `:v < a` says `a > :v`.
_MIRRORED = {"EQ": "EQ", "LT": "GT", "LE": "GE", "GT": "LT", "GE": "LE"}


class KeyCondition(NamedTuple):
    """One condition on a key attribute: EQ, LT, LE, GT, GE, BETWEEN or BEGINS_WITH, and its values in memory."""

    operator: str
    values: tuple[Any, ...]


def bind(tree: Tree, scope: Scope) -> dict[str, KeyCondition]:
    """Key attribute to its condition. Raises ExpressionError or ValidationException."""
    tree.bind(scope)  # operand types and counts, as in any condition
    conditions: dict[str, KeyCondition] = {}
    _collect(tree.root, scope, conditions)
    return conditions


def _collect(node: Node, scope: Scope, conditions: dict[str, KeyCondition]) -> None:
    if isinstance(node, LogicNode):
        if node.operator != "AND":
            raise _wrong_operator(node.operator)
        for part in node.parts:
            _collect(part, scope, conditions)
        return
    op, operands = (node.operator, node.operands) if isinstance(node, CompareNode) else (node.name, node.arguments)
    if op not in _NAMES:
        raise _wrong_operator(op)
    if any(isinstance(operand, CallNode) for operand in operands):
        raise invalid("KeyConditionExpressions cannot contain nested operations")
    if op in ("BETWEEN", "begins_with") and not isinstance(operands[0], PathNode):
        raise invalid(
            f"Invalid condition in KeyConditionExpression: {op} operator must have the key attribute "
            "as its first operand"
        )
    paths = [operand for operand in operands if isinstance(operand, PathNode)]
    if len(paths) > 1:
        raise invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
    if not paths:
        raise invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
    path = paths[0].bind(scope)
    if len(path) > 1:
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    name = str(path[0])
    if name in conditions:
        raise invalid("KeyConditionExpressions must only contain one condition per key")
    comparison = _NAMES[op]
    if operands[0] is not paths[0]:
        comparison = _MIRRORED[comparison]
    given = tuple(scope.value(operand.placeholder) for operand in operands if isinstance(operand, ValueNode))
    conditions[name] = KeyCondition(comparison, given)


def _wrong_operator(op: str) -> Exception:
    return invalid(f"Invalid operator used in KeyConditionExpression: {op}")
