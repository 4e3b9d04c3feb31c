"""What all groups of DynamoDB's operations share: finding tables, reading copies, charging capacity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.service import Service
from awsim.services.dynamodb import metrics, texts, values
from awsim.services.dynamodb.capacity import Consumed, draw, units_of_write, write_units, written_size
from awsim.services.dynamodb.encryption import unlock
from awsim.services.dynamodb.expressions import Projection
from awsim.services.dynamodb.index import Index
from awsim.services.dynamodb.refusals import invalid
from awsim.services.dynamodb.schema import Place
from awsim.services.dynamodb.storage import Item
from awsim.services.dynamodb.streams import Stream
from awsim.services.dynamodb.table import Table
from awsim.state import Collection, Dict
from awsim.wire.json_values import Written

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.metering import Level, Sample

_ARN = re.compile(r"arn:[a-z-]+:dynamodb:([a-z0-9-]+):([0-9]{12}):table/([^/:]+)(?:/(.*))?\Z")
_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}\Z")
_NAME_BOUND = "length less than or equal to 65535"
_STALE_ODDS = 0.3
# Over HTTP the items in results of these are text; other operations look into the items, or remember their results.
_TEXTUAL = frozenset(
    {"BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "UpdateItem"}
)
# The order of AWS's own enum sets in messages, where it is not that of botocore's model.
_ENUM_ORDER = {
    "[INDEXES, TOTAL, NONE]": "[INDEXES, TOTAL, NONE]",
    "[NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]": "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
    "[AND, OR]": "[OR, AND]",
    "[ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES, SPECIFIC_ATTRIBUTES, COUNT]": (
        "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
    ),
    "[EQ, NE, IN, LE, LT, GE, GT, BETWEEN, NOT_NULL, NULL, CONTAINS, NOT_CONTAINS, BEGINS_WITH]": (
        "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
    ),
    "[S, N, B]": "[B, N, S]",
    "[KEYS_ONLY, INCLUDE, ALL]": "[ALL, INCLUDE, KEYS_ONLY]",
    "[ALL, KEYS_ONLY, INCLUDE]": "[ALL, INCLUDE, KEYS_ONLY]",
}


class Base(Service):
    """State and helpers; see the modules beside this one for the operations."""

    name: ClassVar[str] = "dynamodb"
    watchful = True
    shows = frozenset({"AWS/DynamoDB"})

    tables = Collection("table", quota="tables")

    def setup(self) -> None:
        # Names of tables whose deletion is under way.
        self.deleting = Dict()
        # What the call in progress reads and writes, for metrics; see `metrics`.
        self.spent: list[metrics.Entry] = []
        # Streams by ARN, also those of tables that are gone, as long as they can be read.
        self.streams = Dict()

    # --- metrics

    def answered(self, call: Call) -> None:
        record = call.record
        assert record is not None
        refused = None if record.error is None else record
        self.measured.append((record.operation, record.timestamp, refused, self.spent))
        self.spent = []

    def measurements(self, notes: Sequence[Any]) -> Iterator[Sample]:
        return metrics.measurements(notes, self.limits, self.account)

    def levels(self) -> Iterator[Level]:
        for table in self.tables:
            if table.unsettled:
                table.settle()
            yield from metrics.levels(table)

    # --- what other services see

    def table_streams(self) -> list[Stream]:
        """The streams that can be read: how the service dynamodbstreams reaches them."""
        for arn in [arn for arn, stream in self.streams.items() if stream.gone]:
            del self.streams[arn]
        return list(self.streams.values())

    # --- tables

    def _table(self, name: str) -> Table:
        """The table of a name or an ARN that items are read from and written to.

        ResourceNotFoundException where there is none, or none that is ready.
        """
        table: Table | None = self.tables.get(name)
        if table is None:
            known = self._table_name(name)
            table = self.tables.get(known) or (self._shared_table(known) if known.startswith("arn:") else None)
            if table is None:
                raise self.error("ResourceNotFoundException", "Requested resource not found")
        state = table.lifecycle.state
        if state != "ACTIVE" and state != "UPDATING":
            raise self.error("ResourceNotFoundException", "Requested resource not found")
        if table.unsettled:
            table.settle()
        if table.encryption is not None:
            unlock(self, table)
        return table

    def _shared_table(self, arn: str) -> Table | None:
        """Overridden by what keeps resource policies."""
        return None

    def _owner(self, table: Table) -> Base:
        """The instance of a table's account: a resource policy may let in another one."""
        account = table.arn.split(":")[4]
        owner: Base = self if account == self.account else self.at(account=account)
        return owner

    def _described(self, name: str) -> Table:
        """As `_table`, in any state, with the words of operations on tables themselves."""
        known = self._table_name(name)
        self._drop_deleted()
        table: Table | None = self.tables.get(known)
        if table is None:
            raise self.error("ResourceNotFoundException", f"Requested resource not found: Table: {known} not found")
        if table.unsettled:
            table.settle()
        return table

    def _table_name(self, name: str) -> str:
        """The name in a name or an ARN; ValidationException for what is neither."""
        if name.startswith("arn:"):
            match = _ARN.match(name)
            if match is None or match[4]:
                raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {name}")
            if (match[1], match[2]) != (self.region, self.account):
                return name
            name = match[3]
        if not _NAME.match(name):
            raise invalid(
                "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, "
                "and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
            )
        return name

    def _drop_deleted(self) -> None:
        """Forget the tables whose deletion has come to its end."""
        for name in list(self.deleting):
            if self.tables[name].lifecycle.state == "DELETED":
                self.tables.remove(name)
                del self.deleting[name]

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """Violated constraints in DynamoDB's words: at most ten, and of a map's parts the map as a whole."""
        listed = []
        for violation in violations:
            if violation.constraint.endswith(_NAME_BOUND):
                # An attribute's name: AWS has words of its own, which do not repeat 64 KB of it.
                path, _, key = violation.path.removesuffix(".member").partition(".")
                if path == "expressionAttributeNames":
                    return self.limits.error("expression-attribute-name-length", key=key)
                return self.limits.error("attribute-name-length")
        for violation in violations[:10]:
            text = str(violation)
            for model, own in _ENUM_ORDER.items():
                text = text.replace(f"enum value set: {model}", f"enum value set: {own}")
            listed.append(text)
        count = len(listed)
        return invalid(f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(listed)}")

    # --- answers

    @property
    def _writes(self) -> bool:
        """Whether the result of the call in progress holds items as text."""
        call = self.request
        return call.http is not None and call.operation in _TEXTUAL

    def _item_shown(self, item: Item, projection: Projection | None = None) -> Any:
        """An item, or of it what a projection shows, as results hold it."""
        if self._writes:
            return Written(item.text if projection is None else texts.item(projection.of(item.attributes)))
        return values.dump_item(item.attributes if projection is None else projection.of(item.attributes))

    def _items_shown(self, items: Sequence[Item], projection: Projection | None) -> Any:
        """As `_item_shown`, of several."""
        if not self._writes:
            return [self._item_shown(item, projection) for item in items]
        if projection is None:
            return Written(texts.listed([item.text for item in items]))
        of = projection.of
        return Written(texts.listed([texts.item(of(item.attributes)) for item in items]))

    # --- copies that lag

    def _lags(self) -> tuple[float, float, float] | None:
        """(now, lag of copies, lag of global indexes) in seconds, where anything lags."""
        limits = self.limits
        if limits.quiet:
            return None
        lag, index_lag = limits.lag("read-lag"), limits.lag("index-lag")
        return (self.clock.time(), lag, index_lag) if lag or index_lag else None

    def _earlier(
        self, table: Table, index: Index | None, consistent: bool | None, low: Place | None, high: Place | None
    ) -> Mapping[Place, Item | None] | None:
        """What a copy of a table or index that missed the last changes shows at places from `low` to `high`; None for
        a copy that is current there."""
        if consistent or self._lags() is None:
            return None
        tree = table.items if index is None else index.tree
        earlier = {
            place: item
            for place, item in tree.earlier(self.clock.time()).items()
            if (low is None or not place < low) and (high is None or not high < place)
        }
        if not earlier:
            return None
        name = table.name if index is None else f"{table.name}/{index.name}"
        keys = dict.fromkeys(_key_shown(place if index is None else place[-1]) for place in earlier)
        what = f"read a copy of {name} that had not seen the last change of {', '.join(keys)}"
        return earlier if self.choose("dynamodb.stale-read", [False, True], odds=_STALE_ODDS, what=what) else None

    # --- capacity

    def _throttled(self, kind: str) -> bool:
        limits = self.limits
        return not limits.quiet and (limits.active(f"provisioned-{kind}") or limits.active(f"partition-{kind}"))

    def _draw_read(self, consumed: Consumed, partitions: Mapping[str, float]) -> None:
        draw("read", consumed, partitions, self.limits, self.clock.time())

    def _change(
        self, table: Table, place: Place, old: Item | None, new: Item | None, consumed: Consumed | None,
        *, transaction: bool = False,
    ) -> None:  # fmt: skip
        """Write an item, drawing capacity first; `consumed` is charged."""
        limits = self.limits
        quiet = limits.quiet
        if not quiet and not transaction and self._throttled("write"):
            self._draw_write(table, place, old, new)
        charge = Consumed(table) if consumed is not None or table.indexes else None
        table.write(place, old, new, limits, charge, None if quiet else self._lags(), transaction=transaction)
        size = written_size(old, new)
        indexes = (charge.local, charge.others) if charge is not None else None
        self.spent.append((metrics.WRITE, table.arn, size, indexes, transaction))
        if consumed is not None and charge is not None:
            consumed.units += units_of_write(size, limits, transaction=transaction)
            consumed.add(charge)
        if table.expiries is not None and new is not None:
            self._owner(table)._watch_expiry(table)

    def _draw_write(self, table: Table, place: Place, old: Item | None, new: Item | None) -> None:
        costs = table.index_costs(place, old, new, self.limits)
        costs.units = write_units(old, new, self.limits)
        partition = place if type(place) is str else place[0]
        draw("write", costs, {partition: costs.units}, self.limits, self.clock.time())

    def _watch_expiry(self, table: Table) -> None:
        """Overridden by what deletes expired items."""

    def _checked_tags(self, tags: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
        """Overridden by what keeps tags."""
        return {**tags, **new}


def _key_shown(place: Place) -> str:
    """The key of a table's item, as a reader knows it: a partition begins with a hash."""
    return place[8:] if isinstance(place, str) else "/".join((place[0][8:], *map(str, place[1:])))


def wanted(mode: str | None, table: Table) -> Consumed | None:
    """An account to charge, where ReturnConsumedCapacity asks for one."""
    return Consumed(table) if mode == "TOTAL" or mode == "INDEXES" else None
