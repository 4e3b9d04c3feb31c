"""What a write asks beside its item or key: an update and a condition, as expressions or in the parameters from
before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb import legacy
from awsim.services.dynamodb.expressions import Condition, Expressions, Update

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_LEGACY = ("AttributeUpdates", "Expected", "ConditionalOperator")


class Terms:
    """The parameters of one PutItem, UpdateItem or DeleteItem that say under which condition and what it changes.

    Made before the request's values are looked at: raises ValidationException where the two forms are mixed, and for
    names or values that no expression can use. `bind` finds what is wrong in them.
    """

    __slots__ = ("_condition", "_conditional", "_expected", "_names", "_update", "_updates", "_values")

    def __init__(
        self,
        *,
        expected: Mapping[str, Any] | None = None,
        conditional: str | None = None,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        updates: Mapping[str, Any] | None = None,
        update: str | None = None,
        updating: bool = False,
    ) -> None:
        self._expected = expected
        self._conditional = conditional
        self._condition = condition
        self._names = names
        self._values = values
        self._updates = updates
        self._update = update
        if condition is None and update is None:
            wrong = names is not None or values is not None
        else:
            wrong = expected is not None or conditional is not None or updates is not None
        if wrong:
            self._refuse(("UpdateExpression", "ConditionExpression") if updating else ("ConditionExpression",))

    def _refuse(self, expressions: tuple[str, ...]) -> None:
        legacy.check_mixing(
            {
                "AttributeUpdates": self._updates,
                "Expected": self._expected,
                "ConditionalOperator": self._conditional,
                "UpdateExpression": self._update,
                "ConditionExpression": self._condition,
                "ExpressionAttributeNames": self._names,
                "ExpressionAttributeValues": self._values,
            },
            expressions,
            _LEGACY,
        )

    def bind(self, limits: ServiceLimits) -> tuple[Update | None, Condition | None]:
        """The update and the condition, ready to be applied; ValidationException for what is wrong in either."""
        condition: Condition | None = None
        if self._condition is None and self._update is None:
            update = legacy.updates(self._updates, limits) if self._updates is not None else None
            if self._expected is not None or self._conditional is not None:
                condition = legacy.expected(self._expected or {}, self._conditional, limits)
            return update, condition
        expressions = Expressions(self._names, self._values, limits)
        update = expressions.update(self._update) if self._update is not None else None
        if self._condition is not None:
            condition = expressions.condition("ConditionExpression", self._condition)
        expressions.finish()
        return update, condition
