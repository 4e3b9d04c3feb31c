"""What DynamoDB tells CloudWatch.

Each call is noted as its record in the journal and what it read and wrote: entries of `Base.spent`, from which units
are reckoned here. Source: DynamoDB Developer Guide, "DynamoDB metrics and dimensions".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from awsim.metering import Dimensions, Level, Sample
from awsim.services.dynamodb.capacity import Throughput, read_units, units_of_write

if TYPE_CHECKING:
    from awsim.calls import CallRecord
    from awsim.limits.table import ServiceLimits
    from awsim.services.dynamodb.table import Table

READ, WRITE = "Read", "Write"
_NAMESPACE = "AWS/DynamoDB"
_WRITES = frozenset(("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"))
_READS = frozenset(("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"))
_STATEMENTS = frozenset(("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"))
_COUNTED = frozenset(("Query", "Scan"))
_THROTTLES = frozenset(("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"))
_CONDITION = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"

#: (READ, table's ARN, global index or None, bytes, consistent, transaction, items found) or (WRITE, table's ARN, bytes,
#: what its local indexes and its global ones consumed or None, transaction).
Entry = tuple[Any, ...]
#: Operation, time, the call if it was refused (what it asked the journal may forget), what it read and wrote.
Note = tuple[str, float, "CallRecord | None", list[Entry]]


def measurements(notes: Iterable[Note], limits: ServiceLimits, account: str) -> Iterator[Sample]:
    """What notes say."""
    for operation, time, refused, spent in notes:
        if operation in _READS or operation in _WRITES or operation in _STATEMENTS:
            yield from _of_call(operation, time, refused, spent, limits, account)
        elif refused is not None:
            yield from _user_error(refused)


def _of_call(
    operation: str, time: float, refused: CallRecord | None, spent: list[Entry], limits: ServiceLimits, account: str
) -> Iterator[Sample]:
    tables = dict.fromkeys(_name(entry[1]) for entry in spent)
    if not tables and refused is not None:
        tables = dict.fromkeys(_named(refused))
    error = None if refused is None else refused.error
    for table in tables:
        dimensions = (("TableName", table), ("Operation", operation))
        if error is None:
            yield Sample(_NAMESPACE, "SuccessfulRequestLatency", dimensions, "Milliseconds", time, 0)
        elif error.code in _THROTTLES:
            yield Sample(_NAMESPACE, "ThrottledRequests", dimensions, "Count", time, 1)
            kind = READ if operation in _READS else WRITE
            yield Sample(_NAMESPACE, f"{kind}ThrottleEvents", (("TableName", table),), "Count", time, 1)
        elif error.code == _CONDITION:
            yield Sample(_NAMESPACE, "ConditionalCheckFailedRequests", (("TableName", table),), "Count", time, 1)
        elif (error.status or 400) >= 500:
            yield Sample(_NAMESPACE, "SystemErrors", dimensions, "Count", time, 1)
    if refused is not None and error is not None:
        if error.code == _CANCELLED:
            yield from _cancelled(refused, list(tables))
        yield from _user_error(refused)
    for entry in spent:
        yield from _consumed(entry, time, operation, limits, account)


def _name(arn: str) -> str:
    return arn.partition(":table/")[2]


def _user_error(record: CallRecord) -> Iterator[Sample]:
    error = record.error
    assert error is not None
    if error.code not in _THROTTLES and error.code != _CONDITION and (error.status or 400) < 500:
        yield Sample(_NAMESPACE, "UserErrors", (), "Count", record.timestamp, 1)


def _cancelled(record: CallRecord, tables: list[str]) -> Iterator[Sample]:
    assert record.error is not None
    for reason in record.error.fields.get("CancellationReasons") or ():
        name = {
            "TransactionConflict": "TransactionConflict",
            "ConditionalCheckFailed": "ConditionalCheckFailedRequests",
        }
        if reason["Code"] in name and tables:
            yield Sample(_NAMESPACE, name[reason["Code"]], (("TableName", tables[0]),), "Count", record.timestamp, 1)


def _consumed(entry: Entry, time: float, operation: str, limits: ServiceLimits, account: str) -> Iterator[Sample]:
    kind, arn = entry[0], entry[1]
    owner = arn.split(":")[4]
    other = None if owner == account else owner
    of_table: Dimensions = (("TableName", _name(arn)),)
    name = f"Consumed{kind}CapacityUnits"
    if kind == READ:
        _, _, index, size, consistent, transaction, found = entry
        units = read_units(size, limits, consistent=consistent, transaction=transaction)
        dimensions = of_table
        if index is not None:
            dimensions = (*of_table, ("GlobalSecondaryIndexName", index))
        yield Sample(_NAMESPACE, name, dimensions, "Count", time, units, account=other)
        if operation in _COUNTED:
            returned = (*of_table, ("Operation", operation))
            yield Sample(_NAMESPACE, "ReturnedItemCount", returned, "Count", time, found, account=other)
        return
    _, _, size, costs, transaction = entry
    units = units_of_write(size, limits, transaction=transaction)
    if costs is not None:
        of_local, of_global = costs
        units += sum(of_local.values())
        for index, more in of_global.items():
            dimensions = (*of_table, ("GlobalSecondaryIndexName", index))
            yield Sample(_NAMESPACE, name, dimensions, "Count", time, more, account=other)
    yield Sample(_NAMESPACE, name, of_table, "Count", time, units, account=other)


def _named(record: CallRecord) -> list[str]:
    """The tables that a refused call named."""
    parameters = record.parameters
    if isinstance(parameters.get("TableName"), str):
        names = [parameters["TableName"]]
    elif isinstance(parameters.get("RequestItems"), dict):
        names = list(parameters["RequestItems"])
    else:
        wishes = [wish for item in parameters.get("TransactItems") or () for wish in item.values()]
        names = [wish["TableName"] for wish in wishes if isinstance(wish, dict) and "TableName" in wish]
    return [name.rpartition("/")[2] for name in names]


def levels(table: Table) -> Iterator[Level]:
    """What a table has provisioned."""
    dimensions: Dimensions = (("TableName", table.name),)
    yield from _provisioned(dimensions, table.throughput, table.created)
    for index in table.indexes.values():
        if not index.local:
            of_index = (*dimensions, ("GlobalSecondaryIndexName", index.name))
            yield from _provisioned(of_index, index.throughput or Throughput(), table.created)


def _provisioned(dimensions: Dimensions, throughput: Throughput, created: float) -> Iterator[Level]:
    since = max(created, throughput.increased or 0, throughput.decreased or 0)
    for kind, units in ((READ, throughput.read), (WRITE, throughput.write)):
        if units:
            yield Level(_NAMESPACE, f"Provisioned{kind}CapacityUnits", dimensions, "Count", since, units, period=300)
