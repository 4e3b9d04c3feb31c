"""CreateTable, DescribeTable, UpdateTable, DeleteTable and ListTables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from awsim.services.dynamodb import definitions
from awsim.services.dynamodb.backups import BackupOperations
from awsim.services.dynamodb.capacity import Throughput
from awsim.services.dynamodb.description import describe
from awsim.services.dynamodb.encryption import key_for, locked_since
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import KeySchema
from awsim.services.dynamodb.streams import Stream
from awsim.services.dynamodb.table import ON_DEMAND, PROVISIONED, Table
from awsim.state import Dict, Lifecycle, tag_map

_NOT_NULL = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null"
_CREATING = [("CREATING", "table-create"), ("ACTIVE", None)]
_UPDATING = [("UPDATING", "table-update"), ("ACTIVE", None)]
_ONE_INDEX = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
_NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
    "SSESpecification or ReplicaUpdates is required"
)


class TableOperations(BackupOperations):
    """Operations on tables."""

    def create_table(
        self,
        TableName: str,
        AttributeDefinitions: list[dict[str, Any]] | None = None,
        KeySchema: list[dict[str, Any]] | None = None,
        LocalSecondaryIndexes: list[dict[str, Any]] | None = None,
        GlobalSecondaryIndexes: list[dict[str, Any]] | None = None,
        BillingMode: str | None = None,
        ProvisionedThroughput: dict[str, Any] | None = None,
        StreamSpecification: dict[str, Any] | None = None,
        SSESpecification: dict[str, Any] | None = None,
        Tags: list[dict[str, str]] | None = None,
        TableClass: str | None = None,
        DeletionProtectionEnabled: bool | None = None,
        WarmThroughput: dict[str, int] | None = None,
        OnDemandThroughput: dict[str, int] | None = None,
    ) -> dict[str, Any]:
        limits = self.limits
        if not TableName.startswith("arn:") and not 3 <= len(TableName) <= limits["table-name-length"]:
            raise limits.error("table-name-length")
        name = self._new_table_name(TableName)
        for member, given in (("attributeDefinitions", AttributeDefinitions), ("keySchema", KeySchema)):
            if given is None:
                raise invalid(_NOT_NULL.format(member))
        assert AttributeDefinitions is not None
        assert KeySchema is not None
        throughput = definitions.table_throughput(BillingMode, ProvisionedThroughput, limits)
        types = definitions.attribute_types(AttributeDefinitions)
        keys = definitions.table_keys(KeySchema, types)
        indexes: dict[str, Index] = {}
        for index in self._local_indexes(LocalSecondaryIndexes, types, keys):
            self._add_index(indexes, index)
        for index in self._global_indexes(GlobalSecondaryIndexes, types, keys, BillingMode):
            self._add_index(indexes, index)
        self._check_projections(list(indexes.values()))
        definitions.check_all_used(types, [keys, *(index.keys for index in indexes.values())])
        stream = _stream(StreamSpecification)
        tags = self._checked_tags({}, tag_map(Tags))
        self._drop_deleted()
        if name in self.tables:
            raise self.error("ResourceInUseException", f"Table already exists: {name}")
        self._check_account_units(throughput, indexes)
        table = Table(
            name,
            self.arn(f"table/{name}"),
            self.ids.uuid("table"),
            keys,
            types,
            self.clock.time(),
            Lifecycle(self, _CREATING),
        )
        table.throughput = throughput
        table.billing = BillingMode or PROVISIONED
        if table.billing == ON_DEMAND:
            table.on_demand_since = table.created
        for index in indexes.values():
            table.indexes[index.name] = index
        if any(index.local for index in indexes.values()):
            table.collections = Dict()
        table.table_class = TableClass if TableClass != "STANDARD" else None
        table.deletion_protection = bool(DeletionProtectionEnabled)
        table.encryption = self._encryption(table.name, SSESpecification)
        table.tags = tags
        table.on_demand_limits = OnDemandThroughput
        if WarmThroughput is not None:
            table.warm = WarmThroughput
            table.warm_lifecycle = Lifecycle(self, _UPDATING)
        if stream is not None:
            self._start_stream(table, stream)
        self.tables.add(table)
        return {"TableDescription": describe(table, self.limits, fresh=True)}

    def describe_table(self, TableName: str) -> dict[str, Any]:
        table = self._described(TableName)
        description = self._description(table)
        since = locked_since(self, table)
        if since is not None and table.status == "ACTIVE":
            description["TableStatus"] = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
            description["SSEDescription"]["InaccessibleEncryptionDateTime"] = since
        return {"Table": description}

    def list_tables(self, ExclusiveStartTableName: str | None = None, Limit: int | None = None) -> dict[str, Any]:
        self._drop_deleted()
        names = sorted(self.tables.keys())
        if ExclusiveStartTableName is not None:
            names = [name for name in names if name > ExclusiveStartTableName]
        page = Limit or int(self.limits["list-tables-page"])
        result: dict[str, Any] = {"TableNames": names[:page]}
        if len(names) > page:
            result["LastEvaluatedTableName"] = names[page - 1]
        return result

    def delete_table(self, TableName: str) -> dict[str, Any]:
        table = self._described(TableName)
        self._check_idle(table)
        if table.deletion_protection:
            raise invalid(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        table.lifecycle = Lifecycle(self, [("DELETING", "table-delete"), ("DELETED", None)])
        self.deleting[table.name] = True
        self._end_stream(table)
        if table.recovery_since is not None:
            self._back_up(table, f"{table.name}$DeletedTableBackup", "SYSTEM")
        description = self._description(table)
        for member in ("AttributeDefinitions", "KeySchema", "CreationDateTime", "GlobalSecondaryIndexes",
                       "LocalSecondaryIndexes", "WarmThroughput"):  # fmt: skip
            description.pop(member, None)
        return {"TableDescription": description}

    def update_table(
        self,
        TableName: str,
        AttributeDefinitions: list[dict[str, Any]] | None = None,
        BillingMode: str | None = None,
        ProvisionedThroughput: dict[str, Any] | None = None,
        GlobalSecondaryIndexUpdates: list[dict[str, Any]] | None = None,
        StreamSpecification: dict[str, Any] | None = None,
        SSESpecification: dict[str, Any] | None = None,
        TableClass: str | None = None,
        DeletionProtectionEnabled: bool | None = None,
        OnDemandThroughput: dict[str, int] | None = None,
        WarmThroughput: dict[str, int] | None = None,
        ReplicaUpdates: list[dict[str, Any]] | None = None,
        MultiRegionConsistency: str | None = None,
    ) -> dict[str, Any]:
        if MultiRegionConsistency == "STRONG":
            self.not_modelled("UpdateTable of MultiRegionConsistency STRONG")
        given = (
            BillingMode, ProvisionedThroughput, GlobalSecondaryIndexUpdates, StreamSpecification, SSESpecification,
            TableClass, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput,
        )  # fmt: skip
        if ReplicaUpdates:
            if any(parameter is not None for parameter in given):
                raise invalid_parameter("ReplicaUpdates cannot be combined with other updates of a table")
            return self._replicate(TableName, ReplicaUpdates)
        if all(parameter is None for parameter in given) or GlobalSecondaryIndexUpdates == []:
            raise invalid(_NOTHING)
        if BillingMode == PROVISIONED and ProvisionedThroughput is None:
            raise invalid_parameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        for number, update in enumerate(GlobalSecondaryIndexUpdates or []):
            _check_update(update, [_index_name(one) for one in (GlobalSecondaryIndexUpdates or [])[:number]])
        table = self._described(TableName)
        self._check_idle(table)
        billing = BillingMode or table.billing
        if ProvisionedThroughput is not None and billing == ON_DEMAND:
            definitions.table_throughput(billing, ProvisionedThroughput, self.limits)
        # Everything is checked before anything changes.
        throughput = self._new_throughput(table, billing, ProvisionedThroughput)
        created, deleted, changed = self._index_updates(
            table, billing, GlobalSecondaryIndexUpdates or [], AttributeDefinitions
        )
        if BillingMode == PROVISIONED and table.billing == ON_DEMAND:
            left = [index.name for index in table.global_indexes if index.name not in changed]
            if left:
                raise invalid_parameter(f"ProvisionedThroughput must be specified for index: {','.join(left)}")
        stream = self._new_stream(table, StreamSpecification)
        switches = self._new_switches(table, BillingMode)
        self._apply(table, billing, throughput, switches)
        for name, index_throughput in changed.items():
            table.indexes[name].next_throughput = index_throughput
            table.indexes[name].lifecycle = Lifecycle(self, _UPDATING)
        if StreamSpecification is not None:
            self._start_stream(table, stream)
        if SSESpecification is not None:
            table.encryption = self._encryption(table.name, SSESpecification)
            table.key_used, table.locked_since = self.clock.time(), None
        if TableClass is not None:
            table.table_class = TableClass
            table.class_updated = self.clock.time()
        if DeletionProtectionEnabled is not None:
            table.deletion_protection = DeletionProtectionEnabled
        if OnDemandThroughput is not None:
            table.on_demand_limits = OnDemandThroughput
        if WarmThroughput is not None:
            table.warm = WarmThroughput
            table.warm_lifecycle = Lifecycle(self, _UPDATING)
        table.lifecycle = Lifecycle(self, _UPDATING)
        table.unsettled = True
        if created is not None:
            types = definitions.attribute_types(AttributeDefinitions or [])
            table.definitions = {**table.definitions, **types}
            created.backfill(table.items, self.limits)
            table.indexes[created.name] = created
            table.lifecycle = Lifecycle(self, [("UPDATING", "index-create"), ("ACTIVE", None)])
        if deleted is not None:
            deleted.lifecycle = Lifecycle(self, [("DELETING", "index-delete"), ("DELETED", None)])
            table.lifecycle = Lifecycle(self, [("UPDATING", "index-delete"), ("ACTIVE", None)])
        shared = {
            "AttributeDefinitions": AttributeDefinitions,
            "BillingMode": BillingMode,
            "ProvisionedThroughput": ProvisionedThroughput,
            "GlobalSecondaryIndexUpdates": GlobalSecondaryIndexUpdates,
            "OnDemandThroughput": OnDemandThroughput,
            "WarmThroughput": WarmThroughput,
        }
        self._updated_table(table, shared)
        description = self._description(table)
        if created is not None:
            # Its resources are allocated first; what the table has comes into it after that.
            made = next(each for each in description["GlobalSecondaryIndexes"] if each["IndexName"] == created.name)
            made["Backfilling"] = False
        return {"TableDescription": description}

    def _replicate(self, TableName: str, updates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """UpdateTable's ReplicaUpdates; overridden by what makes replicas."""
        raise NotImplementedError

    def _updated_table(self, table: Table, request: Mapping[str, Any]) -> None:
        """Overridden by what changes replicas likewise: `request` is what they share of an UpdateTable."""

    def _description(self, table: Table) -> dict[str, Any]:
        """As DescribeTable shows a table."""
        return describe(table, self.limits)

    # --- parts of CreateTable

    def _new_table_name(self, name: str) -> str:
        known = self._table_name(name)
        if known.startswith("arn:"):
            raise invalid(f"Invalid TableArn: {name} is of another account or Region")
        return known

    def _local_indexes(
        self, given: Sequence[Mapping[str, Any]] | None, types: Mapping[str, str], keys: KeySchema
    ) -> list[Index]:
        if given is None:
            return []
        if not given:
            raise invalid_parameter("List of LocalSecondaryIndexes is empty")
        if not keys.sort:
            raise invalid_parameter(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            )
        indexes = []
        for one in given:
            name = one["IndexName"]
            schema = definitions.local_keys(name, one["KeySchema"], types, keys)
            projection, included = definitions.projection_of(one["Projection"])
            indexes.append(Index(name, schema, keys, projection, included, local=True))
        self.limits.quota("local-indexes", 0, adding=len(indexes))
        return indexes

    def _global_indexes(
        self,
        given: Sequence[Mapping[str, Any]] | None,
        types: Mapping[str, str],
        keys: KeySchema,
        billing: str | None,
    ) -> list[Index]:
        if given is None:
            return []
        if not given:
            raise invalid_parameter("List of GlobalSecondaryIndexes is empty")
        indexes = [self._global_index(one, types, keys, billing, "table-create") for one in given]
        self.limits.quota("global-indexes", 0, adding=len(indexes))
        return indexes

    def _global_index(
        self,
        given: Mapping[str, Any],
        types: Mapping[str, str],
        keys: KeySchema,
        billing: str | None,
        duration: str,
    ) -> Index:
        name = given["IndexName"]
        schema = definitions.global_keys(name, given["KeySchema"], types, self.limits)
        projection, included = definitions.projection_of(given["Projection"])
        throughput = definitions.index_throughput(name, billing, given.get("ProvisionedThroughput"), self.limits)
        lifecycle = Lifecycle(self, [("CREATING", duration), ("ACTIVE", None)])
        index = Index(name, schema, keys, projection, included, local=False, throughput=throughput, lifecycle=lifecycle)
        index.on_demand_limits = given.get("OnDemandThroughput")
        index.warm = given.get("WarmThroughput")
        return index

    @staticmethod
    def _add_index(indexes: dict[str, Index], index: Index) -> None:
        if index.name in indexes:
            raise invalid_parameter(f"Duplicate index name: {index.name}")
        indexes[index.name] = index

    def _check_projections(self, indexes: Sequence[Index]) -> None:
        self.limits.check("projected-attributes", sum(len(index.included) for index in indexes))

    def _check_account_units(self, throughput: Throughput, indexes: Mapping[str, Index]) -> None:
        read, write = throughput.read, throughput.write
        for index in indexes.values():
            read += index.throughput.read if index.throughput else 0
            write += index.throughput.write if index.throughput else 0
        if not read and not write:
            return
        for table in self.tables:
            for used in (table.throughput, *(index.throughput for index in table.global_indexes)):
                read, write = read + used.read, write + used.write
        self.limits.check("account-read-units", read)
        self.limits.check("account-write-units", write)

    def _encryption(self, table: str, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if not given or not given.get("Enabled"):
            if given and (given.get("SSEType") or given.get("KMSMasterKeyId")):
                raise invalid_parameter("SSEType cannot be set when SSE is disabled")
            return None
        key = key_for(self, table, given.get("KMSMasterKeyId"))
        return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}

    # --- streams' settings

    def _start_stream(self, table: Table, stream: Mapping[str, Any] | None) -> None:
        """Have a table followed by a new stream; None ends the one it has."""
        self._end_stream(table)
        table.stream = stream
        if stream is None:
            return
        when = self.clock.time()
        while (arn := f"{table.arn}/stream/{_label(when)}") in self.streams:
            when += 0.001
        table.stream_label = _label(when)
        followed = Stream(
            arn,
            table.stream_label,
            table.name,
            table.keys,
            stream["StreamViewType"],
            self.region,
            self.clock,
            self.cloud.limits.for_service("dynamodbstreams", self.account, self.region),
            Lifecycle(self, [("ENABLING", "table-update"), ("ENABLED", None)]),
        )
        self.streams[arn] = followed
        table.feeds = (*table.feeds, followed)

    def _end_stream(self, table: Table) -> None:
        for feed in table.feeds:
            if isinstance(feed, Stream):
                feed.disable(Lifecycle(self, [("DISABLING", "table-update"), ("DISABLED", None)]))
        table.feeds = tuple(feed for feed in table.feeds if not isinstance(feed, Stream))

    def _new_stream(self, table: Table, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if given is None:
            return None
        stream = _stream(given)
        if stream is not None and table.stream is not None:
            raise invalid(f"Table already has an enabled stream: TableName: {table.name}")
        if stream is None and table.stream is None:
            raise invalid(f"Table has no stream to disable: TableName: {table.name}")
        return stream

    # --- parts of UpdateTable

    def _check_idle(self, table: Table) -> None:
        state = table.status
        words = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}
        if state in words:
            raise self.error(
                "ResourceInUseException",
                f"Attempt to change a resource which is still in use: Table is being {words[state]}: {table.name}",
            )

    def _new_throughput(self, table: Table, billing: str, given: Mapping[str, Any] | None) -> Throughput | None:
        """The table's throughput after the update; None where it does not change."""
        if billing == ON_DEMAND:
            return replace(table.throughput, read=0, write=0) if table.billing != ON_DEMAND else None
        if given is None:
            return None
        new = definitions.checked_throughput(given, self.limits)
        return self._changed_throughput(table.throughput, new, "table", switched=table.billing != billing)

    def _changed_throughput(self, old: Throughput, new: Throughput, what: str, *, switched: bool = False) -> Throughput:
        if (old.read, old.write) == (new.read, new.write) and not switched:
            raise invalid(
                f"The provisioned throughput for the {what} will not change. The requested value equals the current "
                f"value. Current ReadCapacityUnits provisioned for the {what}: {old.read}. Requested "
                f"ReadCapacityUnits: {new.read}. Current WriteCapacityUnits provisioned for the {what}: {old.write}. "
                f"Requested WriteCapacityUnits: {new.write}. Refer to the Amazon DynamoDB Developer Guide for current "
                "limits and how to request higher limits."
            )
        now = self.clock.time()
        raised = new.read > old.read or new.write > old.write
        lowered = not switched and (new.read < old.read or new.write < old.write)
        decreases = old.decreases_today if old.decreased is not None and _day(old.decreased) == _day(now) else 0
        if lowered:
            decreases += 1
            self._check_decrease(old, decreases, now)
        return Throughput(
            new.read,
            new.write,
            now if raised and not switched else old.increased,
            now if lowered else old.decreased,
            decreases,
        )

    def _check_decrease(self, old: Throughput, decreases: int, now: float) -> None:
        """Raise where capacity was lowered too often today, or too shortly ago."""
        limits = self.limits
        interval = limits.duration("decrease-interval")
        last = old.decreased or 0.0
        fields = {"used": decreases - 1, "last": _time(last), "next": _time(last + interval)}
        limits.check("decreases-per-day", decreases, **fields)
        if now < last + interval:
            limits.check("free-decreases-per-day", decreases, **fields)

    def _new_switches(self, table: Table, billing: str | None) -> tuple[float, ...] | None:
        """When the table was switched to on-demand mode in the time that counts; None where it is not switched."""
        if billing is None or billing == table.billing:
            return None
        now = self.clock.time()
        window = self.limits.duration("on-demand-switch-window")
        recent = tuple(when for when in table.on_demand_switches if when > now - window)
        if billing != ON_DEMAND:
            return recent
        if window and recent:
            self.limits.quota(
                "on-demand-switches-per-day", len(recent), table.name, last=_time(recent[-1]),
                next=_time(recent[0] + window),
            )  # fmt: skip
        return (*recent, now)

    def _apply(
        self, table: Table, billing: str, throughput: Throughput | None, switches: tuple[float, ...] | None
    ) -> None:
        if throughput is not None:
            table.next_throughput = throughput
        if switches is None:
            return
        table.on_demand_switches = switches
        table.billing = billing
        table.billing_switched = True
        if billing == ON_DEMAND:
            table.on_demand_since = self.clock.time()
            for index in table.global_indexes:
                index.next_throughput = replace(index.throughput or Throughput(), read=0, write=0)
                index.lifecycle = Lifecycle(self, _UPDATING)

    def _index_updates(
        self,
        table: Table,
        billing: str,
        updates: Sequence[Mapping[str, Any]],
        given_definitions: Sequence[Mapping[str, Any]] | None,
    ) -> tuple[Index | None, Index | None, dict[str, Throughput]]:
        """The index to be created, the one to be deleted, and throughputs to be changed by index."""
        if sum(1 for update in updates if update.get("Create") or update.get("Delete")) > 1:
            raise self.error("LimitExceededException", _ONE_INDEX)
        created = deleted = None
        changed: dict[str, Throughput] = {}
        for update in updates:
            create, change, delete = update.get("Create"), update.get("Update"), update.get("Delete")
            if create is not None:
                created = self._created_index(table, billing, create, given_definitions)
            if change is not None:
                index = self._existing_index(table, change["IndexName"])
                if change.get("ProvisionedThroughput") is not None:
                    changed[index.name] = self._index_throughput(table, billing, index, change["ProvisionedThroughput"])
            if delete is not None:
                deleted = self._existing_index(table, delete["IndexName"])
                if deleted.lifecycle is not None and deleted.lifecycle.state != "ACTIVE":
                    raise self.error(
                        "ResourceInUseException",
                        "Attempt to change a resource which is still in use: Index is being "
                        f"{'created' if deleted.lifecycle.state == 'CREATING' else 'updated'}: {deleted.name}",
                    )
        return created, deleted, changed

    def _created_index(
        self,
        table: Table,
        billing: str,
        create: Mapping[str, Any],
        given_definitions: Sequence[Mapping[str, Any]] | None,
    ) -> Index:
        name = create["IndexName"]
        if name in table.indexes:
            raise invalid_parameter(f"Attempting to create an index which already exists: {name}")
        types = definitions.attribute_types(given_definitions or [])
        for attribute, kind in types.items():
            if table.definitions.get(attribute, kind) != kind:
                raise invalid_parameter(
                    f"Attribute {attribute} cannot be redefined: it is of type {table.definitions[attribute]}"
                )
        index = self._global_index(create, types, table.keys, billing, "index-create")
        known = dict.fromkeys((*table.keys.names, *(name for one in table.indexes.values() for name in one.keys.names)))
        unused = [attribute for attribute in types if attribute not in index.keys.names and attribute not in known]
        if unused:
            raise invalid_parameter(
                f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(types)}], "
                f"keys used: [{', '.join(dict.fromkeys((*known, *index.keys.names)))}]"
            )
        self.limits.quota("global-indexes", len(table.global_indexes), table.name)
        self._check_projections([*table.indexes.values(), index])
        return index

    def _index_throughput(self, table: Table, billing: str, index: Index, given: Mapping[str, Any]) -> Throughput:
        if billing == ON_DEMAND:
            definitions.table_throughput(billing, given, self.limits)
        new = definitions.checked_throughput(given, self.limits)
        old = index.throughput or Throughput()
        return self._changed_throughput(old, new, f"index {index.name}", switched=table.billing != billing)

    def _existing_index(self, table: Table, name: str) -> Index:
        index: Index | None = table.indexes.get(name)
        if index is None or index.local:
            raise self.error(
                "ResourceNotFoundException",
                f"Requested resource not found: Table: {table.name} Index: {name} not found",
            )
        return index


def _stream(given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A StreamSpecification that switches a stream on; None for one that does not."""
    if given is None:
        return None
    if not given["StreamEnabled"]:
        if given.get("StreamViewType") is not None:
            raise invalid_parameter("StreamViewType cannot be specified when StreamEnabled is false")
        return None
    if given.get("StreamViewType") is None:
        raise invalid_parameter("StreamViewType must be specified when StreamEnabled is true")
    return {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]}


def _check_update(update: Mapping[str, Any], before: Sequence[str]) -> None:
    given = sum(1 for action in ("Update", "Create", "Delete") if update.get(action) is not None)
    actions = "GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete"
    if given == 0:
        raise invalid_parameter(f"One of {actions} must not be null")
    if given > 1:
        raise invalid_parameter(f"Only one of {actions} may be specified")
    name = _index_name(update)
    if name in before:
        raise invalid_parameter(
            f"Only one global secondary index update per index is allowed simultaneously. Index: {name}"
        )


def _index_name(update: Mapping[str, Any]) -> str:
    (action,) = (update[action] for action in ("Update", "Create", "Delete") if update.get(action) is not None)
    return str(action["IndexName"])


def _label(when: float) -> str:
    """A stream's label: when it was enabled, to the millisecond."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _day(when: float) -> int:
    return int(when // 86_400)


def _time(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%A, %B %d, %Y %H:%M:%S UTC")
