"""BatchGetItem and BatchWriteItem."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb import intake, texts
from awsim.services.dynamodb.base import wanted
from awsim.services.dynamodb.capacity import Consumed, read_units
from awsim.services.dynamodb.items import ItemOperations, collection_metrics
from awsim.services.dynamodb.metrics import READ
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import NOT_THE_KEY, Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table
from awsim.wire.json_values import Written

_THROTTLED = "ProvisionedThroughputExceededException"
_DUPLICATES = "Provided list of item keys contains duplicates"
_NOT_ONE = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)


class BatchOperations(ItemOperations):
    """Operations on several items, each on its own."""

    def batch_get_item(self, RequestItems: dict[str, Any], ReturnConsumedCapacity: str | None = None) -> dict[str, Any]:
        limits = self.limits
        limits.check("batch-get-items", sum(len(wish["Keys"]) for wish in RequestItems.values()))
        projections = {
            name: self._projection(
                wish.get("AttributesToGet"), wish.get("ProjectionExpression"), wish.get("ExpressionAttributeNames")
            )
            for name, wish in RequestItems.items()
        }
        wanted_keys: list[tuple[str, Table, list[tuple[dict[str, Any], Place]]]] = []
        for name, wish in RequestItems.items():
            keys = [intake.load(key, limits) for key in wish["Keys"]]
            table = self._table(name)
            places = []
            for key in keys:
                table.keys.check_key(key, limits)
                places.append(table.keys.place(key))
            if len(set(places)) != len(places):
                raise invalid(_DUPLICATES)
            wanted_keys.append((name, table, list(zip(wish["Keys"], places, strict=True))))
        responses: dict[str, Any] = {}
        unprocessed: dict[str, Any] = {}
        reports = []
        room, size, refusal, done = limits["batch-get-size"], 0, None, 0
        quiet, throttling = limits.quiet, self.cloud.throttling
        for name, table, keys_and_places in wanted_keys:
            wish, projection, consumed = RequestItems[name], projections[name], Consumed(table)
            consistent = bool(wish.get("ConsistentRead"))
            found: list[Item] = []
            left: list[Any] = []
            if projection is not None:
                table.check_paths(projection.paths)
            for key, place in keys_and_places:
                item = self._read(table, place, consistent)
                bytes_ = item.size if item is not None else 0
                if size + bytes_ > room or (done and throttling and self._left_undone(table, "read")):
                    left.append(key)
                    continue
                units = read_units(bytes_, limits, consistent=consistent)
                if not quiet:
                    try:
                        self._draw_key(table, place, units)
                    except AWSError as error:
                        refusal = error
                        left.append(key)
                        continue
                self.spent.append((READ, table.arn, None, bytes_, consistent, False, 1))
                done += 1
                size += bytes_
                consumed.units += units
                if item is not None:
                    found.append(item)
            responses[name] = self._items_shown(found, projection)
            if left:
                unprocessed[name] = {**wish, "Keys": left}
            if (report := consumed.report(ReturnConsumedCapacity)) is not None:
                reports.append(report)
        if refusal is not None and not done:
            raise refusal
        result: dict[str, Any] = {
            "Responses": Written(texts.mapped(responses)) if self._writes else responses,
            "UnprocessedKeys": unprocessed,
        }
        if reports:
            result["ConsumedCapacity"] = reports
        return result

    def batch_write_item(
        self,
        RequestItems: dict[str, Any],
        ReturnConsumedCapacity: str | None = None,
        ReturnItemCollectionMetrics: str | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        limits.check("batch-write-items", sum(len(requests) for requests in RequestItems.values()))
        loaded = {name: [self._load_request(one) for one in requests] for name, requests in RequestItems.items()}
        sizes = [new.size for requests in loaded.values() for _, new in requests if new is not None]
        if sizes:
            limits.check("item-size", max(sizes))  # all are within it: it is noted as used
        limits.check("batch-write-size", sum(sizes))
        writes: list[tuple[str, Table, list[tuple[Any, Place, Item | None]]]] = []
        for name, requests in loaded.items():
            table = self._table(name)
            places = [self._place_request(table, key, new) for key, new in requests]
            if len(set(places)) != len(places):
                raise invalid(_DUPLICATES)
            news = [new for _, new in requests]
            writes.append((name, table, list(zip(RequestItems[name], places, news, strict=True))))
        unprocessed: dict[str, Any] = {}
        metrics: dict[str, Any] = {}
        reports = []
        refusal, done, throttling = None, 0, self.cloud.throttling
        for name, table, placed in writes:
            consumed = wanted(ReturnConsumedCapacity, table)
            for wire, place, new in placed:
                old = table.items.get(place)
                if done and throttling and self._left_undone(table, "write"):
                    unprocessed.setdefault(name, []).append(wire)
                    continue
                try:
                    self._change(table, place, old, new, consumed)
                except AWSError as error:
                    if error.code != _THROTTLED:
                        raise
                    refusal = error
                    unprocessed.setdefault(name, []).append(wire)
                    continue
                done += 1
                if ReturnItemCollectionMetrics == "SIZE":
                    report = collection_metrics(table, place, new or old) if new or old else None  # type: ignore[arg-type]
                    if report is not None:
                        metrics.setdefault(name, []).append(report)
            if consumed is not None:
                reports.append(consumed.report(ReturnConsumedCapacity))
        if refusal is not None and not done:
            raise refusal
        result: dict[str, Any] = {"UnprocessedItems": unprocessed}
        if metrics:
            result["ItemCollectionMetrics"] = metrics
        if reports:
            result["ConsumedCapacity"] = reports
        return result

    def _load_request(self, request: dict[str, Any]) -> tuple[dict[str, Any] | None, Item | None]:
        """A WriteRequest in memory: the key of a delete, or the item of a put."""
        put, delete = request.get("PutRequest"), request.get("DeleteRequest")
        if (put is None) == (delete is None):
            raise invalid(_NOT_ONE)
        if put is not None:
            new = self._load_item(put["Item"])
            most = self.limits["item-size"]
            if most is not None and new.size > most:
                self.limits.check("item-size", new.size)
            return None, new
        assert delete is not None
        return intake.load(delete["Key"], self.limits), None

    def _place_request(self, table: Table, key: dict[str, Any] | None, new: Item | None) -> Place:
        limits = self.limits
        if new is None:
            assert key is not None
            table.keys.check_key(key, limits)
            return table.keys.place(key)
        if not table.indexes and table.keys.surely(new.attributes, limits):
            return table.keys.place(new.attributes)
        try:
            table.check_item(new.attributes, limits)
        except AWSError as error:
            # A batch has other words than PutItem for the same.
            if "Missing the key" in error.message or "Type mismatch for key" in error.message:
                raise invalid(NOT_THE_KEY) from None
            raise
        return table.keys.place(new.attributes)

    def _left_undone(self, table: Table, what: str) -> bool:
        """Whether a batch leaves one more item unprocessed though there is capacity: AWS's to decide, where the test
        asked for throttling. (What is left of a batch of which nothing was done is an error: one always is.)"""
        return self.choose("dynamodb.unprocessed", (False, True), what=f"left a {what} of {table.name} unprocessed")

    def _draw_key(self, table: Table, place: Place, units: float) -> None:
        if self._throttled("read"):
            consumed = Consumed(table)
            consumed.units = units
            self._draw_read(consumed, {place if type(place) is str else place[0]: units})
