"""Query and Scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from awsim.services.dynamodb import legacy, values
from awsim.services.dynamodb.base import wanted
from awsim.services.dynamodb.capacity import Consumed, read_units
from awsim.services.dynamodb.expressions import Condition, Expressions, Projection
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.items import ItemOperations
from awsim.services.dynamodb.metrics import READ
from awsim.services.dynamodb.ranges import Stretch, check_start, key_range, start_place
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import Place, segment_bounds
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table

EVERYTHING = Condition(lambda item: True, ())
# What AWS did where it chose so.
_SHORT = "ended a page after the first item that it read"


@dataclass(slots=True)
class Page:
    """What a page of a query or scan is to be made of."""

    table: Table
    index: Index | None
    select: str
    projection: Projection | None
    filter: Condition
    limit: int | None
    consistent: bool
    fetches: bool  # from the table, what a local index lacks


class ReadOperations(ItemOperations):
    """Operations that read many items."""

    def query(
        self,
        TableName: str,
        IndexName: str | None = None,
        Select: str | None = None,
        AttributesToGet: list[str] | None = None,
        Limit: int | None = None,
        ConsistentRead: bool | None = None,
        KeyConditions: dict[str, Any] | None = None,
        QueryFilter: dict[str, Any] | None = None,
        ConditionalOperator: str | None = None,
        ScanIndexForward: bool | None = None,
        ExclusiveStartKey: dict[str, Any] | None = None,
        ReturnConsumedCapacity: str | None = None,
        ProjectionExpression: str | None = None,
        FilterExpression: str | None = None,
        KeyConditionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        if (
            KeyConditionExpression is None
            or KeyConditions is not None
            or AttributesToGet is not None
            or QueryFilter is not None
            or ConditionalOperator is not None
        ):
            old = ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"]
            if KeyConditions is not None and KeyConditionExpression is None:
                old.remove("KeyConditions")
            legacy.check_mixing(
                {
                    "AttributesToGet": AttributesToGet,
                    "QueryFilter": QueryFilter,
                    "ConditionalOperator": ConditionalOperator,
                    "KeyConditions": KeyConditions,
                    "ProjectionExpression": ProjectionExpression,
                    "FilterExpression": FilterExpression,
                    "KeyConditionExpression": KeyConditionExpression,
                    "ExpressionAttributeNames": ExpressionAttributeNames,
                    "ExpressionAttributeValues": ExpressionAttributeValues,
                },
                ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
                old,
            )
        expressions = Expressions(ExpressionAttributeNames, ExpressionAttributeValues, limits)
        if KeyConditionExpression is None and KeyConditions is None:
            raise invalid(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        if KeyConditionExpression is not None:
            conditions = expressions.key_condition(KeyConditionExpression)
        else:
            conditions = legacy.key_conditions(KeyConditions or {}, limits)
        test, projection = self._bound(
            expressions, FilterExpression, QueryFilter, ConditionalOperator, ProjectionExpression, AttributesToGet
        )
        table = self._table(TableName)
        index = _index(table, IndexName, ConsistentRead)
        keys = table.keys if index is None else index.keys
        selected = key_range(keys, conditions, limits)
        page = self._page(table, index, Select, projection, test, Limit, ConsistentRead, AttributesToGet is not None)
        parameter = "QueryFilter" if QueryFilter is not None else "Filter Expression"
        for path in test.paths:
            if path[0] in keys.names:
                raise invalid(
                    f"{parameter} can only contain non-primary key attributes: Primary key attribute: {path[0]}"
                )
        reverse = ScanIndexForward is False
        stretch = selected.stretch
        if ExclusiveStartKey is not None:
            place, start = start_place(table, index, ExclusiveStartKey, limits, scan=False)
            check_start(keys, selected, start)
            if index is None and not keys.sort:
                raise invalid(f"The provided exclusive start key is invalid: ExclusiveStartKey: {_shown_key(start)}")
            stretch = stretch.after(place, reverse=reverse)
        if index is None and not keys.sort:
            entries = self._single(table, selected.partition, ConsistentRead)
        else:
            entries = self._entries(page, stretch, reverse)
        return self._answer(page, entries, ReturnConsumedCapacity, selected.partition)

    def scan(
        self,
        TableName: str,
        IndexName: str | None = None,
        AttributesToGet: list[str] | None = None,
        Limit: int | None = None,
        Select: str | None = None,
        ScanFilter: dict[str, Any] | None = None,
        ConditionalOperator: str | None = None,
        ExclusiveStartKey: dict[str, Any] | None = None,
        ReturnConsumedCapacity: str | None = None,
        TotalSegments: int | None = None,
        Segment: int | None = None,
        ProjectionExpression: str | None = None,
        FilterExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
        ExpressionAttributeValues: dict[str, Any] | None = None,
        ConsistentRead: bool | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        legacy.check_mixing(
            {
                "AttributesToGet": AttributesToGet,
                "ScanFilter": ScanFilter,
                "ConditionalOperator": ConditionalOperator,
                "ProjectionExpression": ProjectionExpression,
                "FilterExpression": FilterExpression,
                "ExpressionAttributeNames": ExpressionAttributeNames,
                "ExpressionAttributeValues": ExpressionAttributeValues,
            },
            ("ProjectionExpression", "FilterExpression"),
            ("AttributesToGet", "ScanFilter", "ConditionalOperator"),
        )
        _check_segments(Segment, TotalSegments)
        expressions = Expressions(ExpressionAttributeNames, ExpressionAttributeValues, limits)
        test, projection = self._bound(
            expressions, FilterExpression, ScanFilter, ConditionalOperator, ProjectionExpression, AttributesToGet
        )
        table = self._table(TableName)
        index = _index(table, IndexName, ConsistentRead)
        page = self._page(table, index, Select, projection, test, Limit, ConsistentRead, AttributesToGet is not None)
        table.check_paths(test.paths)
        stretch = Stretch(None, None)
        plain = index is None and not table.keys.sort
        low: str | None = None
        high: str | None = None
        if TotalSegments is not None and Segment is not None:
            low, high = segment_bounds(Segment, TotalSegments)
            stretch = Stretch(low if plain else (low,), _bound(high, plain), (True, False))
        if ExclusiveStartKey is not None:
            place, _ = start_place(table, index, ExclusiveStartKey, limits, scan=True)
            start = place if plain else place[0]
            if (low is not None and start < low) or (high is not None and start >= high):
                raise invalid(
                    "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey "
                    f"with correct Segment. TotalSegments: {TotalSegments} Segment: {Segment}"
                )
            stretch = stretch.after(place, reverse=False)
        return self._answer(page, self._entries(page, stretch, False), ReturnConsumedCapacity, None)

    # --- parts

    def _bound(
        self,
        expressions: Expressions,
        filter_expression: str | None,
        filter_: Mapping[str, Any] | None,
        conditional: str | None,
        projection_expression: str | None,
        attributes: list[str] | None,
    ) -> tuple[Condition, Projection | None]:
        """The filter and the projection of a read, each in either form."""
        test: Condition | None = None
        if filter_expression is not None:
            test = expressions.condition("FilterExpression", filter_expression)
        elif filter_ is not None or conditional is not None:
            test = legacy.filter_of(filter_ or {}, conditional, self.limits)
        projection = None
        if projection_expression is not None:
            projection = expressions.projection(projection_expression)
        elif attributes is not None:
            projection = legacy.attributes_to_get(attributes, self.limits)
        expressions.finish()
        return test or EVERYTHING, projection

    def _page(
        self,
        table: Table,
        index: Index | None,
        select: str | None,
        projection: Projection | None,
        test: Condition,
        limit: int | None,
        consistent: bool | None,
        by_names: bool,
    ) -> Page:
        """Check what is selected against what there is."""
        parameter = "AttributesToGet" if by_names else "ProjectionExpression"
        if projection is not None and select not in (None, "SPECIFIC_ATTRIBUTES"):
            what = "only the Count" if select == "COUNT" else select
            raise invalid(f"Cannot specify the {parameter} when choosing to get {what}")
        if projection is None and select == "SPECIFIC_ATTRIBUTES":
            raise invalid(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            )
        if index is None and select == "ALL_PROJECTED_ATTRIBUTES":
            raise invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        fetches = False
        if index is not None and index.projected is not None:
            if select == "ALL_ATTRIBUTES":
                if not index.local:
                    raise invalid_parameter(
                        f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
                        "because its projection type is not ALL"
                    )
                fetches = True
            needed = [path[0] for path in (*(projection.paths if projection else ()), *test.paths)]
            lacking = [str(name) for name in dict.fromkeys(needed) if name not in index.projected]
            if lacking:
                if not index.local:
                    raise invalid_parameter(
                        f"Global secondary index {index.name} does not project [{', '.join(lacking)}]"
                    )
                fetches = True
        if projection is not None:
            table.check_paths(projection.paths)
        table.check_paths(test.paths)
        return Page(table, index, select or "", projection, test, limit, bool(consistent), fetches)

    def _entries(self, page: Page, stretch: Stretch, reverse: bool) -> Iterator[tuple[Place, Item]]:
        tree = page.table.items if page.index is None else page.index.tree
        low, high, inclusive = stretch.low, stretch.high, stretch.inclusive
        earlier = self._earlier(page.table, page.index, page.consistent, low, high)
        if earlier is None:
            return tree.items(low, high, inclusive=inclusive, reverse=reverse)
        return tree.stale_items(earlier, low, high, inclusive=inclusive, reverse=reverse)

    def _single(self, table: Table, place: Place, consistent: bool | None) -> Iterator[tuple[Place, Item]]:
        """The one item of a partition in a table without sort key."""
        item = self._read(table, place, consistent)
        return iter([] if item is None else [(place, item)])

    def _answer(
        self, page: Page, entries: Iterator[tuple[Place, Item]], mode: str | None, partition: str | None
    ) -> dict[str, Any]:
        """Read a page and answer with it."""
        limits, index, table = self.limits, page.index, page.table
        room, most = limits["page-size"], page.limit
        test = page.filter.test
        everything = page.filter is EVERYTHING
        found: list[Item] = []
        scanned = size = fetched = matched = 0
        last: Item | None = None
        ended = True
        for place, item in entries:
            if scanned and size + item.size > room:
                ended = False
                break
            if scanned == 1 and self.choose("dynamodb.short-page", (False, True), what=_SHORT):
                ended = False
                break
            scanned += 1
            size += item.size
            last = item
            if page.fetches:
                whole = table.items.get(place[-1])
                if whole is not None:
                    item = whole
                    fetched += read_units(whole.size, limits, consistent=page.consistent)  # type: ignore[assignment]
            if everything or test(item.attributes):
                matched += 1
                if page.select != "COUNT":
                    found.append(item)
            if scanned == most:
                ended = False
                break
        result: dict[str, Any] = {"Count": matched, "ScannedCount": scanned}
        if page.select != "COUNT":
            result["Items"] = self._items_shown(found, page.projection)
        if not ended and last is not None:
            names = index.start_key_names if index is not None else table.keys.names
            result["LastEvaluatedKey"] = {name: values.dump(last.attributes[name]) for name in names}
        name = index.name if index is not None and not index.local else None
        self.spent.append((READ, table.arn, name, size, page.consistent, False, matched))
        throttled = self._throttled("read")
        if throttled or mode is not None:
            consumed = Consumed(table)
            units = read_units(size, limits, consistent=page.consistent)
            if index is None:
                consumed.units = units
            else:
                consumed.add_index(index, units)
                consumed.units = float(fetched)
            if throttled:
                self._draw_read(consumed, {partition: units} if partition is not None and index is None else {})
            if wanted(mode, table) is not None:
                result["ConsumedCapacity"] = consumed.report(mode)
        return result


def _index(table: Table, name: str | None, consistent: bool | None) -> Index | None:
    if name is None:
        return None
    index = table.index(name)
    if consistent and not index.local:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return index


def _shown_key(key: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}=AttributeValue: {values.shown(value)}" for name, value in key.items()) + "}"


def _bound(text: str | None, plain: bool) -> Place | None:
    return text if plain or text is None else (text,)


def _check_segments(segment: int | None, total: int | None) -> None:
    if segment is not None and total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter "
            "is present"
        )
    if total is None:
        return
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments "
            "is present"
        )
    if segment >= total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
