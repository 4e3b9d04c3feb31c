"""ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: PartiQL."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from awsim.errors import AWSError
from awsim.services.dynamodb import values
from awsim.services.dynamodb.capacity import Consumed
from awsim.services.dynamodb.expressions import KeyCondition, Path, Projection
from awsim.services.dynamodb.expressions.paths import look_up
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.partiql import Bound, Statement, parse
from awsim.services.dynamodb.ranges import KeyRange, Stretch, key_range, start_place
from awsim.services.dynamodb.reads import EVERYTHING, Page, ReadOperations
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import Table
from awsim.services.dynamodb.transactions import Action, TransactionOperations
from awsim.services.dynamodb.values import ABSENT

_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_UNKEYED = "Select statements within {} must specify the primary key in the where clause."
# Error of a statement alone -> its code in a batch.
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ValidationException": "ValidationError",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ThrottlingException": "ThrottlingError",
    "ResourceNotFoundException": "ResourceNotFound",
    "AccessDeniedException": "AccessDenied",
    "DuplicateItemException": "DuplicateItem",
}


class _Columns:
    """The paths that a SELECT asks for, each under the name of its last part."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self._named = [(_column(path), path) for path in paths]

    def of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, path in self._named:
            value = look_up(item, path)
            if value is not ABSENT:
                found[name] = value
        return found


class StatementOperations(ReadOperations, TransactionOperations):
    """Operations in PartiQL."""

    def execute_statement(
        self,
        Statement: str,
        Parameters: list[dict[str, Any]] | None = None,
        ConsistentRead: bool | None = None,
        NextToken: str | None = None,
        ReturnConsumedCapacity: str | None = None,
        Limit: int | None = None,
        ReturnValuesOnConditionCheckFailure: str | None = None,
    ) -> dict[str, Any]:
        bound = Bound(_parsed(Statement), Parameters, self.limits)
        if bound.statement.kind == "SELECT":
            result = self._select(bound, ConsistentRead, Limit, NextToken, ReturnConsumedCapacity)
            if "LastEvaluatedKey" in result:
                result["NextToken"] = _token(Statement, result.pop("stretch"), result["LastEvaluatedKey"])
            result.pop("stretch", None)
            del result["Count"], result["ScannedCount"]
            return result
        if NextToken is not None:
            raise invalid("NextToken is not supported for this statement")
        action, consumed = self._run(bound, ReturnValuesOnConditionCheckFailure, ReturnConsumedCapacity)
        returned = _returned(bound.statement, action)
        result = {"Items": [values.dump_item(returned)] if returned else []}
        if consumed is not None:
            result["ConsumedCapacity"] = consumed
        return result

    def batch_execute_statement(
        self, Statements: list[dict[str, Any]], ReturnConsumedCapacity: str | None = None
    ) -> dict[str, Any]:
        parsed = [parse(one["Statement"]) for one in Statements]
        kinds = {one.kind == "SELECT" for one in parsed if isinstance(one, Statement)}
        if len(kinds) > 1:
            raise invalid("Statements of a batch must be either all reads or all writes")
        responses: list[dict[str, Any]] = []
        reports: dict[str, dict[str, Any]] = {}
        for request, statement in zip(Statements, parsed, strict=True):
            response: dict[str, Any] = {}
            try:
                if isinstance(statement, AWSError):
                    raise statement
                response["TableName"] = self._table_name(statement.table)
                item, report = self._run_member(statement, request, ReturnConsumedCapacity)
                if item:
                    response["Item"] = values.dump_item(item)
                if report is not None:
                    _add_report(reports, report)
            except AWSError as error:
                code = _CODES.get(error.code)
                if code is None:
                    raise
                response["Error"] = {"Code": code, "Message": error.message}
                if "Item" in error.fields:
                    response["Error"]["Item"] = error.fields["Item"]
                if code == "ResourceNotFound":
                    del response["TableName"]
            responses.append(response)
        result: dict[str, Any] = {"Responses": responses}
        if ReturnConsumedCapacity in ("TOTAL", "INDEXES"):
            result["ConsumedCapacity"] = list(reports.values())
        return result

    def execute_transaction(
        self,
        TransactStatements: list[dict[str, Any]],
        ClientRequestToken: str | None = None,
        ReturnConsumedCapacity: str | None = None,
    ) -> dict[str, Any]:
        members = []
        for number, request in enumerate(TransactStatements):
            try:
                bound = Bound(_parsed(request["Statement"]), request.get("Parameters"), self.limits)
                members.append((bound, self._member(bound, request)))
            except AWSError as error:
                if error.code != "ValidationException":
                    raise
                raise invalid(f"Validation failed in TransactStatements[{number}]: {error.message}") from None
        reads = [bound.statement.kind == "SELECT" for bound, _ in members]
        if any(reads) and not all(reads):
            raise invalid("Transaction statements must be either all reads or all writes")
        if all(reads):
            gets = []
            for bound, member in members:
                assert isinstance(member, tuple)
                columns = bound.columns()
                gets.append((*member, _Columns(columns) if columns is not None else None))
            return self._get_all(gets, ReturnConsumedCapacity)
        actions = [member for _, member in members if isinstance(member, Action)]
        result = self._write_all(actions, ReturnConsumedCapacity, None)
        return {"Responses": [{} for _ in actions], **result}

    # --- statements in batches and transactions

    def _member(self, bound: Bound, request: Mapping[str, Any]) -> Action | tuple[Table, dict[str, Any]]:
        """A statement of a transaction: the action of a write, or what a read gets."""
        statement = bound.statement
        if statement.returning is not None:
            raise invalid("RETURNING clause is not supported in ExecuteTransaction.")
        on_failure = request.get("ReturnValuesOnConditionCheckFailure")
        if statement.kind not in ("SELECT", "EXISTS"):
            return self._action_of(bound, on_failure)
        if statement.index is not None:
            raise invalid("Reads on indices are not supported within transactions.")
        table = self._table(statement.table)
        found = bound.key(table.keys)
        if statement.kind == "SELECT":
            if found is None or not found[1]:
                raise invalid(_UNKEYED.format("ExecuteTransaction"))
            return table, found[0]
        if found is None or found[1]:
            raise invalid("EXISTS() must contain a single item read with additional condition")
        return self._action_of(bound, on_failure)

    def _run_member(
        self, statement: Statement, request: Mapping[str, Any], mode: str | None
    ) -> tuple[Mapping[str, Any] | None, dict[str, Any] | None]:
        """Run a statement of a batch: its item and its ConsumedCapacity."""
        bound = Bound(statement, request.get("Parameters"), self.limits)
        if statement.kind != "SELECT":
            action, report = self._run(bound, request.get("ReturnValuesOnConditionCheckFailure"), mode)
            return _returned(statement, action), report
        table = self._table(statement.table)
        found = bound.key(table.keys)
        if statement.index is not None or found is None or not found[1]:
            raise invalid(_UNKEYED.format("BatchExecuteStatement"))
        table.keys.check_key(found[0], self.limits)
        result = self._select(bound, request.get("ConsistentRead"), None, None, mode)
        items = result["Items"]
        item = {name: values.load(value, self.limits) for name, value in items[0].items()} if items else None
        return item, result.get("ConsumedCapacity")

    # --- writes

    def _run(self, bound: Bound, on_failure: str | None, mode: str | None) -> tuple[Action, dict[str, Any] | None]:
        """Make the write of a statement: the action, done, and its ConsumedCapacity."""
        if bound.statement.kind == "EXISTS":
            raise invalid("EXISTS can only be used in ExecuteTransaction write requests.")
        action = self._action_of(bound, on_failure)
        table = action.table
        assert table is not None
        self._place(action)
        self._evaluate(action)
        consumed = Consumed(table)
        self._change(table, action.place, action.old, action.new, consumed)
        return action, consumed.report(mode)

    def _action_of(self, bound: Bound, on_failure: str | None) -> Action:
        statement = bound.statement
        request = {"ReturnValuesOnConditionCheckFailure": on_failure}
        if statement.kind == "INSERT":
            attributes = bound.item()
            item = Item(attributes, values.item_size(attributes))
            table = self._table(statement.table)
            return Action("Put", request, statement.table, None, item, None, None, fresh=True, table=table)
        update, where = bound.update(), bound.condition()
        table = self._table(statement.table)
        found = bound.key(table.keys)
        if found is None:
            raise invalid(_NO_KEY)
        key, alone = found
        kind = {"UPDATE": "Update", "DELETE": "Delete", "EXISTS": "ConditionCheck"}[statement.kind]
        # The key is part of the WHERE clause: that holds for no absent item.
        condition = None if kind == "Delete" and alone else where
        existing = kind == "Delete"
        return Action(kind, request, statement.table, key, None, update, condition, existing=existing, table=table)

    # --- reads

    def _select(
        self, bound: Bound, consistent: bool | None, limit: int | None, token: str | None, mode: str | None
    ) -> dict[str, Any]:
        """A page of a SELECT, as Query answers, with the `stretch` in which it ended."""
        statement = bound.statement
        table = self._table(statement.table)
        index: Index | None = None
        if statement.index is not None:
            index = table.indexes.get(statement.index)
            if index is None:
                raise invalid("The table does not have the specified index")
            if consistent and not index.local:
                raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
            index = table.index(statement.index)
        keys = table.keys if index is None else index.keys
        where = bound.condition()
        if index is not None and index.projected is not None and where is not None:
            lacking = dict.fromkeys(str(path[0]) for path in where.paths if path[0] not in index.projected)
            if lacking:
                raise invalid_parameter(
                    f"Secondary index {index.name} does not project one or more filter attributes: "
                    f"[{', '.join(lacking)}]"
                )
        conditions = bound.stretches(keys)
        reverse = self._order(statement, keys.names, conditions)
        columns = bound.columns()
        projection: Any = _Columns(columns) if columns is not None else None
        page = self._page(table, index, None, projection, where or EVERYTHING, limit, consistent, False)
        ranges = [key_range(keys, one, self.limits) for one in conditions] if conditions is not None else None
        if ranges and statement.order and statement.order[0][0] == keys.hash[0].name:
            name, descending = statement.order[0]
            ranges.sort(key=lambda one: one.equals[name], reverse=descending)
        begin, after = 0, None
        if token is not None:
            begin, key = _opened(token, self.request.params["Statement"])
            after, _ = start_place(table, index, key, self.limits, scan=ranges is None)
        reading = _Reading(begin)
        partition = ranges[0].partition if ranges and len(ranges) == 1 else None
        entries = self._all_entries(page, ranges, reading, after, reverse)
        result = self._answer(page, entries, mode, partition)
        result["stretch"] = reading.at
        return result

    def _all_entries(
        self, page: Page, ranges: list[KeyRange] | None, reading: _Reading, after: Place | None, reverse: bool
    ) -> Iterator[tuple[Place, Item]]:
        """Entries of one stretch after the other, from where a page before this one ended."""
        if ranges is None:
            stretch = Stretch(None, None)
            yield from self._entries(page, stretch.after(after, reverse=False) if after is not None else stretch, False)
            return
        plain = page.index is None and not page.table.keys.sort
        for number in range(reading.at, len(ranges)):
            reading.at = number
            selected = ranges[number]
            if plain:
                if after is None:
                    yield from self._single(page.table, selected.partition, page.consistent)
            else:
                stretch = selected.stretch
                if after is not None:
                    stretch = stretch.after(after, reverse=reverse)
                yield from self._entries(page, stretch, reverse)
            after = None

    def _order(
        self, statement: Statement, names: Sequence[str], conditions: list[dict[str, KeyCondition]] | None
    ) -> bool:
        """Whether to read backwards; raises where items cannot be ordered as asked."""
        if not statement.order:
            return False
        if statement.where is None:
            raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
        if conditions is None:
            raise invalid(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
            )
        for name, _ in statement.order:
            if name not in names:
                raise invalid(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
        return statement.order[-1][1]


class _Reading:
    """How far a SELECT has come: `at` is the number of the stretch that it reads."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


def _parsed(source: str) -> Statement:
    statement = parse(source)
    if isinstance(statement, AWSError):
        raise statement
    return statement


def _column(path: Path) -> str:
    name = ""
    for part in path:
        name = part if isinstance(part, str) else f"{name}[{part}]"
    return name


def _returned(statement: Statement, action: Action) -> Mapping[str, Any] | None:
    """What RETURNING asks for; None where nothing is left of it."""
    if statement.returning is None:
        return None
    which, when = statement.returning.split()
    item = action.old if when == "OLD" else action.new
    if item is None:
        return None
    if which == "ALL" or action.update is None:
        return item.attributes
    return Projection(action.update.paths).of(item.attributes)


def _add_report(reports: dict[str, dict[str, Any]], report: dict[str, Any]) -> None:
    """Add up ConsumedCapacity by table."""
    known = reports.get(report["TableName"])
    if known is None:
        reports[report["TableName"]] = report
        return
    known["CapacityUnits"] += report["CapacityUnits"]
    if "Table" in known:
        known["Table"]["CapacityUnits"] += report["Table"]["CapacityUnits"]
    for member in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for name, units in report.get(member, {}).items():
            index = known.setdefault(member, {}).setdefault(name, {"CapacityUnits": 0.0})
            index["CapacityUnits"] += units["CapacityUnits"]


# --- tokens -----------------------------------------------------------------------------------------------------------


def _digest(statement: str) -> str:
    return blake2b(statement.encode(), digest_size=8).hexdigest()


def _token(statement: str, stretch: int, key: Mapping[str, Any]) -> str:
    wire = {
        name: {kind: b64encode(raw).decode() if kind == "B" else raw for kind, raw in value.items()}
        for name, value in key.items()
    }
    return b64encode(json.dumps([_digest(statement), stretch, wire]).encode()).decode()


def _opened(token: str, statement: str) -> tuple[int, dict[str, Any]]:
    """The stretch and the key of a NextToken; ValidationException for one of another statement, or none at all."""
    try:
        digest, stretch, wire = json.loads(b64decode(token, validate=True))
        key = {
            name: {kind: b64decode(raw) if kind == "B" else raw for kind, raw in value.items()}
            for name, value in wire.items()
        }
        number = int(stretch)
    except (ValueError, RecursionError, TypeError, AttributeError):
        raise invalid("Given NextToken is not valid") from None
    if digest != _digest(statement):
        raise invalid("Given NextToken was not given for this statement")
    return number, key
