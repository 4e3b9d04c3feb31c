"""TransactGetItems and TransactWriteItems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb import intake, texts
from awsim.services.dynamodb.capacity import Consumed, draw, read_units, write_units
from awsim.services.dynamodb.expressions import Condition, Projection, Update
from awsim.services.dynamodb.items import ItemOperations, collection_metrics
from awsim.services.dynamodb.metrics import READ
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table
from awsim.services.dynamodb.terms import Terms
from awsim.wire.json_values import Written

_KINDS = ("ConditionCheck", "Put", "Delete", "Update")
_NOT_ONE = "TransactItems can only contain one of Check, Put, Update or Delete"
_TWICE = "Transaction request cannot include multiple operations on one item"
# What an action may fail for, by the code of the error that the operation alone would give.
_REASONS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "DuplicateItemException": "DuplicateItem",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
}


@dataclass(slots=True)
class Action:
    """One action of a write, expressions bound; then its item's place, and the item before and after.

    `fresh`: there must be no item yet. `existing`: where there is none, nothing is checked and nothing done.
    """

    kind: str
    request: dict[str, Any]
    table_name: str
    key: dict[str, Any] | None
    put: Item | None
    update: Update | None
    condition: Condition | None
    fresh: bool = False
    existing: bool = False
    table: Table | None = None
    place: Place = None
    old: Item | None = None
    new: Item | None = None


class TransactionOperations(ItemOperations):
    """Operations on several items, all or none."""

    def transact_get_items(
        self, TransactItems: list[dict[str, Any]], ReturnConsumedCapacity: str | None = None
    ) -> dict[str, Any]:
        limits = self.limits
        gets: list[tuple[Table, dict[str, Any], Projection | None]] = []
        for wish in TransactItems:
            get = wish.get("Get")
            if get is None:
                raise invalid("TransactItems can only contain one Get")
            projection = self._projection(None, get.get("ProjectionExpression"), get.get("ExpressionAttributeNames"))
            key = intake.load(get["Key"], limits)
            gets.append((self._table(get["TableName"]), key, projection))
        return self._get_all(gets, ReturnConsumedCapacity)

    def _get_all(
        self, gets: list[tuple[Table, dict[str, Any], Any]], ReturnConsumedCapacity: str | None
    ) -> dict[str, Any]:
        """Read items together; of each get, the table, the key and the projection."""
        limits = self.limits
        reasons = Reasons(len(gets))
        places = []
        for number, (table, key, _) in enumerate(gets):
            try:
                table.keys.check_key(key, limits)
                places.append(table.keys.place(key))
            except AWSError as error:
                reasons.note(number, error)
                reasons.stop()  # AWS looks no further once an action is invalid
        if len({(table.name, place) for (table, _, _), place in zip(gets, places, strict=True)}) != len(gets):
            raise invalid(_TWICE)
        found: list[tuple[Item | None, Projection | None]] = []
        size = 0
        charges: dict[str, Consumed] = {}
        for (table, _, projection), place in zip(gets, places, strict=True):
            item = table.items.get(place)
            charge = charges.setdefault(table.name, Consumed(table))
            charge.units += read_units(item.size if item else 0, limits, consistent=True, transaction=True)
            found.append((item, projection))
            self.spent.append((READ, table.arn, None, item.size if item else 0, True, True, 1))
            if item is not None:
                size += item.size
                if projection is not None:
                    table.check_paths(projection.paths)
        limits.check("transaction-size", size)
        if self._throttled("read"):
            for charge in charges.values():
                first = next(number for number, (table, _, _) in enumerate(gets) if table is charge.table)
                try:
                    self._draw_read(charge, {})
                except AWSError as error:
                    reasons.note(first, error)
            reasons.stop()
        result: dict[str, Any] = {"Responses": self._responses(found)}
        self._report(result, charges, ReturnConsumedCapacity, "ReadCapacityUnits")
        return result

    def _responses(self, found: list[tuple[Item | None, Projection | None]]) -> Any:
        """ItemResponses, empty ones where there is no item."""
        shown = [{} if item is None else {"Item": self._item_shown(item, projection)} for item, projection in found]
        return Written(texts.listed(map(texts.mapped, shown))) if self._writes else shown

    def transact_write_items(
        self,
        TransactItems: list[dict[str, Any]],
        ReturnConsumedCapacity: str | None = None,
        ReturnItemCollectionMetrics: str | None = None,
        ClientRequestToken: str | None = None,
    ) -> dict[str, Any]:
        actions = [self._action(wish) for wish in TransactItems]
        return self._write_all(actions, ReturnConsumedCapacity, ReturnItemCollectionMetrics)

    def _write_all(
        self, actions: list[Action], ReturnConsumedCapacity: str | None, ReturnItemCollectionMetrics: str | None
    ) -> dict[str, Any]:
        """Make all writes or none."""
        limits = self.limits
        size = 0
        tables: dict[str, Table] = {}
        for action in actions:
            if action.put is not None:
                size += action.put.size
        limits.check("transaction-size", size)
        for action in actions:
            name = action.table_name
            table = tables.get(name)
            if table is None:
                table = tables[name] = self._table(name)
            action.table = table
        reasons = Reasons(len(actions))
        places = set()
        for number, action in enumerate(actions):
            try:
                self._place(action)
                places.add((action.table.id, action.place))  # type: ignore[union-attr]
            except AWSError as error:
                reasons.note(number, error)
                reasons.stop()  # AWS looks no further once an action is invalid
        if len(places) != len(actions):
            raise invalid(_TWICE)
        for number, action in enumerate(actions):
            try:
                self._evaluate(action)
            except AWSError as error:
                reasons.note(number, error)
        if not limits.quiet and self._throttled("write") and not reasons.any:
            for number, action in enumerate(actions):
                try:
                    self._draw_action(action)
                except AWSError as error:
                    reasons.note(number, error)
        reasons.stop()
        charges: dict[str, Consumed] = {}
        metrics: dict[str, Any] = {}
        charge: Consumed | None = None
        for action in actions:
            table = action.table
            assert table is not None
            if ReturnConsumedCapacity is not None:
                charge = charges.setdefault(table.name, Consumed(table))
            if action.kind == "ConditionCheck":
                if charge is not None:
                    charge.units += read_units(
                        action.old.size if action.old else 0, limits, consistent=True, transaction=True
                    )
                continue
            self._change(table, action.place, action.old, action.new, charge, transaction=True)
            if ReturnItemCollectionMetrics == "SIZE" and (item := action.new or action.old) is not None:
                report = collection_metrics(table, action.place, item)
                if report is not None:
                    metrics.setdefault(table.name, []).append(report)
        result: dict[str, Any] = {}
        if metrics:
            result["ItemCollectionMetrics"] = metrics
        if charges:
            self._report(result, charges, ReturnConsumedCapacity, "WriteCapacityUnits")
        return result

    def _action(self, wish: dict[str, Any]) -> Action:
        """One TransactItem with its values loaded and its expressions bound: their errors are the whole request's."""
        if None in wish.values():
            wish = {kind: request for kind, request in wish.items() if request is not None}
        if len(wish) != 1:
            raise invalid(_NOT_ONE)
        ((kind, request),) = wish.items()
        if kind not in _KINDS:
            raise invalid(_NOT_ONE)
        put = key = None
        if kind == "Put":
            put = self._load_item(request["Item"])
        else:
            key = intake.load(request["Key"], self.limits)
        update: Update | None = None
        condition: Condition | None = None
        if len(request) > 2:  # more than a table and an item or its key
            update, condition = Terms(
                update=request.get("UpdateExpression"),
                condition=request.get("ConditionExpression"),
                names=request.get("ExpressionAttributeNames"),
                values=request.get("ExpressionAttributeValues"),
                updating=kind == "Update",
            ).bind(self.limits)
        return Action(kind, request, request["TableName"], key, put, update, condition)

    def _place(self, action: Action) -> None:
        """Where the action's item is; raises what makes the action invalid whatever the item is."""
        table, limits = action.table, self.limits
        assert table is not None
        if action.put is not None:
            limits.check("item-size", action.put.size)
            table.check_item(action.put.attributes, limits)
            action.place = table.keys.place(action.put.attributes)
        else:
            assert action.key is not None
            table.keys.check_key(action.key, limits)
            action.place = table.keys.place(action.key)
        if action.update is not None:
            self._check_update(table, action.update)

    def _evaluate(self, action: Action) -> None:
        """Check the condition and compute the item after the action."""
        table, on_failure = action.table, action.request.get("ReturnValuesOnConditionCheckFailure")
        assert table is not None
        if action.kind == "Update":
            assert action.key is not None
            action.old, action.new = self._updated(
                table, action.key, action.place, action.update, action.condition, on_failure
            )
            return
        action.old = table.items.get(action.place)
        if action.fresh and action.old is not None:
            raise AWSError("DuplicateItemException", "Duplicate primary key exists in table", status=400)
        if action.condition is not None and not (action.existing and action.old is None):
            self._check(table, action.condition, action.old, on_failure)
        action.new = action.put

    def _draw_action(self, action: Action) -> None:
        table = action.table
        assert table is not None
        costs = table.index_costs(action.place, action.old, action.new, self.limits)
        costs.units = write_units(action.old, action.new, self.limits, transaction=True)
        partition = action.place if type(action.place) is str else action.place[0]
        draw("write", costs, {partition: costs.units}, self.limits, self.clock.time())

    def _report(self, result: dict[str, Any], charges: dict[str, Consumed], mode: str | None, kind: str) -> None:
        reports = [charge.report(mode, kind=kind) for charge in charges.values()]
        if reports and reports[0] is not None:
            result["ConsumedCapacity"] = reports


class Reasons:
    """Why a transaction is cancelled, action by action."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._noted: dict[int, dict[str, Any]] = {}

    @property
    def any(self) -> bool:
        """Whether any action was refused."""
        return bool(self._noted)

    def note(self, number: int, error: AWSError) -> None:
        """Let the refusal of an action be a reason; raises one that is the whole request's."""
        code = _REASONS.get(error.code)
        if code is None:
            raise error
        reason = self._noted[number] = {"Code": code, "Message": error.message}
        if "Item" in error.fields:
            reason["Item"] = error.fields["Item"]

    def stop(self) -> None:
        """Cancel the transaction if any action was refused."""
        if not self._noted:
            return
        reasons = [self._noted.get(number) or {"Code": "None"} for number in range(self._count)]
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise AWSError(
            "TransactionCanceledException",
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            status=400,
            fields={"CancellationReasons": reasons},
        )
