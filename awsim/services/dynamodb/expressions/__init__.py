"""DynamoDB's expressions, bound to one request.

    expressions = Expressions(names, values, limits)
    condition = expressions.condition("ConditionExpression", "attribute_exists(#a) AND b < :b")
    update = expressions.update("SET #a = :a")
    expressions.finish()          # every name and value must have been used
    condition.test(item); update.apply(item)

Parsed expressions are kept, process-wide and bounded; what names and values stand for is resolved per request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from awsim.services.dynamodb.expressions import condition as conditions
from awsim.services.dynamodb.expressions import key_condition as key_conditions
from awsim.services.dynamodb.expressions import projection as projections
from awsim.services.dynamodb.expressions import update as updates
from awsim.services.dynamodb.expressions.condition import Condition
from awsim.services.dynamodb.expressions.key_condition import KeyCondition
from awsim.services.dynamodb.expressions.lexer import ExpressionError
from awsim.services.dynamodb.expressions.paths import Path
from awsim.services.dynamodb.expressions.projection import Projection
from awsim.services.dynamodb.expressions.scope import Scope
from awsim.services.dynamodb.expressions.update import Action, Update
from awsim.services.dynamodb.refusals import invalid

__all__ = ["Action", "Condition", "Expressions", "KeyCondition", "Path", "Projection", "Update"]

T = TypeVar("T")


class Expressions(Scope):
    """The expressions of one request. Every method raises ValidationException in AWS's words."""

    __slots__ = ()

    def condition(self, parameter: str, source: str) -> Condition:
        """`parameter` is ConditionExpression or FilterExpression."""
        return self._bound(parameter, source, conditions.parse, conditions.Tree.bind)

    def key_condition(self, source: str) -> dict[str, KeyCondition]:
        return self._bound("KeyConditionExpression", source, conditions.parse, key_conditions.bind)

    def projection(self, source: str) -> Projection:
        return self._bound("ProjectionExpression", source, projections.parse, projections.bind)

    def update(self, source: str) -> Update:
        return self._bound("UpdateExpression", source, updates.parse, updates.Tree.bind)

    def _bound(self, parameter: str, source: str, parse: Callable[[str], Any], bind: Callable[[Any, Scope], T]) -> T:
        longest = self.limits["expression-size"]
        if longest is not None and len(source) > longest // 4:
            self.limits.check("expression-size", len(source.encode()), expression=parameter)
        parsed = parse(source)
        if isinstance(parsed, ExpressionError):
            raise invalid(f"Invalid {parameter}: {parsed}")
        try:
            return bind(parsed, self)
        except ExpressionError as error:
            raise invalid(f"Invalid {parameter}: {error}") from None
