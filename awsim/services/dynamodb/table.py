"""A table: its settings, its items and its indexes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb.capacity import Consumed, Throughput, write_units
from awsim.services.dynamodb.feeds import USER, Feed
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import TOP, KeySchema, Place
from awsim.services.dynamodb.storage import Item, Tree
from awsim.state import Dict, Entity, Lifecycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsim.limits.table import ServiceLimits
    from awsim.services.dynamodb.destinations import Destination
    from awsim.services.dynamodb.history import History
    from awsim.services.dynamodb.replicas import Replication

ON_DEMAND = "PAY_PER_REQUEST"
PROVISIONED = "PROVISIONED"


class Table(Entity):
    """One table. All times are epoch seconds. Items change through `write` only."""

    def __init__(
        self,
        name: str,
        arn: str,
        id: str,
        keys: KeySchema,
        definitions: Mapping[str, str],
        created: float,
        lifecycle: Lifecycle,
    ) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.keys = keys
        self.definitions = definitions
        self.created = created
        self.lifecycle = lifecycle
        self.items = Tree()
        self.indexes = Dict()
        self.billing = PROVISIONED
        self.billing_switched = False
        self.unsettled = False  # an update is under way, or was until lately
        self.on_demand_since: float | None = None
        self.on_demand_switches: tuple[float, ...] = ()
        self.throughput = Throughput()
        self.next_throughput: Throughput | None = None  # in force once the table has been updated
        self.on_demand_limits: Mapping[str, int] | None = None
        self.warm: Mapping[str, int] | None = None
        self.warm_lifecycle: Lifecycle | None = None
        self.deletion_protection = False
        self.table_class: str | None = None
        self.class_updated: float | None = None
        self.encryption: Mapping[str, Any] | None = None
        self.key_used = created  # when its data were last in use: KMS need not be asked for the key for a while
        self.locked_since: float | None = None  # when KMS was found not to give the key
        self.stream: Mapping[str, Any] | None = None
        self.stream_label: str | None = None
        # What is told of every change of an item.
        self.feeds: tuple[Feed, ...] = ()
        self.tags: Mapping[str, str] = {}
        self.ttl_attribute: str | None = None
        self.ttl_lifecycle: Lifecycle | None = None
        self.expiries: Tree | None = None
        self.expiry_job: tuple[float, int] | None = None
        self.recovery_since: float | None = None
        self.recovery_days = 0
        self.history: History | None = None
        self.replication: Replication | None = None
        self.destinations: Mapping[str, Destination] = {}
        # RestoreSummary without RestoreInProgress, of a table made of another one or of a backup.
        self.restored: Mapping[str, Any] | None = None
        # Bytes of each item collection: only a table with local indexes bounds them.
        self.collections: Dict | None = None

    @property
    def status(self) -> str:
        return self.lifecycle.state

    def settle(self) -> None:
        """Put into force what an update has brought, once that has come to its end."""
        if self.next_throughput is not None and self.lifecycle.settled_now:
            self.throughput, self.next_throughput = self.next_throughput, None
        self.unsettled = not self.lifecycle.settled_now
        for index in list(self.indexes.values()):
            if index.lifecycle is None:
                continue
            if not index.lifecycle.settled_now:
                self.unsettled = True
                continue
            if index.lifecycle.state == "DELETED":
                del self.indexes[index.name]
                self._forget_definitions()
            elif index.next_throughput is not None:
                index.throughput, index.next_throughput = index.next_throughput, None

    def _forget_definitions(self) -> None:
        used = {*self.keys.names, *(name for index in self.indexes.values() for name in index.keys.names)}
        self.definitions = {name: kind for name, kind in self.definitions.items() if name in used}

    def index_arn(self, name: str) -> str:
        return f"{self.arn}/index/{name}"

    @property
    def local_indexes(self) -> list[Index]:
        return [index for index in self.indexes.values() if index.local]

    @property
    def global_indexes(self) -> list[Index]:
        return [index for index in self.indexes.values() if not index.local]

    def index(self, name: str) -> Index:
        """An index that can be read; ValidationException else."""
        index: Index | None = self.indexes.get(name)
        if index is None:
            raise invalid(f"The table does not have the specified index: {name}")
        if index.lifecycle is not None and index.lifecycle.state == "CREATING":
            raise invalid(f"Cannot read from backfilling global secondary index: {name}")
        return index

    # --- items

    def write(
        self,
        place: Place,
        old: Item | None,
        new: Item | None,
        limits: ServiceLimits,
        consumed: Consumed | None,
        lags: tuple[float, float, float] | None,
        *,
        transaction: bool = False,
        origin: str = USER,
    ) -> None:
        """Put `new` (None: nothing) where `old` stands, in the table and its indexes: every change of an item comes
        through here.

        `consumed` is charged for the indexes. `lags` is (now, seconds that copies may lag, seconds that global indexes
        may), None where nothing lags. `origin` is what `feeds` says of whom the write comes from.
        """
        now, lag, index_lag = lags or (0.0, 0.0, 0.0)
        if self.collections is not None:
            self._grow_collection(place, old, new, limits)
        self.items.put(place, new, lag=lag, now=now)
        for index in self.indexes.values():
            for entry, before, after in index.change(place, old, new):
                index.tree.put(entry, after, lag=lag if index.local else index_lag, now=now)
                if consumed is not None:
                    consumed.add_index(index, write_units(before, after, limits, transaction=transaction))
        if self.expiries is not None:
            self._expire(place, old, new)
        if self.feeds and (old is not None or new is not None):
            for feed in self.feeds:
                feed.note(place, old, new, origin)

    def index_costs(self, place: Place, old: Item | None, new: Item | None, limits: ServiceLimits) -> Consumed:
        """What the indexes would consume for a write, without making it."""
        consumed = Consumed(self)
        for index in self.indexes.values():
            for _, before, after in index.change(place, old, new):
                consumed.add_index(index, write_units(before, after, limits))
        return consumed

    def check_item(self, attributes: Mapping[str, Any], limits: ServiceLimits) -> None:
        """Raise where an item cannot be put into this table."""
        self.keys.check_item(attributes, limits)
        for index in self.indexes.values():
            index.check_item(attributes, limits)

    def check_paths(self, paths: Any) -> None:
        """Raise where an expression looks into a key attribute, which is a scalar."""
        for path in paths:
            if len(path) == 1:
                continue
            if path[0] in self.keys.names:
                kind = "Key"
            elif any(path[0] in index.keys.names for index in self.indexes.values()):
                kind = "IndexKey"
            else:
                continue
            raise invalid(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                f"{kind}: {path[0]}"
            )

    def collection_size(self, place: Place) -> int:
        """Bytes of the item collection (partition, copies in local indexes included) that a place lies in."""
        if self.collections is None:
            return 0
        size: int = self.collections.get(place[0], 0)
        return size

    def _grow_collection(self, place: Place, old: Item | None, new: Item | None, limits: ServiceLimits) -> None:
        assert self.collections is not None
        change = (new.size if new is not None else 0) - (old.size if old is not None else 0)
        for index in self.local_indexes:
            for _, before, after in index.change(place, old, new):
                change += (after.size if after is not None else 0) - (before.size if before is not None else 0)
        if not change:
            return
        size = self.collections.get(place[0], 0) + change
        if change > 0:
            limits.check("item-collection-size", size)
        if size > 0:
            self.collections[place[0]] = size
        else:
            self.collections.pop(place[0], None)

    # --- expiry

    def expiry_of(self, item: Item | None) -> float | None:
        """When an item may be deleted for its age; None where it does not say so in epoch seconds."""
        if item is None or self.ttl_attribute is None:
            return None
        value = item.attributes.get(self.ttl_attribute)
        return float(value) if type(value) is int or type(value) is Decimal else None

    def watch_expiries(self, attribute: str | None) -> None:
        """Order the items by an attribute's time from now on; None: no more."""
        self.ttl_attribute = attribute
        self.expiries = None
        if attribute is None:
            return
        self.expiries = Tree()
        for place, item in self.items.items():
            self._expire(place, None, item)

    def expired(self, now: float) -> list[tuple[Place, Item]]:
        """Items whose time was up at `now`."""
        if self.expiries is None:
            return []
        return [(entry[1], item) for entry, item in self.expiries.items(None, (now, TOP))]

    def ignore_expiry(self, place: Place, item: Item) -> None:
        """Leave an item alone whose time was up too long ago."""
        assert self.expiries is not None
        self.expiries.put((self.expiry_of(item), place), None)

    def next_expiry(self) -> float | None:
        """The earliest time that any item gives."""
        if not self.expiries:
            return None
        (when, _), _ = next(self.expiries.items())
        return float(when)

    def _expire(self, place: Place, old: Item | None, new: Item | None) -> None:
        assert self.expiries is not None
        before, after = self.expiry_of(old), self.expiry_of(new)
        if before is not None and before != after:
            self.expiries.put((before, place), None)
        if after is not None:
            self.expiries.put((after, place), new)
