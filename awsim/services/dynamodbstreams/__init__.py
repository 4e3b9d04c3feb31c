"""Amazon DynamoDB Streams (regional): reads the streams that `dynamodb` writes in its account and region."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from awsim.errors import AWSError
from awsim.service import ResourceSide, Service
from awsim.state import Dict

_ARN = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255}/stream/[^/]+\Z")
_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
_HORIZON = -1  # the position of an iterator that begins with whatever is left


class DynamoDBStreams(Service):
    """Streams are the records of `DynamoDB.table_streams()`; what is kept here is who read which shard last."""

    name: ClassVar[str] = "dynamodbstreams"
    exact: ClassVar[frozenset[str]] = frozenset({"AttributeValue", "RecordList"})

    def setup(self) -> None:
        # (stream ARN, shard id) -> ((reader, when it read last), …)
        self.readers = Dict()

    @property
    def arn_name(self) -> str:
        return "dynamodb"

    def resource_arn(self, name: str, arn: str, params: Mapping[str, Any]) -> str:
        """The stream that an iterator is of."""
        given = str(params.get("ShardIterator", "")).partition("|1|")[0]
        return given if name == "iterator" and _ARN.match(given) else arn

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of a stream, which `dynamodb` keeps."""
        parts = arn.split(":", 5)  # a stream's label has colons
        if len(parts) != 6:
            return ResourceSide(self.account)
        tables: Any = self.cloud.service("dynamodb", parts[4] or self.account, parts[3] or self.region)
        return tables.resource_policy(arn)  # type: ignore[no-any-return]

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        return self.cloud.service("dynamodb", self.account, self.region).tags_of(arn)  # type: ignore[no-any-return]

    def list_streams(
        self, TableName: str | None = None, Limit: int | None = None, ExclusiveStartStreamArn: str | None = None
    ) -> dict[str, Any]:
        if ExclusiveStartStreamArn is not None:
            self._check_arn(ExclusiveStartStreamArn)
        streams = sorted(self._streams(), key=lambda stream: stream.arn)
        if TableName is not None:
            streams = [stream for stream in streams if stream.table == TableName]
        if ExclusiveStartStreamArn is not None:
            streams = [stream for stream in streams if stream.arn > ExclusiveStartStreamArn]
        page = Limit or self.limits["list-streams-page"]
        result: dict[str, Any] = {
            "Streams": [
                {"StreamArn": stream.arn, "TableName": stream.table, "StreamLabel": stream.label}
                for stream in streams[:page]
            ]
        }
        if page is not None and len(streams) > page:
            result["LastEvaluatedStreamArn"] = streams[page - 1].arn
        return result

    def describe_stream(
        self,
        StreamArn: str,
        Limit: int | None = None,
        ExclusiveStartShardId: str | None = None,
        ShardFilter: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        stream = self._stream(StreamArn)
        shards = stream.shards()
        if ShardFilter is not None:
            if ShardFilter.get("Type") is None or ShardFilter.get("ShardId") is None:
                raise self.error("ValidationException", "ShardFilter must have a Type and a ShardId")
            shards = [shard for shard in shards if shard.parent == ShardFilter["ShardId"]]
        if ExclusiveStartShardId is not None:
            shards = [shard for shard in shards if shard.id > ExclusiveStartShardId]
        page = Limit or self.limits["describe-stream-page"]
        description = {**stream.describe(), "Shards": [shard.describe() for shard in shards[:page]]}
        if page is not None and len(shards) > page:
            description["LastEvaluatedShardId"] = shards[page - 1].id
        return {"StreamDescription": description}

    def get_shard_iterator(
        self,
        StreamArn: str,
        ShardId: str,
        ShardIteratorType: str,
        SequenceNumber: str | None = None,
        Timestamp: datetime | None = None,
    ) -> dict[str, Any]:
        kind = ShardIteratorType
        if (SequenceNumber is not None) != (kind in _BY_NUMBER):
            verb = "must" if SequenceNumber is None else "cannot"
            raise self.error(
                "ValidationException", f"SequenceNumber {verb} be specified when ShardIteratorType is {kind}"
            )
        if (Timestamp is not None) != (kind == "AT_TIMESTAMP"):
            verb = "must" if Timestamp is None else "cannot"
            raise self.error("ValidationException", f"Timestamp {verb} be specified when ShardIteratorType is {kind}")
        if SequenceNumber is not None and not (SequenceNumber.isascii() and SequenceNumber.isdigit()):
            raise self.error("ValidationException", f"Invalid SequenceNumber: {SequenceNumber}")
        stream = self._stream(StreamArn)
        shard = self._shard(stream, ShardId)
        if kind == "TRIM_HORIZON":
            position = _HORIZON
        elif kind == "LATEST":
            position = stream.latest
        elif Timestamp is not None:
            position = stream.position_at(shard, Timestamp.timestamp())
        else:
            position = self._numbered(stream, shard, int(SequenceNumber or 0), kind)
        return {"ShardIterator": self._iterator(stream.arn, shard.id, position, self.ids.hex("iterator", 16))}

    def get_records(self, ShardIterator: str, Limit: int | None = None) -> dict[str, Any]:
        arn, shard_id, position, issued, reader = self._opened(ShardIterator)
        lifetime = self.limits["iterator-lifetime"]
        if lifetime is not None and self.clock.time() > issued + lifetime:
            raise self.error(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created more than {int(lifetime)} seconds ago.",
            )
        stream = self._stream(arn)
        shard = self._shard(stream, shard_id)
        if position != _HORIZON and position <= stream.trimmed:
            raise self._trimmed()
        self._count_reader(arn, shard_id, reader)
        limit, size = Limit or self.limits["records-page"], self.limits["records-size"]
        records, following = stream.read(shard, position, limit, size)
        result: dict[str, Any] = {"Records": records}
        if following is not None:
            result["NextShardIterator"] = self._iterator(arn, shard_id, following, reader)
        return result

    # --- for services that poll a stream

    def watch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """Have a method of theirs called, as later work, whenever records came."""
        self._stream(arn).watchers[key, method, *data.values()] = (key, method, data)

    def unwatch(self, arn: str, key: tuple[str, str | None, str], method: str, **data: Any) -> None:
        """Call it no more."""
        for stream in self._streams():
            if stream.arn == arn:
                stream.watchers.pop((key, method, *data.values()), None)

    # --- parts

    def _streams(self) -> list[Any]:
        tables: Any = self.cloud.service("dynamodb", self.account, self.region)
        return tables.table_streams()  # type: ignore[no-any-return]

    def _stream(self, arn: str) -> Any:
        self._check_arn(arn)
        account = arn.split(":")[4]
        streams = self._streams() if account == self.account else self.at(account=account)._streams()
        for stream in streams:
            if stream.arn == arn:
                if account != self.account:
                    self._check_stranger(arn)
                return stream
        raise self.error("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")

    def _check_stranger(self, arn: str) -> None:
        """Refuse what the policy of another account's stream does not let this one do."""
        if self.cloud.authorization is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(arn), lambda asked: asked == arn)

    def _shard(self, stream: Any, id: str) -> Any:
        shard = stream.shard(id)
        if shard is None:
            raise self.error("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
        return shard

    def _check_arn(self, arn: str) -> None:
        if not _ARN.match(arn):
            raise self.error("ValidationException", f"Invalid StreamArn: {arn}")

    def _numbered(self, stream: Any, shard: Any, number: int, kind: str) -> int:
        """The position that a sequence number of a shard means."""
        if number <= stream.trimmed:
            raise self._trimmed()
        if number < shard.start or number > (shard.end if shard.end is not None else stream.latest):
            raise self.error("ValidationException", f"Invalid SequenceNumber: {number} is not within the shard")
        return number if kind == "AT_SEQUENCE_NUMBER" else number + 1

    def _trimmed(self) -> AWSError:
        return self.error("TrimmedDataAccessException", "The data you are trying to access has been trimmed")

    def _count_reader(self, arn: str, shard: str, reader: str) -> None:
        """Refuse one reader more of a shard than may read it at once; readers are told apart by their iterators."""
        if not self.limits.active("shard-readers"):
            return
        now = self.clock.time()
        window = self.limits["reader-window"] or 0
        others = tuple(
            (name, when) for name, when in self.readers.get((arn, shard), ()) if name != reader and when > now - window
        )
        self.limits.check("shard-readers", len(others) + 1, shard=shard)
        self.readers[arn, shard] = (*others, (reader, now))

    def _iterator(self, arn: str, shard: str, position: int, reader: str) -> str:
        content = json.dumps([shard, str(position), self.clock.time(), reader]).encode()
        return f"{arn}|1|{urlsafe_b64encode(content).decode()}"

    def _opened(self, iterator: str) -> tuple[str, str, int, float, str]:
        """What an iterator holds: stream, shard, position, when it was given out, and to whom."""
        invalid: Callable[[], AWSError] = lambda: self.error("ValidationException", "Invalid ShardIterator")  # noqa: E731
        arn, _, rest = iterator.partition("|1|")
        if not _ARN.match(arn):
            raise invalid()
        try:
            shard, position, issued, reader = json.loads(urlsafe_b64decode(rest))
            return arn, str(shard), int(position), float(issued), str(reader)
        except (ValueError, RecursionError, TypeError):
            raise invalid() from None


SERVICE = DynamoDBStreams
