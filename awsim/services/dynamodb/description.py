"""TableDescription: a table as DescribeTable shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.capacity import Throughput
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.table import ON_DEMAND, Table

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits


def describe(table: Table, limits: ServiceLimits, *, fresh: bool = False) -> dict[str, Any]:
    """A table's description; `fresh` in the answer of CreateTable, which leaves out what is not known yet."""
    description: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.definitions.items()
        ],
        "TableName": table.name,
        "KeySchema": table.keys.describe(),
        "TableStatus": table.status,
        "CreationDateTime": table.created,
        "ProvisionedThroughput": _throughput(table.throughput),
        "TableSizeBytes": table.items.size,
        "ItemCount": len(table.items),
        "TableArn": table.arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": table.deletion_protection,
    }
    if table.billing == ON_DEMAND or table.billing_switched:
        summary: dict[str, Any] = {"BillingMode": table.billing}
        if table.on_demand_since is not None and not fresh:
            summary["LastUpdateToPayPerRequestDateTime"] = table.on_demand_since
        description["BillingModeSummary"] = summary
    if local := table.local_indexes:
        description["LocalSecondaryIndexes"] = [_index(table, index) for index in local]
    if others := table.global_indexes:
        description["GlobalSecondaryIndexes"] = [_global_index(table, index, limits, fresh) for index in others]
    if table.stream is not None:
        description["StreamSpecification"] = dict(table.stream)
    if table.stream_label is not None:
        description["LatestStreamLabel"] = table.stream_label
        description["LatestStreamArn"] = f"{table.arn}/stream/{table.stream_label}"
    if table.encryption is not None:
        description["SSEDescription"] = dict(table.encryption)
    if table.table_class is not None:
        summary = {"TableClass": table.table_class}
        if table.class_updated is not None:
            summary["LastUpdateDateTime"] = table.class_updated
        description["TableClassSummary"] = summary
    if table.restored is not None:
        description["RestoreSummary"] = {**table.restored, "RestoreInProgress": table.status == "CREATING"}
    if table.on_demand_limits:
        description["OnDemandThroughput"] = dict(table.on_demand_limits)
    if not fresh or table.warm:
        status = table.warm_lifecycle.state if table.warm_lifecycle is not None else "ACTIVE"
        description["WarmThroughput"] = _warm(table.throughput, table.billing, table.warm, status, limits)
    return description


def _index(table: Table, index: Index) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    return {
        "IndexName": index.name,
        "KeySchema": index.keys.describe(),
        "Projection": projection,
        "IndexSizeBytes": index.tree.size,
        "ItemCount": len(index.tree),
        "IndexArn": table.index_arn(index.name),
    }


def _global_index(table: Table, index: Index, limits: ServiceLimits, fresh: bool) -> dict[str, Any]:
    assert index.lifecycle is not None
    throughput = index.throughput or Throughput()
    description = _index(table, index)
    description["IndexStatus"] = index.lifecycle.state
    if index.backfills and index.lifecycle.state == "CREATING":
        description["Backfilling"] = True
    description["ProvisionedThroughput"] = _throughput(throughput)
    if index.on_demand_limits:
        description["OnDemandThroughput"] = dict(index.on_demand_limits)
    if not fresh or index.warm:
        description["WarmThroughput"] = _warm(throughput, table.billing, index.warm, "ACTIVE", limits)
    return description


def _throughput(throughput: Throughput) -> dict[str, Any]:
    return {name: value for name, value in throughput.describe().items() if value is not None}


def _warm(throughput: Throughput, billing: str, warm: Any, status: str, limits: ServiceLimits) -> dict[str, Any]:
    """WarmThroughput: what was asked for, else what the table serves at once."""
    read, write = throughput.read, throughput.write
    if billing == ON_DEMAND:
        read, write = int(limits["on-demand-warm-read"]), int(limits["on-demand-warm-write"])
    asked = warm or {}
    return {
        "ReadUnitsPerSecond": max(read, asked.get("ReadUnitsPerSecond", 0)),
        "WriteUnitsPerSecond": max(write, asked.get("WriteUnitsPerSecond", 0)),
        "Status": status,
    }
