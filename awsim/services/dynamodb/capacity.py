"""Capacity: how many units an operation consumes, what a table has provisioned, and the buckets it draws from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits
    from awsim.services.dynamodb.index import Index
    from awsim.services.dynamodb.storage import Item
    from awsim.services.dynamodb.table import Table


@dataclass(frozen=True, slots=True)
class Throughput:
    """Provisioned units, and when they were last raised and lowered (epoch seconds). 0 and 0 where on demand."""

    read: int = 0
    write: int = 0
    increased: float | None = None
    decreased: float | None = None
    decreases_today: int = 0

    def describe(self) -> dict[str, Any]:
        return {
            "LastIncreaseDateTime": self.increased,
            "LastDecreaseDateTime": self.decreased,
            "NumberOfDecreasesToday": self.decreases_today,
            "ReadCapacityUnits": self.read,
            "WriteCapacityUnits": self.write,
        }


def read_units(size: int, limits: ServiceLimits, *, consistent: bool, transaction: bool = False) -> float:
    """Units of reading `size` bytes together; at least one block."""
    blocks = max(1, -(-size // limits["read-unit-size"]))
    if transaction:
        return float(blocks * limits["transaction-units"])
    return float(blocks) if consistent else blocks / limits["eventual-reads-per-unit"]


def write_units(old: Item | None, new: Item | None, limits: ServiceLimits, *, transaction: bool = False) -> float:
    """Units of a write: by the larger of the item before and after, at least one block."""
    return units_of_write(written_size(old, new), limits, transaction=transaction)


def written_size(old: Item | None, new: Item | None) -> int:
    """The bytes that a write is charged for."""
    return max(old.size if old is not None else 0, new.size if new is not None else 0)


def units_of_write(size: int, limits: ServiceLimits, *, transaction: bool = False) -> float:
    """Units of writing `size` bytes."""
    blocks = max(1, -(-size // limits["write-unit-size"]))
    return float(blocks * limits["transaction-units"] if transaction else blocks)


class Consumed:
    """What an operation consumes of one table, and of its indexes."""

    __slots__ = ("local", "others", "table", "units")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.units = 0.0
        self.local: dict[str, float] = {}
        self.others: dict[str, float] = {}

    def add_index(self, index: Index, units: float) -> None:
        side = self.local if index.local else self.others
        side[index.name] = side.get(index.name, 0.0) + units

    def add(self, other: Consumed) -> None:
        """Charge what another operation on the table consumed."""
        self.units += other.units
        for side, more in ((self.local, other.local), (self.others, other.others)):
            for name, units in more.items():
                side[name] = side.get(name, 0.0) + units

    def report(self, mode: str | None, *, kind: str | None = None) -> dict[str, Any] | None:
        """ConsumedCapacity for ReturnConsumedCapacity `mode`; None where nothing is asked for.

        `kind` ("ReadCapacityUnits", "WriteCapacityUnits") adds the totals of that kind, as transactions report them.
        """
        if mode not in ("TOTAL", "INDEXES"):
            return None
        total = self.units + sum(self.local.values()) + sum(self.others.values())
        report: dict[str, Any] = {"TableName": self.table.name, "CapacityUnits": total}
        if kind:
            report[kind] = total
        if mode == "INDEXES":
            report["Table"] = _units(self.units, kind)
            for member, side in (("LocalSecondaryIndexes", self.local), ("GlobalSecondaryIndexes", self.others)):
                if side:
                    report[member] = {name: _units(units, kind) for name, units in side.items()}
        return report


def _units(units: float, kind: str | None) -> dict[str, float]:
    return {"CapacityUnits": units, kind: units} if kind else {"CapacityUnits": units}


class _Use(NamedTuple):
    """Units to be taken from one bucket, and what a refusal gives as reason."""

    row: str
    key: str
    units: float
    value: float | None
    burst: float | None
    reason: str
    resource: str


def draw(kind: str, consumed: Consumed, partitions: Mapping[str, float], limits: ServiceLimits, now: float) -> None:
    """Take an operation's units ("read" or "write") from the buckets of its partitions, its indexes and its table.

    Raises ProvisionedThroughputExceededException with ThrottlingReasons where one is short, and takes nothing then.
    """
    uses = _uses(kind, consumed, partitions, limits)
    for row, key, units, value, burst, reason, resource in uses:
        if limits.retry_after(row, key, units, now=now, value=value, burst=burst):
            error = limits.error(row, measured=units)
            error.fields["ThrottlingReasons"] = [{"reason": reason, "resource": resource}]
            raise error
    for row, key, units, value, burst, *_ in uses:
        limits.rate(row, key, units, now=now, value=value, burst=burst)


def _uses(kind: str, consumed: Consumed, partitions: Mapping[str, float], limits: ServiceLimits) -> list[_Use]:
    table = consumed.table
    verb = "Read" if kind == "read" else "Write"
    hot = f"Table{verb}KeyRangeThroughputExceeded"
    uses = [
        _Use(f"partition-{kind}", f"{table.id} {partition}", units, None, None, hot, table.arn)
        for partition, units in partitions.items()
    ]
    drawn = [(table.throughput, table.id, consumed.units + sum(consumed.local.values()), "Table", table.arn)]
    for name, units in consumed.others.items():
        throughput = table.indexes[name].throughput or Throughput()
        drawn.append((throughput, f"{table.id} {name}", units, "Index", table.index_arn(name)))
    for throughput, key, units, what, resource in drawn:
        provisioned = throughput.read if kind == "read" else throughput.write
        if provisioned and units:  # else on demand
            burst = provisioned * limits["burst-capacity"]
            reason = f"{what}{verb}ProvisionedThroughputExceeded"
            uses.append(_Use(f"provisioned-{kind}", key, units, provisioned, burst, reason, resource))
    return uses
