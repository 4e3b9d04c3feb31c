"""Streams of tables: shards that roll over, records in order, trimmed after a day.

The service `dynamodbstreams` reads them: `DynamoDB.table_streams()` gives it every `Stream`; the members of `Stream`
and `Shard` that do not begin with an underscore are all it uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b, md5
from typing import TYPE_CHECKING, Any

from awsim.services.dynamodb import values
from awsim.services.dynamodb.feeds import EXPIRY
from awsim.services.dynamodb.schema import HASHES, KeySchema, Place
from awsim.services.dynamodb.storage import Item
from awsim.state import Dict, Entity, Lifecycle, SortedDict

if TYPE_CHECKING:
    from awsim.clock import Clock
    from awsim.limits.table import ServiceLimits

_FIRST = 10**20  # sequence numbers have 21 digits or more
_STEP = 100
_NEVER = float("inf")


class Shard(Entity):
    """A stretch of a stream. `start` and `end` are sequence numbers, `end` None while it is open; times are epoch
    seconds; `line` says which line of parents and children it belongs to."""

    def __init__(self, id: str, parent: str | None, line: int, opened: float, start: int) -> None:
        self.id = id
        self.parent = parent
        self.line = line
        self.opened = opened
        self.start = start
        self.closed: float | None = None
        self.end: int | None = None

    def describe(self) -> dict[str, Any]:
        """As DescribeStream shows it."""
        numbers = {"StartingSequenceNumber": str(self.start)}
        if self.end is not None:
            numbers["EndingSequenceNumber"] = str(self.end)
        description: dict[str, Any] = {"ShardId": self.id, "SequenceNumberRange": numbers}
        if self.parent is not None:
            description["ParentShardId"] = self.parent
        return description


class _Record:
    """A change: attributes of the item before and after, as far as the view type keeps them."""

    __slots__ = ("expired", "keys", "name", "new", "old", "size", "time")

    def __init__(
        self, time: float, name: str, keys: dict[str, Any], old: Item | None, new: Item | None, expired: bool
    ) -> None:
        self.time = time
        self.name = name
        self.keys = keys
        self.old = old
        self.new = new
        self.expired = expired
        self.size = values.item_size(keys) + (old.size if old else 0) + (new.size if new else 0)


class Stream(Entity):
    """The stream of a table between its enabling and its disabling; readable for another day then.

    `limits` are those of the service dynamodbstreams.
    """

    def __init__(
        self,
        arn: str,
        label: str,
        table: str,
        keys: KeySchema,
        view: str,
        region: str,
        clock: Clock,
        limits: ServiceLimits,
        lifecycle: Lifecycle,
    ) -> None:
        self.arn = arn
        self.label = label
        self.table = table
        self.view = view
        self.created = clock.time()
        self.disabled: float | None = None
        self.lifecycle = lifecycle
        self._keys = keys
        self._region = region
        self._clock = clock
        self._limits = limits
        self.watchers = Dict()  # who is told of new records: anything -> (service, method, data)
        self._last = _FIRST
        self._trimmed = 0
        self._shards = Dict()
        lines = int(limits["shards"] or 1)
        self._records = tuple(SortedDict() for _ in range(lines))
        for line in range(lines):
            self._open(line, None, self.created)

    # --- writing

    def note(self, place: Place, old: Item | None, new: Item | None, origin: str) -> None:
        """A record of a change; a write that changes nothing leaves none."""
        if old is not None and new is not None and values.equal(old.attributes, new.attributes):
            return
        self.advance()
        item = new if new is not None else old
        assert item is not None
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        kept_old = old if self.view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES") else None
        kept_new = new if self.view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES") else None
        keys = self._keys.key_of(item.attributes)
        record = _Record(self._clock.time(), name, keys, kept_old, kept_new, origin == EXPIRY)
        start = place if type(place) is str else place[0]
        line = int(start[:8], 16) * len(self._records) // HASHES
        self._records[line][self._next()] = record
        for key, method, data in self.watchers.values():
            self._clock.scheduler.add(self._clock.time(), key, method, data)

    def disable(self, lifecycle: Lifecycle) -> None:
        """No more records; what there is stays readable."""
        self.advance()
        self.disabled = self._clock.time()
        self.lifecycle = lifecycle
        for shard in self._shards.values():
            if shard.end is None:
                shard.closed, shard.end = self.disabled, self._next()

    def advance(self) -> None:
        """Roll shards over that are old enough, and forget what is too old: everything reads and writes after this."""
        now = self._clock.time()
        retention, lifetime = self._limits["retention"] or _NEVER, self._limits["shard-lifetime"] or _NEVER
        for records in self._records:
            while records:
                sequence, record = records.peekitem(0)
                if record.time + retention > now:
                    break
                del records[sequence]
                self._trimmed = max(self._trimmed, sequence)
        for shard in list(self._shards.values()):
            if shard.end is None:
                while now >= shard.opened + lifetime:
                    # Of a long time without reads and writes only the last shards are left anyhow.
                    age = now - shard.opened
                    skipped = (age - retention) // lifetime * lifetime if age > retention + lifetime else 0.0
                    shard.closed = shard.opened + lifetime + skipped
                    shard.end = self._next()
                    shard = self._open(shard.line, shard.id, shard.closed)
        for shard in list(self._shards.values()):
            if shard.closed is not None and shard.closed + retention <= now:
                del self._shards[shard.id]

    def _open(self, line: int, parent: str | None, when: float) -> Shard:
        # Ids in order of time; the rest tells apart those of one time.
        tail = blake2b(f"{self.arn}/{line}/{when}".encode(), digest_size=4).hexdigest()
        shard = Shard(f"shardId-{int(when * 1000):020d}-{tail}", parent, line, when, self._next())
        self._shards[shard.id] = shard
        return shard

    def _next(self) -> int:
        self._last += _STEP
        return self._last

    # --- reading

    @property
    def gone(self) -> bool:
        """Whether it is so long since it was disabled that nothing is left of it."""
        retention = self._limits["retention"] or _NEVER
        return self.disabled is not None and self.disabled + retention <= self._clock.time()

    def describe(self) -> dict[str, Any]:
        """StreamDescription without the shards."""
        return {
            "StreamArn": self.arn,
            "StreamLabel": self.label,
            "StreamStatus": self.lifecycle.state,
            "StreamViewType": self.view,
            "CreationRequestDateTime": self.created,
            "TableName": self.table,
            "KeySchema": self._keys.describe(),
        }

    def shards(self) -> list[Shard]:
        """All shards that may hold records, in order of their ids."""
        self.advance()
        return [self._shards[id] for id in sorted(self._shards)]

    def shard(self, id: str) -> Shard | None:
        self.advance()
        shard: Shard | None = self._shards.get(id)
        return shard

    @property
    def trimmed(self) -> int:
        """The last sequence number that was trimmed; 0 where none was."""
        return self._trimmed

    @property
    def latest(self) -> int:
        """Where the next record will stand at the earliest."""
        return self._last + 1

    def position_at(self, shard: Shard, when: float) -> int:
        """The sequence number of the shard's first record from a time on (epoch seconds)."""
        for sequence, record in self._of(shard, shard.start):
            if record.time >= when:
                return sequence
        return self.latest

    def read(
        self, shard: Shard, position: int, limit: int | None, size: int | None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Records from a position (a sequence number) on, and the position to go on from: None at the end of a closed
        shard. At most `limit` records, of at most `size` bytes together; None does not bound them."""
        found: list[dict[str, Any]] = []
        total = 0
        for sequence, record in self._of(shard, position):
            total += record.size
            if len(found) == limit or (found and size is not None and total > size):
                return found, position
            found.append(self._shown(sequence, record))
            position = sequence + 1
        return found, None if shard.end is not None else max(position, shard.start)

    def _of(self, shard: Shard, position: int) -> Iterator[tuple[int, _Record]]:
        records = self._records[shard.line]
        for sequence in records.irange(max(position, shard.start), shard.end):
            yield sequence, records[sequence]

    def _shown(self, sequence: int, record: _Record) -> dict[str, Any]:
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": float(int(record.time)),
            "Keys": values.dump_item(record.keys),
            "SequenceNumber": str(sequence),
            "SizeBytes": record.size,
            "StreamViewType": self.view,
        }
        if record.new is not None:
            change["NewImage"] = values.dump_item(record.new.attributes)
        if record.old is not None:
            change["OldImage"] = values.dump_item(record.old.attributes)
        shown = {
            "eventID": md5(f"{self.arn}/{sequence}".encode(), usedforsecurity=False).hexdigest(),
            "eventName": record.name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._region,
            "dynamodb": change,
        }
        if record.expired:
            shown["userIdentity"] = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
        return shown
