"""Records: put, and read through iterators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import add
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.validate import Violation
from awsim.services.kinesis import metrics, sequence, tokens
from awsim.services.kinesis.operations.common import shared
from awsim.services.kinesis.operations.shards import ShardOperations
from awsim.services.kinesis.refusals import invalid, malformed, moment, no_such_shard
from awsim.services.kinesis.ring import hash_key
from awsim.services.kinesis.shard import Record, Shard
from awsim.services.kinesis.stream import AUTO, KEYS, ON_DEMAND, Stream
from awsim.wire.rows import Columns, column

_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
_ALWAYS = float("inf")
# How often a run that varies AWS's decisions has a read come before what it could show.
_LAG_ODDS = 0.2
_WRITES = ("shard-records-in", "shard-bytes-in")


class RecordOperations(ShardOperations):
    """Operations on records."""

    # --- writing

    @shared
    def put_record(
        self,
        Data: bytes,
        PartitionKey: str | None = None,
        StreamName: str | None = None,
        ExplicitHashKey: str | None = None,
        SequenceNumberForOrdering: str | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        stream = self.readable(StreamName, StreamARN)
        shard = self._shard_for(stream, PartitionKey, ExplicitHashKey)
        if shard is None:
            raise self.violation([_keyless("partitionKey")])
        PartitionKey = PartitionKey or ""
        if SequenceNumberForOrdering is not None:
            self._check_ordering(stream, SequenceNumberForOrdering)
        size = _size(Data, PartitionKey)
        self._check_size(stream, size, "data")
        self.unlock(stream, stream.seal.to_write)
        now = self.clock.time()
        self._meter(stream, 1, size, now)
        try:
            self._take_write(stream, shard, size, now)
        except AWSError:
            self._note(stream, now, metrics.PUT, None, {shard.id: (0, 0, 1)})
            raise
        self._note(stream, now, metrics.PUT, size, {shard.id: (1, size, 0)} if stream.metrics else {})
        number = shard.append(now, PartitionKey, Data, _encrypted(stream))
        self._tell(stream)
        return {"ShardId": shard.id, "SequenceNumber": str(number), "EncryptionType": stream.encryption}

    @shared
    def put_records(
        self,
        Records: Sequence[Mapping[str, Any]],
        StreamName: str | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        stream = self.readable(StreamName, StreamARN)
        shards, keys = self._placed(stream, Records)
        data = column(Records, "Data") or []
        sizes = list(map(add, map(len, data), _lengths(keys)))
        most = stream.record_size * 1024
        if max(sizes) > most:
            number = next(number for number, size in enumerate(sizes, 1) if size > most)
            self._check_size(stream, sizes[number - 1], f"records.{number}.member.data")
        total = sum(sizes)
        self.limits.check("batch-size", total)
        self.unlock(stream, stream.seal.to_write)
        now = self.clock.time()
        self._meter(stream, len(shards), total, now)
        refused = self._refused(stream, shards, sizes, now)
        self._note_batch(stream, now, shards, sizes, total, refused)
        if refused:
            taken = [place for place in range(len(shards)) if place not in refused]
            shards, keys, data = ([values[place] for place in taken] for values in (shards, keys, data))
        numbers = _append(shards, keys, data, now, _encrypted(stream))
        self._tell(stream)
        results = Columns({"SequenceNumber": numbers, "ShardId": [shard.id for shard in shards]})
        return {
            "FailedRecordCount": len(refused),
            "Records": _with_refusals(results, refused) if refused else results,
            "EncryptionType": stream.encryption,
        }

    def _placed(self, stream: Stream, records: Sequence[Mapping[str, Any]]) -> tuple[list[Shard], list[str]]:
        """The shard that takes each record of a batch, and their partition keys."""
        keys, explicit = column(records, "PartitionKey"), column(records, "ExplicitHashKey")
        if keys is not None and explicit is None and None not in keys and stream.distribution != AUTO:
            return stream.ring.of(keys), keys
        shards = [
            self._shard_for(stream, record.get("PartitionKey"), record.get("ExplicitHashKey")) for record in records
        ]
        keyless = [number for number, shard in enumerate(shards, 1) if shard is None]
        if keyless:
            raise self.violation([_keyless(f"records.{number}.member.partitionKey") for number in keyless])
        return shards, [record.get("PartitionKey") or "" for record in records]  # type: ignore[return-value]

    def _shard_for(self, stream: Stream, key: str | None, explicit: str | None) -> Shard | None:
        """The shard that takes a record; None where it has no key and needs one."""
        if stream.distribution == AUTO:
            return stream.next_shard()
        return None if key is None else stream.ring.at(_hash_key(key, explicit))

    def _check_ordering(self, stream: Stream, number: str) -> None:
        try:
            if sequence.parse(number).time <= self.clock.time():
                return
        except ValueError:
            pass
        raise invalid(
            f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.name} under account "
            f"{self.account} is invalid."
        )

    def _check_size(self, stream: Stream, size: int, where: str) -> None:
        """Data and partition key together count."""
        most = stream.record_size * 1024
        if size > most:
            raise malformed(
                f"1 validation error detected: Value at '{where}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {most}"
            )

    def _take_write(self, stream: Stream, shard: Shard, size: int, now: float, records: int = 1) -> None:
        self.limits.rates(
            (("shard-records-in", shard.throughput_key, records), ("shard-bytes-in", shard.throughput_key, size)),
            now=now,
            fields=self._named(stream, shard),
        )

    def _refused(
        self, stream: Stream, shards: Sequence[Shard], sizes: Sequence[int], now: float
    ) -> dict[int, AWSError]:
        """Take a batch out of what each shard has room for; why records were refused that there was none for, by their
        places in the batch."""
        scarce = self._short_of_room(stream, shards, sizes, now)
        refused = {}
        if scarce:
            for place, (shard, size) in enumerate(zip(shards, sizes, strict=True)):
                if shard.id in scarce:
                    try:
                        self._take_write(stream, shard, size, now)
                    except AWSError as error:
                        refused[place] = error
        return refused

    def _short_of_room(
        self, stream: Stream, shards: Sequence[Shard], sizes: Sequence[int], now: float
    ) -> frozenset[str]:
        """Take each shard's share of a batch at once, where it has room for that; the shards that have not."""
        if not any(map(self.limits.active, _WRITES)):
            return frozenset()
        shares: dict[Shard, tuple[int, int]] = {}
        for shard, size in zip(shards, sizes, strict=True):
            count, total = shares.get(shard, (0, 0))
            shares[shard] = (count + 1, total + size)
        scarce = set()
        per_record, per_byte = self.limits["shard-records-in"], self.limits["shard-bytes-in"]
        for shard, (count, total) in shares.items():
            try:
                # More than a second's worth would pass at once, and leave the bucket in debt.
                if (per_record is not None and count > per_record) or (per_byte is not None and total > per_byte):
                    scarce.add(shard.id)
                else:
                    self._take_write(stream, shard, total, now, count)
            except AWSError:
                scarce.add(shard.id)
        return frozenset(scarce)

    # --- metrics

    def _note(
        self, stream: Stream, now: float, kind: str, size: int | None, shards: Mapping[str, tuple[int, int, int]]
    ) -> None:
        """Note a write; of each shard (records, bytes, records refused), where its stream has metrics of shards."""
        self.measured.append((now, stream.name, kind, size))
        self._note_shards(stream, now, shards)

    def _note_shards(self, stream: Stream, now: float, shards: Mapping[str, tuple[int, int, int]]) -> None:
        if stream.metrics:
            for shard, counts in shards.items():
                for note in metrics.of_shard(stream, shard, now, metrics.written(*counts)):
                    self.measured.append(note)

    def _note_batch(
        self,
        stream: Stream,
        now: float,
        shards: Sequence[Shard],
        sizes: Sequence[int],
        total: int,
        refused: Mapping[int, AWSError],
    ) -> None:
        lost = sum(sizes[place] for place in refused)
        out = len(refused)
        self.measured.append((now, stream.name, metrics.PUTS, len(sizes) - out, total - lost, out))
        if stream.metrics:
            by_shard: dict[str, tuple[int, int, int]] = {}
            for place, (shard, size) in enumerate(zip(shards, sizes, strict=True)):
                records, held, gone = by_shard.get(shard.id, (0, 0, 0))
                kept = place not in refused
                by_shard[shard.id] = (records + kept, held + size * kept, gone + (not kept))
            self._note_shards(stream, now, by_shard)

    def _note_read(self, stream: Stream, shard: Shard, now: float, *counts: Any) -> None:
        """Note a read: (records, bytes, milliseconds behind)."""
        self.measured.append((now, stream.name, metrics.GET, *counts))
        if stream.metrics:
            for note in metrics.of_shard(stream, shard.id, now, metrics.read(*counts)):
                self.measured.append(note)

    def watch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """For services that poll a stream: have a method of theirs called, as later work, whenever records came."""
        self.stream_at(None, arn).watchers[key, method, *data.values()] = (key, method, data)

    def unwatch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """Call it no more."""
        stream = self.streams.get(arn.partition("/")[2])
        if stream is not None:
            stream.watchers.pop((key, method, *data.values()), None)

    def _tell(self, stream: Stream) -> None:
        for key, method, data in stream.watchers.values():
            self.clock.scheduler.add(self.clock.time(), key, method, data)

    def _named(self, stream: Stream, shard: Shard) -> dict[str, str]:
        return {"shard": shard.id, "stream": stream.name, "account": self.account}

    def _meter(self, stream: Stream, records: int, size: int, now: float) -> None:
        """Count the load of an on-demand stream; grow it where the load of a sample has come near its capacity."""
        if stream.mode != ON_DEMAND or not any(map(self.limits.active, _WRITES)):
            return
        seconds = self.limits["on-demand-sample"] or 60
        sample = int(now // seconds)
        current, counted, held = stream.traffic
        if current == sample:
            stream.traffic = (sample, counted + records, held + size)
            return
        stream.traffic = (sample, records, size)
        per_record, per_byte = self.limits["shard-records-in"], self.limits["shard-bytes-in"]
        loads = [load / seconds / capacity for load, capacity in ((counted, per_record), (held, per_byte)) if capacity]
        wanted = max(loads, default=0) * self.limits["on-demand-headroom"]
        if wanted > len(stream.open):
            stream.rescale(-int(-wanted // 1), now)

    # --- reading

    @shared
    def get_shard_iterator(
        self,
        ShardId: str,
        ShardIteratorType: str,
        StreamName: str | None = None,
        StartingSequenceNumber: str | None = None,
        Timestamp: datetime | None = None,
        StreamARN: str | None = None,
    ) -> dict[str, Any]:
        stream = self.readable(StreamName, StreamARN)
        shard = self.shard_to_read(stream, ShardId)
        position = self.position(stream, shard, ShardIteratorType, StartingSequenceNumber, Timestamp)
        self.limits.rate(
            "shard-iterators", shard.throughput_key, now=self.clock.time(), fields=self._named(stream, shard)
        )
        return {"ShardIterator": self._iterator(stream, shard, position)}

    def get_records(self, ShardIterator: str, Limit: int | None = None, StreamARN: str | None = None) -> dict[str, Any]:
        try:
            issued, arn, id, shard_id, position = tokens.unpack("iterator", ShardIterator)
        except ValueError:
            raise invalid("Invalid ShardIterator.") from None
        if StreamARN is not None and StreamARN != arn:
            raise invalid(f"StreamARN {StreamARN} does not match the stream of the ShardIterator, {arn}.")
        owner = self.owner_of(arn)
        return owner._read(issued, arn, id, shard_id, position, Limit)  # type: ignore[attr-defined,no-any-return]

    def _read(
        self, issued: float, arn: str, id: str, shard_id: str, position: int, limit: int | None
    ) -> dict[str, Any]:
        now, lifetime = self.clock.time(), self.limits["iterator-lifetime"]
        if lifetime is not None and now - issued > lifetime:
            raise AWSError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {moment(issued)} while right now it is "
                f"{moment(now)} which is further in the future than the tolerated delay of "
                f"{int(lifetime * 1000)} milliseconds.",
            )
        name = arn.partition("/")[2]
        stream = self.same(name, id)
        if stream is None or stream.status == "DELETING":
            raise no_such_shard(shard_id, name, self.account)
        shard = self.shard_to_read(stream, shard_id)
        self.unlock(stream, stream.seal.to_read)
        named = self._named(stream, shard)
        try:
            self.limits.rate("shard-reads", shard.throughput_key, now=now, fields=named)
        except AWSError:
            self._note_read(stream, shard, now, None, 0, 0)
            raise
        most = limit or int(self.limits["read-records"] or KEYS)
        records, following = shard.read(position, most, int(self.limits["read-size"]), self._visible_until(shard, now))
        size = sum([len(record.data) + len(record.key.encode()) for record in records])
        if records:
            self.limits.rate("shard-bytes-out", shard.throughput_key, size, now=now, fields=named)
        behind = shard.behind(following, now)
        self._note_read(stream, shard, now, len(records), size, behind)
        result: dict[str, Any] = {"Records": [shown(record) for record in records], "MillisBehindLatest": behind}
        if shard.open or following < shard.latest:
            result["NextShardIterator"] = self._iterator(stream, shard, following)
        else:
            result["ChildShards"] = child_shards(stream, shard)
        return result

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """Iterators and NextTokens of ListShards say by themselves which stream they are of."""
        try:
            if name == "iterator":
                return str(tokens.unpack("iterator", params.get("ShardIterator") or "")[1])
            if name == "page":
                return str(tokens.unpack("shards", params["NextToken"])[3])
        except (ValueError, IndexError):
            pass
        return super().resource_arn(name, arn, params)

    def _iterator(self, stream: Stream, shard: Shard, position: int) -> str:
        return tokens.pack("iterator", self.clock.time(), stream.arn, stream.id, shard.id, position)

    def _visible_until(self, shard: Shard, now: float) -> float:
        """Records put after this are not to be seen yet."""
        lag = self.limits.lag("record-propagation")
        if not lag or not shard.has_since(now - lag):
            return _ALWAYS
        if not self.cloud.choices.active:
            return now - lag
        what = f"did not show yet what had just been put into {shard.throughput_key}"
        return now - lag if self.choose("kinesis.propagation", (False, True), _LAG_ODDS, what) else _ALWAYS

    def shard_to_read(self, stream: Stream, id: str) -> Shard:
        """A shard of the stream without what is too old."""
        shard: Shard | None = stream.shards.get(id)
        horizon = stream.horizon(self.clock.time())
        if shard is None or (shard.closed is not None and shard.closed <= horizon):
            raise no_such_shard(id, stream.name, self.account)
        shard.trim(horizon)
        return shard

    def position(self, stream: Stream, shard: Shard, kind: str, number: str | None, when: datetime | None) -> int:
        """Where a starting position is in a shard."""
        if kind == "AT_TIMESTAMP":
            if when is None:
                raise invalid(
                    "Must specify timestamp parameter for iterator of type AT_TIMESTAMP. "
                    "Current request has no timestamp parameter."
                )
            asked, now = round(when.timestamp() * 1000), round(self.clock.time() * 1000)
            if asked > now:
                raise invalid(
                    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                    f"timestampInMillis: {asked}, currentTimestampInMillis: {now}"
                )
            return shard.position_at(when.timestamp())
        if (number is not None) != (kind in _BY_NUMBER):
            has = "no StartingSequenceNumber" if number is None else "also a StartingSequenceNumber"
            raise invalid(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
                f"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {has}."
            )
        if number is None:
            return shard.latest if kind == "LATEST" else 1
        return self._numbered(stream, shard, number) + (kind == "AFTER_SEQUENCE_NUMBER")

    def _numbered(self, stream: Stream, shard: Shard, text: str) -> int:
        used = (
            f"StartingSequenceNumber {text} used in GetShardIterator on shard {shard.id} in stream {stream.name} "
            f"under account {self.account} is invalid"
        )
        try:
            number = sequence.parse(text)
        except ValueError:
            raise invalid(f"{used}.") from None
        if number.shard != shard.index:
            raise invalid(
                f"Invalid StartingSequenceNumber. It encodes shardId-{number.shard:012d}, while it was used in a call "
                f"to a shard with {shard.id}"
            )
        if number.opened != shard.second:
            raise invalid(f"{used} because it did not come from this stream.")
        return number.records


def shown(record: Record) -> dict[str, Any]:
    """A Record as GetRecords and SubscribeToShard show it."""
    result: dict[str, Any] = {
        "SequenceNumber": str(record.sequence),
        "ApproximateArrivalTimestamp": int(record.time * 1000) / 1000,
        "Data": record.data,
        "PartitionKey": record.key,
    }
    if record.encryption is not None:
        result["EncryptionType"] = record.encryption
    return result


def child_shards(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    """ChildShards of a closed shard that was read to its end."""
    return [
        {"ShardId": child.id, "ParentShards": list(child.parents), "HashKeyRange": child.hash_range()}
        for child in stream.children(shard)
    ]


def _append(
    shards: Sequence[Shard], keys: Sequence[str], data: Sequence[bytes], now: float, encryption: str | None
) -> list[str]:
    """Keep records that came at once, each in its shard; their sequence numbers."""
    shares: dict[Shard, tuple[list[str], list[bytes]]] = {shard: ([], []) for shard in dict.fromkeys(shards)}
    for shard, key, item in zip(shards, keys, data, strict=True):
        its_keys, its_data = shares[shard]
        its_keys.append(key)
        its_data.append(item)
    numbers = {shard: shard.append_all(now, *share, encryption) for shard, share in shares.items()}
    return list(map(str, map(next, map(numbers.__getitem__, shards))))


def _with_refusals(results: Iterable[dict[str, str]], refused: Mapping[int, AWSError]) -> list[dict[str, str]]:
    """What a batch is answered of which some records were refused, by their places in it."""
    answers = list(results)
    for place, error in sorted(refused.items()):
        answers.insert(place, {"ErrorCode": error.code, "ErrorMessage": error.message})
    return answers


def _encrypted(stream: Stream) -> str | None:
    return None if stream.key_id is None else "KMS"


def _size(data: bytes, key: str) -> int:
    return len(data) + (len(key) if key.isascii() else len(key.encode()))


def _lengths(texts: Sequence[str]) -> Iterable[int]:
    """How many bytes each of some texts takes."""
    return map(len, texts) if "".join(texts).isascii() else map(len, map(str.encode, texts))


def _keyless(path: str) -> Violation:
    """Streams that distribute records by themselves do without the key, so newer models do not ask for it."""
    return Violation(path, None, "required", "Member must not be null")


def _hash_key(partition_key: str, explicit: str | None) -> int:
    if explicit is None:
        return hash_key(partition_key)
    key = int(explicit)
    if key >= KEYS:
        raise invalid(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit}"
        )
    return key
