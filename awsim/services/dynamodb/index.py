"""Secondary indexes: copies of items under another key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.dynamodb import values
from awsim.services.dynamodb.capacity import Throughput
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.schema import KeySchema, Place, check_index_key_value
from awsim.services.dynamodb.storage import Item, Tree
from awsim.services.dynamodb.values import ABSENT, TYPE_OF
from awsim.state import Entity, Lifecycle

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits


class Index(Entity):
    """A local or global secondary index, with its entries in a tree of its own.

    `projection` is KEYS_ONLY, INCLUDE or ALL, `included` the NonKeyAttributes in the request's order. `throughput` is a
    global index's own; `lifecycle` its status (a local index has its table's).
    """

    def __init__(
        self,
        name: str,
        keys: KeySchema,
        table_keys: KeySchema,
        projection: str,
        included: tuple[str, ...],
        *,
        local: bool,
        throughput: Throughput | None = None,
        lifecycle: Lifecycle | None = None,
    ) -> None:
        self.name = name
        self.keys = keys
        self.projection = projection
        self.included = included
        self.local = local
        self.throughput = throughput
        self.next_throughput: Throughput | None = None
        self.on_demand_limits: Mapping[str, int] | None = None
        self.warm: Mapping[str, int] | None = None
        self.backfills = False
        self.lifecycle = lifecycle
        self.tree = Tree()
        # Which attributes an entry holds; None for all.
        self.projected: tuple[str, ...] | None = None
        if projection != "ALL":
            self.projected = tuple(dict.fromkeys((*table_keys.names, *keys.names, *included)))
        self.start_key_names = tuple(dict.fromkeys((*table_keys.names, *keys.names)))

    def copy_of(self, item: Item) -> Item:
        """What the index holds of an item."""
        if self.projected is None:
            return item
        attributes = {name: item.attributes[name] for name in self.projected if name in item.attributes}
        return Item(attributes, values.item_size(attributes))

    def backfill(self, items: Tree, limits: ServiceLimits) -> None:
        """Take in the items that the table has already; those that cannot be in the index stay out."""
        self.backfills = True
        for base, item in items.items():
            try:
                self.check_item(item.attributes, limits)
            except AWSError:
                continue
            for place, _, copy in self.change(base, None, item):
                self.tree.put(place, copy)

    def change(self, base: Place, old: Item | None, new: Item | None) -> list[tuple[Place, Item | None, Item | None]]:
        """What a write to the table means here: (place, copy before, copy after) of each entry that changes."""
        before = None if old is None else self.keys.entry(old.attributes, base)
        after = None if new is None else self.keys.entry(new.attributes, base)
        if before is None and after is None:
            return []
        copy = self.copy_of(new) if after is not None and new is not None else None
        if before is None:
            return [(after, None, copy)]
        earlier = self.tree.get(before)
        if before != after:
            changes: list[tuple[Place, Item | None, Item | None]] = [(before, earlier, None)]
            if after is not None:
                changes.append((after, None, copy))
            return changes
        assert copy is not None
        if earlier is not None and values.equal(earlier.attributes, copy.attributes):
            return []
        return [(after, earlier, copy)]

    def check_item(self, item: Mapping[str, Any], limits: ServiceLimits) -> None:
        """Raise where an attribute of an item to be put cannot be this index's key."""
        for attribute in self.keys.attributes:
            value = item.get(attribute.name, ABSENT)
            if value is ABSENT:
                continue
            actual = TYPE_OF[type(value)]
            if actual != attribute.type:
                raise invalid_parameter(
                    f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
                    f"Actual: {actual} IndexName: {self.name}"
                )
            if actual != "N":
                check_index_key_value(attribute, value, self.name, limits)

    def check_updated(self, item: Mapping[str, Any], old: Mapping[str, Any], limits: ServiceLimits) -> None:
        """As `check_item`, for what an update has computed."""
        for attribute in self.keys.attributes:
            value = item.get(attribute.name, ABSENT)
            if value is ABSENT or value is old.get(attribute.name, ABSENT):
                continue
            if TYPE_OF[type(value)] != attribute.type:
                raise invalid("The update expression attempted to update the secondary index key to unsupported type")
            if attribute.type != "N":
                check_index_key_value(attribute, value, self.name, limits)
