"""Global tables, version 2019.11.21: replicas that write to each other, the last writer winning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.feeds import REPLICATION
from awsim.services.dynamodb.history import Image
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.table import ON_DEMAND, Table
from awsim.services.dynamodb.tables import TableOperations
from awsim.state import Dict, Entity, Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "2019.11.21"
_LOCAL = (
    "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
    "UpdateTable as required."
)
_UNKNOWN = "Replica specified in the Replica Update or Replica Delete action of the request was not found"
_VIEW = "NEW_AND_OLD_IMAGES"


class Member(Entity):
    """A replica: its region, its state, and what its own settings override."""

    def __init__(self, region: str, lifecycle: Lifecycle, overrides: Mapping[str, Any]) -> None:
        self.region = region
        self.lifecycle = lifecycle
        self.overrides = overrides

    def describe(self) -> dict[str, Any]:
        """ReplicaDescription."""
        return {"RegionName": self.region, "ReplicaStatus": self.lifecycle.state, **self.overrides}


class Group(Entity):
    """All replicas of a global table, by region; every table of it holds the same Group."""

    def __init__(self) -> None:
        self.members = Dict()
        self.writes = 0

    def stamp(self, now: float) -> tuple[float, int]:
        """When a write was made: of two the greater is the last."""
        self.writes += 1
        return now, self.writes


class Replication(Entity):
    """A feed that sends a table's writes to the other replicas, and knows when each item was written last.

    `send` takes the region, the place, the item (None: deleted) and the stamp.
    """

    def __init__(
        self, region: str, group: Group, now: Callable[[], float], send: Callable[[str, Place, Item | None, Any], None]
    ) -> None:
        self.region = region
        self.group = group
        self.stamps = Dict()
        self._now = now
        self._send = send

    def note(self, place: Place, old: Item | None, new: Item | None, origin: str) -> None:
        if origin == REPLICATION:
            return
        stamp = self.stamps[place] = self.group.stamp(self._now())
        for region in list(self.group.members):
            if region != self.region:
                self._send(region, place, new, stamp)


class ReplicaOperations(TableOperations):
    """Replicas, and DescribeTableReplicaAutoScaling."""

    def _replicate(self, TableName: str, updates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        table = self._described(TableName)
        self._check_idle(table)
        for update in updates:
            given = [kind for kind in ("Create", "Update", "Delete") if update.get(kind) is not None]
            if len(given) != 1:
                raise invalid_parameter("Exactly one of Create, Update and Delete must be given for a replica")
            if update[given[0]]["RegionName"] == self.region:
                raise invalid_parameter(_LOCAL)
        if len(updates) != 1:
            raise invalid_parameter("Only one replica can be created, updated or deleted at a time")
        (update,) = updates
        if create := update.get("Create"):
            self._create_replica(table, create)
        elif change := update.get("Update"):
            self._change_replica(table, change)
        else:
            self._delete_replica(table, update["Delete"]["RegionName"])
        table.lifecycle = Lifecycle(self, [("UPDATING", "table-update"), ("ACTIVE", None)])
        return {"TableDescription": self._description(table)}

    def delete_table(self, TableName: str) -> dict[str, Any]:
        result = super().delete_table(TableName)
        self._leave(self.tables[self._table_name(TableName)])
        return result

    def describe_table_replica_auto_scaling(self, TableName: str) -> dict[str, Any]:
        """Replicas and their states; no settings, as awsim has no auto scaling that could have any."""
        table = self._described(TableName)
        members = list(table.replication.group.members.values()) if table.replication is not None else []
        return {
            "TableAutoScalingDescription": {
                "TableName": table.name,
                "TableStatus": table.status,
                "Replicas": [
                    {
                        "RegionName": member.region,
                        "ReplicaStatus": member.lifecycle.state,
                        "GlobalSecondaryIndexes": [
                            {"IndexName": index.name, "IndexStatus": index.lifecycle.state if index.lifecycle else ""}
                            for index in table.global_indexes
                        ],
                    }
                    for member in members
                ],
            }
        }

    # --- replicas

    def _create_replica(self, table: Table, given: Mapping[str, Any]) -> None:
        region = given["RegionName"]
        if self.cloud.partition_of(region) != self.partition or "-" not in region:
            raise invalid_parameter(f"Invalid region: {region}")
        if table.replication is not None and region in table.replication.group.members:
            raise invalid(
                f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
                "already existed as tables."
            )
        if table.stream is not None and table.stream["StreamViewType"] != _VIEW:
            raise invalid_parameter(f"The stream of a global table must have the view type {_VIEW}")
        other: ReplicaOperations = self.at(region=region)
        other._drop_deleted()
        if table.name in other.tables:
            raise invalid(
                f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
                "already existed as tables."
            )
        used = len(table.replication.group.members) if table.replication is not None else 1
        self.limits.quota("replicas", used, table.name)
        if table.stream is None:
            self._start_stream(table, {"StreamEnabled": True, "StreamViewType": _VIEW})
        image = Image(table)
        request = image.request()
        if given.get("TableClassOverride") is not None:
            request["TableClass"] = given["TableClassOverride"]
        if given.get("KMSMasterKeyId") is not None:
            request["SSESpecification"] = {"Enabled": True, "KMSMasterKeyId": given["KMSMasterKeyId"]}
        elif image.encryption:
            # A key lives in one region.
            request["SSESpecification"] = {"Enabled": True}
        read = (given.get("ProvisionedThroughputOverride") or {}).get("ReadCapacityUnits")
        if read is not None and image.billing != ON_DEMAND:
            request["ProvisionedThroughput"]["ReadCapacityUnits"] = read
        self.call(
            "dynamodb", "CreateTable", region_=region, TableName=table.name, **request,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": _VIEW},
        )  # fmt: skip
        if table.replication is None:
            self._join(table, Group(), Lifecycle.settled(self, "ACTIVE"), {})
        assert table.replication is not None
        overrides = {name: value for name, value in given.items() if name != "RegionName"}
        creating = Lifecycle(self, [("CREATING", "replica-create"), ("ACTIVE", None)])
        replica: Table = other.tables[table.name]
        other._join(replica, table.replication.group, creating, overrides)
        replica.lifecycle = creating
        if table.ttl_attribute is not None:
            other._set_expiry(replica, table.ttl_attribute)
        for place, item in image.contents.items():
            replica.write(place, None, item, self.limits, None, None, origin=REPLICATION)

    def _join(self, table: Table, group: Group, lifecycle: Lifecycle, overrides: Mapping[str, Any]) -> None:
        """Make a table of this region a replica."""
        group.members[self.region] = Member(self.region, lifecycle, overrides)
        name = table.name

        def send(region: str, place: Place, item: Item | None, stamp: Any) -> None:
            job = {"name": name, "region": region, "place": place, "item": item, "stamp": stamp}
            self.later(self.limits.lag("replication-lag"), "_send_write", **job)

        table.replication = Replication(self.region, group, self.clock.time, send)
        table.feeds = (*table.feeds, table.replication)

    def _change_replica(self, table: Table, given: Mapping[str, Any]) -> None:
        member = self._replica_of(table, given["RegionName"])
        member.overrides = {
            **member.overrides, **{name: value for name, value in given.items() if name != "RegionName"}
        }  # fmt: skip

    def _delete_replica(self, table: Table, region: str) -> None:
        member = self._replica_of(table, region)
        other: ReplicaOperations = self.at(region=region)
        replica: Table | None = other.tables.get(table.name)
        member.lifecycle = Lifecycle(self, [("DELETING", "table-delete"), ("DELETED", None)])
        if replica is not None:
            # Its own protection is for DeleteTable there.
            replica.deletion_protection = False
            self.call("dynamodb", "DeleteTable", region_=region, TableName=table.name)

    def _replica_of(self, table: Table, region: str) -> Member:
        member = table.replication.group.members.get(region) if table.replication is not None else None
        if member is None:
            raise invalid_parameter(_UNKNOWN)
        return member

    def _leave(self, table: Table) -> None:
        """A table of this region is no replica any more."""
        if table.replication is None:
            return
        group = table.replication.group
        group.members.pop(self.region, None)
        table.feeds = tuple(feed for feed in table.feeds if feed is not table.replication)
        table.replication = None
        if len(group.members) == 1:
            # What is left is a table as any other.
            (last,) = group.members
            other: ReplicaOperations = self.at(region=last)
            left: Table | None = other.tables.get(table.name)
            if left is not None:
                other._leave(left)

    def _send_write(self, name: str, region: str, place: Place, item: Item | None, stamp: Any) -> None:
        """Make a write of this region in another, unless that has a later one."""
        other: ReplicaOperations = self.at(region=region)
        table: Table | None = other.tables.get(name)
        if table is None or table.replication is None:
            return
        stamps = table.replication.stamps
        if stamps.get(place, (0.0, 0)) > stamp:
            return
        stamps[place] = stamp
        table.write(place, table.items.get(place), item, other.limits, None, other._lags(), origin=REPLICATION)
        if table.expiries is not None and item is not None:
            other._watch_expiry(table)

    # --- settings that replicas share

    def _new_stream(self, table: Table, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        stream = super()._new_stream(table, given)
        if given is not None and stream is None and table.replication is not None:
            raise invalid("Cannot disable the stream of a table that has replicas")
        return stream

    def _updated_table(self, table: Table, request: Mapping[str, Any]) -> None:
        if table.replication is None or self._within_replication():
            return
        request = {name: value for name, value in request.items() if value is not None}
        if set(request) <= {"AttributeDefinitions"}:
            return
        for region in list(table.replication.group.members):
            if region != self.region:
                self.call("dynamodb", "UpdateTable", region_=region, TableName=table.name, **request)

    def _share_expiry(self, table: Table) -> None:
        """The attribute by which items expire is the same in all replicas."""
        if table.replication is None:
            return
        for region in list(table.replication.group.members):
            other: ReplicaOperations = self.at(region=region)
            replica: Table | None = other.tables.get(table.name)
            if replica is not None and replica.ttl_attribute != table.ttl_attribute:
                other._set_expiry(replica, table.ttl_attribute)

    def _set_expiry(self, table: Table, attribute: str | None) -> None:
        """Overridden by what deletes expired items."""
        raise NotImplementedError

    def _within_replication(self) -> bool:
        """Whether the call in progress was made by this service itself."""
        outer = self.request.outer
        return outer is not None and outer.service == "dynamodb"

    def _description(self, table: Table) -> dict[str, Any]:
        description = super()._description(table)
        if table.replication is not None:
            members: Sequence[Member] = list(table.replication.group.members.values())
            description["GlobalTableVersion"] = VERSION
            description["MultiRegionConsistency"] = "EVENTUAL"
            description["Replicas"] = [member.describe() for member in members if member.region != self.region]
        return description
