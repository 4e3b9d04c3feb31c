"""What a table held at another time: the log behind point-in-time recovery, and images of whole tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item, Tree
from awsim.services.dynamodb.table import ON_DEMAND, Table
from awsim.state import Entity, SortedDict

if TYPE_CHECKING:
    from awsim.services.dynamodb.index import Index

Contents = Mapping[Place, Item]


class History(Entity):
    """A feed that remembers what each write replaced, for as long as a table can be restored. Times: epoch seconds."""

    def __init__(self, now: Callable[[], float], window: Callable[[], float]) -> None:
        self._now = now
        self._window = window
        self._changes = SortedDict()
        self._count = 0

    def note(self, place: Place, old: Item | None, new: Item | None, origin: str) -> None:
        now = self._now()
        oldest = now - self._window()
        while self._changes and self._changes.peekitem(0)[0][0] < oldest:
            self._changes.popitem(0)
        self._count += 1
        self._changes[now, self._count] = (place, old)

    def contents(self, items: Tree, when: float) -> dict[Place, Item]:
        """What the table held at the end of `when`, if it holds `items` now."""
        contents = dict(items.items())
        for key in self._changes.irange((when, float("inf")), None, (False, True), True):
            place, old = self._changes[key]
            if old is None:
                contents.pop(place, None)
            else:
                contents[place] = old
        return dict(sorted(contents.items(), key=lambda entry: entry[0]))

    def changed(self, start: float, end: float) -> dict[Place, float]:
        """Places written to after `start` and until `end`, with when last."""
        times: dict[Place, float] = {}
        for key in self._changes.irange((start, float("inf")), (end, float("inf")), (False, True)):
            times[self._changes[key][0]] = key[0]
        return times


class Image:
    """A table as it was: what makes it anew, and its items. Never changes."""

    def __init__(self, table: Table, contents: Contents | None = None) -> None:
        self.contents = dict(table.items.items()) if contents is None else contents
        self.size = sum(item.size for item in self.contents.values())
        self.name = table.name
        self.arn = table.arn
        self.id = table.id
        self.created = table.created
        self.billing = table.billing
        self.keys = table.keys.describe()
        self.read, self.write = table.throughput.read, table.throughput.write
        self.definitions = dict(table.definitions)
        self.on_demand_limits = dict(table.on_demand_limits or {})
        self.encryption = dict(table.encryption or {})
        self.stream = dict(table.stream or {})
        self.ttl = table.ttl_attribute
        self.table_class = table.table_class
        self.local = [_index(index) for index in table.local_indexes]
        self.others = [_index(index) for index in table.global_indexes]

    def request(self) -> dict[str, Any]:
        """Parameters of CreateTable for a table like it: without its stream, expiry and tags, which AWS does not
        restore either."""
        request: dict[str, Any] = {
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind} for name, kind in self.definitions.items()
            ],
            "KeySchema": self.keys,
            "BillingMode": self.billing,
        }
        if self.billing != ON_DEMAND:
            request["ProvisionedThroughput"] = {"ReadCapacityUnits": self.read, "WriteCapacityUnits": self.write}
        if self.on_demand_limits:
            request["OnDemandThroughput"] = self.on_demand_limits
        if self.encryption:
            request["SSESpecification"] = {"Enabled": True, "KMSMasterKeyId": self.encryption["KMSMasterKeyArn"]}
        if self.table_class is not None:
            request["TableClass"] = self.table_class
        if self.local:
            request["LocalSecondaryIndexes"] = self.local
        if self.others:
            request["GlobalSecondaryIndexes"] = self.others
        return request

    def describe(self) -> dict[str, Any]:
        """SourceTableDetails."""
        return {
            "TableName": self.name,
            "TableId": self.id,
            "TableArn": self.arn,
            "TableSizeBytes": self.size,
            "KeySchema": self.keys,
            "TableCreationDateTime": self.created,
            "ProvisionedThroughput": {"ReadCapacityUnits": self.read, "WriteCapacityUnits": self.write},
            "ItemCount": len(self.contents),
            "BillingMode": self.billing,
            **({"OnDemandThroughput": self.on_demand_limits} if self.on_demand_limits else {}),
        }

    def features(self) -> dict[str, Any]:
        """SourceTableFeatureDetails."""
        features: dict[str, Any] = {}
        if self.local:
            features["LocalSecondaryIndexes"] = self.local
        if self.others:
            features["GlobalSecondaryIndexes"] = self.others
        if self.stream:
            features["StreamDescription"] = self.stream
        if self.ttl is not None:
            features["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": self.ttl}
        if self.encryption:
            features["SSEDescription"] = self.encryption
        return features


def _index(index: Index) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    made: dict[str, Any] = {"IndexName": index.name, "KeySchema": index.keys.describe(), "Projection": projection}
    if index.throughput is not None and index.throughput.read:
        units = index.throughput
        made["ProvisionedThroughput"] = {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}
    if index.on_demand_limits:
        made["OnDemandThroughput"] = dict(index.on_demand_limits)
    return made
