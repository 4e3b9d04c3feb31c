"""GetItem, PutItem, UpdateItem and DeleteItem."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb import intake, legacy, values
from awsim.services.dynamodb.base import Base, wanted
from awsim.services.dynamodb.capacity import Consumed, read_units
from awsim.services.dynamodb.expressions import Condition, Expressions, Projection, Update
from awsim.services.dynamodb.metrics import READ
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table
from awsim.services.dynamodb.terms import Terms

_NOTHING: Mapping[str, Any] = {}
_SURELY_SHORT = 255


class ItemOperations(Base):
    """Operations on single items."""

    def get_item(
        self,
        TableName: str,
        Key: dict[str, Any],
        AttributesToGet: list[str] | None = None,
        ConsistentRead: bool | None = None,
        ReturnConsumedCapacity: str | None = None,
        ProjectionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        projection = self._projection(AttributesToGet, ProjectionExpression, ExpressionAttributeNames)
        limits = self.limits
        key = intake.load(Key, limits)
        table = self._table(TableName)
        table.keys.check_key(key, limits)
        item = self._read(table, table.keys.place(key), ConsistentRead)
        self.spent.append((READ, table.arn, None, 0 if item is None else item.size, ConsistentRead, False, 1))
        result: dict[str, Any] = {}
        if item is not None:
            if projection is not None:
                table.check_paths(projection.paths)
            result["Item"] = self._item_shown(item, projection)
        if ReturnConsumedCapacity is not None:
            consumed = wanted(ReturnConsumedCapacity, table)
            if consumed is not None:
                consumed.units = read_units(item.size if item else 0, limits, consistent=bool(ConsistentRead))
                result["ConsumedCapacity"] = consumed.report(ReturnConsumedCapacity)
        if self._throttled("read"):
            self._charge_read(table, key, item, ConsistentRead)
        return result

    def put_item(
        self,
        TableName: str,
        Item: dict[str, Any],
        Expected: dict[str, Any] | None = None,
        ReturnValues: str | None = None,
        ReturnConsumedCapacity: str | None = None,
        ReturnItemCollectionMetrics: str | None = None,
        ConditionalOperator: str | None = None,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
        ReturnValuesOnConditionCheckFailure: str | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        terms = Terms(
            expected=Expected,
            conditional=ConditionalOperator,
            condition=ConditionExpression,
            names=ExpressionAttributeNames,
            values=ExpressionAttributeValues,
        )
        new = self._load_item(Item)
        if ReturnValues is not None and ReturnValues not in ("NONE", "ALL_OLD"):
            raise invalid("ReturnValues can only be ALL_OLD or NONE")
        limits.check("item-size", new.size)
        _, condition = terms.bind(limits)
        table = self._table(TableName)
        table.check_item(new.attributes, limits)
        place = table.keys.place(new.attributes)
        old = table.items.get(place)
        if condition is not None:
            self._check(table, condition, old, ReturnValuesOnConditionCheckFailure)
        consumed = wanted(ReturnConsumedCapacity, table) if ReturnConsumedCapacity is not None else None
        self._change(table, place, old, new, consumed)
        result: dict[str, Any] = {}
        if ReturnValues == "ALL_OLD" and old is not None:
            result["Attributes"] = self._item_shown(old)
        if consumed is not None or ReturnItemCollectionMetrics is not None:
            self._account(result, table, place, new, consumed, ReturnConsumedCapacity, ReturnItemCollectionMetrics)
        return result

    def update_item(
        self,
        TableName: str,
        Key: dict[str, Any],
        AttributeUpdates: dict[str, Any] | None = None,
        Expected: dict[str, Any] | None = None,
        ConditionalOperator: str | None = None,
        ReturnValues: str | None = None,
        ReturnConsumedCapacity: str | None = None,
        ReturnItemCollectionMetrics: str | None = None,
        UpdateExpression: str | None = None,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
        ReturnValuesOnConditionCheckFailure: str | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        terms = Terms(
            expected=Expected,
            conditional=ConditionalOperator,
            condition=ConditionExpression,
            names=ExpressionAttributeNames,
            values=ExpressionAttributeValues,
            updates=AttributeUpdates,
            update=UpdateExpression,
            updating=True,
        )
        key = intake.load(Key, limits)
        update, condition = terms.bind(limits)
        table = self._table(TableName)
        table.keys.check_key(key, limits)
        place = table.keys.place(key)
        if update is not None:
            self._check_update(table, update)
        old, new = self._updated(table, key, place, update, condition, ReturnValuesOnConditionCheckFailure)
        consumed = wanted(ReturnConsumedCapacity, table) if ReturnConsumedCapacity is not None else None
        self._change(table, place, old, new, consumed)
        result: dict[str, Any] = {}
        if ReturnValues is not None and ReturnValues != "NONE":
            item, projection = _returned(ReturnValues, update, old, new)
            if item is not None:
                result["Attributes"] = self._item_shown(item, projection)
        if consumed is not None or ReturnItemCollectionMetrics is not None:
            self._account(result, table, place, new, consumed, ReturnConsumedCapacity, ReturnItemCollectionMetrics)
        return result

    def delete_item(
        self,
        TableName: str,
        Key: dict[str, Any],
        Expected: dict[str, Any] | None = None,
        ConditionalOperator: str | None = None,
        ReturnValues: str | None = None,
        ReturnConsumedCapacity: str | None = None,
        ReturnItemCollectionMetrics: str | None = None,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
        ReturnValuesOnConditionCheckFailure: str | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        terms = Terms(
            expected=Expected,
            conditional=ConditionalOperator,
            condition=ConditionExpression,
            names=ExpressionAttributeNames,
            values=ExpressionAttributeValues,
        )
        key = intake.load(Key, limits)
        if ReturnValues is not None and ReturnValues not in ("NONE", "ALL_OLD"):
            raise invalid("ReturnValues can only be ALL_OLD or NONE")
        _, condition = terms.bind(limits)
        table = self._table(TableName)
        table.keys.check_key(key, limits)
        place = table.keys.place(key)
        old = table.items.get(place)
        if condition is not None:
            self._check(table, condition, old, ReturnValuesOnConditionCheckFailure)
        consumed = wanted(ReturnConsumedCapacity, table) if ReturnConsumedCapacity is not None else None
        self._change(table, place, old, None, consumed)
        result: dict[str, Any] = {}
        if ReturnValues == "ALL_OLD" and old is not None:
            result["Attributes"] = self._item_shown(old)
        if consumed is not None or (ReturnItemCollectionMetrics is not None and old is not None):
            self._account(result, table, place, old, consumed, ReturnConsumedCapacity, ReturnItemCollectionMetrics)
        return result

    # --- parts of operations, also of batches and transactions

    def _load_item(self, wire: Mapping[str, Any]) -> Item:
        """An Item of a request in memory, its size counted."""
        limits = self.limits
        known = intake.measured(wire, limits)
        if known is not None:
            return Item(*known)
        attributes = {}
        for name, value in wire.items():
            if not 0 < len(name) <= _SURELY_SHORT:
                self._check_name(name)
            # Interned: a million items share their attributes' names.
            attributes[intern(name)] = values.load(value, limits)
        return Item(attributes, values.item_size(attributes))

    def _check_name(self, name: str) -> None:
        if not name:
            raise invalid_parameter("Empty attribute name")
        self.limits.check("attribute-name-length", values.text_size(name))

    def _projection(
        self, attributes: list[str] | None, expression: str | None, names: Mapping[str, str] | None
    ) -> Projection | None:
        """What a read returns of each item; None for all of it."""
        if attributes is None and expression is None and names is None:
            return None
        legacy.check_mixing(
            {"AttributesToGet": attributes, "ProjectionExpression": expression, "ExpressionAttributeNames": names},
            ("ProjectionExpression",),
            ("AttributesToGet",),
        )
        if expression is None:
            return legacy.attributes_to_get(attributes or [], self.limits)
        expressions = Expressions(names, None, self.limits)
        projection = expressions.projection(expression)
        expressions.finish()
        return projection

    def _updated(
        self,
        table: Table,
        key: dict[str, Any],
        place: Place,
        update: Update | None,
        condition: Condition | None,
        on_failure: str | None,
    ) -> tuple[Item | None, Item | None]:
        """An item before an update, which has been checked, and after it; the table is not changed.

        An update that only takes away leaves an absent item absent.
        """
        limits = self.limits
        old = table.items.get(place)
        if condition is not None:
            self._check(table, condition, old, on_failure)
        if old is None and update is not None and update.only_removes:
            return None, None
        before = old.attributes if old is not None else {intern(name): value for name, value in key.items()}
        after = update.apply(before) if update is not None else dict(before)
        if update is not None:
            for action in update.actions:
                name = action.path[0]
                if type(name) is str and name in after and not (0 < len(name) <= _SURELY_SHORT):
                    self._check_name(name)
                if len(action.path) > 1 or (action.value is not None and action.type is None):
                    limits.check("nesting-depth", values.depth_of(after.get(name, None)))  # type: ignore[call-overload]
            for index in table.indexes.values():
                index.check_updated(after, before, limits)
        size = values.item_size(after) if old is None or update is None else old.size + update.growth(before, after)
        new = Item(after, size)
        limits.check("updated-item-size", new.size)
        return old, new

    def _check_update(self, table: Table, update: Update) -> None:
        """Raise where an update names a key, or gives an index's key a value of another type."""
        nested = False
        for path in update.paths:
            if len(path) > 1:
                nested = True
            elif path[0] in table.keys.names:
                raise invalid_parameter(f"Cannot update attribute {path[0]}. This attribute is part of the key")
        if nested:
            table.check_paths(update.paths)
        for index in table.indexes.values():
            for attribute in index.keys.attributes:
                for action in update.actions:
                    if action.path == (attribute.name,) and action.type not in (None, attribute.type):
                        raise invalid_parameter(
                            f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
                            f"Actual: {action.type} IndexName: {index.name}"
                        )

    def _check(self, table: Table, condition: Condition, old: Item | None, on_failure: str | None) -> None:
        """Raise ConditionalCheckFailedException, with the item if asked for, where the condition does not hold."""
        table.check_paths(condition.paths)
        if condition.test(old.attributes if old is not None else _NOTHING):
            return
        fields = {}
        if on_failure == "ALL_OLD" and old is not None:
            fields["Item"] = values.dump_item(old.attributes)
        raise AWSError("ConditionalCheckFailedException", "The conditional request failed", status=400, fields=fields)

    def _read(self, table: Table, place: Place, consistent: bool | None) -> Item | None:
        """The item at a place, as the copy that answers shows it."""
        earlier = self._earlier(table, None, consistent, place, place)
        if earlier is not None:
            return earlier[place]
        return table.items.get(place)

    def _charge_read(self, table: Table, key: dict[str, Any], item: Item | None, consistent: bool | None) -> None:
        consumed = Consumed(table)
        consumed.units = read_units(item.size if item else 0, self.limits, consistent=bool(consistent))
        self._draw_read(consumed, {table.keys.partition(key): consumed.units})

    def _account(
        self, result: dict[str, Any], table: Table, place: Place, item: Item | None, consumed: Consumed | None,
        capacity: str | None, metrics: str | None,
    ) -> None:  # fmt: skip
        """Add ConsumedCapacity and ItemCollectionMetrics to an answer, as asked for."""
        if consumed is not None:
            result["ConsumedCapacity"] = consumed.report(capacity)
        if metrics == "SIZE" and item is not None:
            report = collection_metrics(table, place, item)
            if report is not None:
                result["ItemCollectionMetrics"] = report


def collection_metrics(table: Table, place: Place, item: Item) -> dict[str, Any] | None:
    """ItemCollectionMetrics of the collection of an item; None for a table without local indexes."""
    if table.collections is None:
        return None
    gigabytes = table.collection_size(place) // 2**30
    (attribute,) = table.keys.hash
    return {
        "ItemCollectionKey": {attribute.name: values.dump(item.attributes[attribute.name])},
        "SizeEstimateRangeGB": [float(gigabytes), float(gigabytes + 1)],
    }


def _returned(
    mode: str, update: Update | None, old: Item | None, new: Item | None
) -> tuple[Item | None, Projection | None]:
    """The Attributes of UpdateItem's answer: of which item, and what of it."""
    if mode == "ALL_NEW":
        return new, None
    if mode == "ALL_OLD":
        return old, None
    item = new if mode == "UPDATED_NEW" else old
    if item is None or update is None:
        return None, None
    projection = Projection(update.paths)
    return (item, projection) if projection.of(item.attributes) else (None, None)
