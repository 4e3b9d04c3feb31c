"""A delivery stream: what it is set to, and the records that wait to be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.state import Deque, Dict, Entity, Lifecycle, Tags

Settings = dict[str, Any]

_S3 = (
    "RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat",
    "EncryptionConfiguration", "CloudWatchLoggingOptions",
)  # fmt: skip


class DeliveryStream(Entity):
    """`destination` is an ExtendedS3DestinationConfiguration with its defaults filled in; it is replaced, not changed.
    `positions` of a stream with a source: shard id -> the last sequence number that was read."""

    __slots__ = (
        "arn", "buffered", "created", "destination", "encryption", "encryption_key", "id", "job", "kind", "lifecycle",
        "name", "oldest", "positions", "records", "source", "tags", "updated", "version",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        arn: str,
        id: str,
        kind: str,
        source: Mapping[str, Any] | None,
        destination: Settings,
        created: float,
        lifecycle: Lifecycle,
    ) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.kind = kind
        self.source = source
        self.destination = destination
        self.created = created
        self.updated: float | None = None
        self.lifecycle = lifecycle
        self.version = 1
        self.tags = Tags()
        self.encryption: Lifecycle | None = None
        self.encryption_key: Mapping[str, str] = {}
        self.positions = Dict()
        self.records = Deque()  # of bytes
        self.buffered = 0
        self.oldest: float | None = None  # when the first of them arrived
        self.job: int | None = None  # the delivery that the interval will bring about

    @property
    def status(self) -> str:
        return self.lifecycle.state

    @property
    def encrypted(self) -> bool:
        return self.encryption is not None and self.encryption.state == "ENABLED"

    def add(self, data: bytes, now: float) -> None:
        """Keep a record until delivery."""
        self.records.append(data)
        self.buffered += len(data)
        if self.oldest is None:
            self.oldest = now

    def take(self) -> tuple[bytes, float]:
        """All that is kept, in one, and when the first of it arrived."""
        data, oldest = b"".join(self.records), self.oldest or 0.0
        self.records.clear()
        self.buffered, self.oldest, self.job = 0, None, None
        return data, oldest

    def describe(self, began: float | None) -> dict[str, Any]:
        """The DeliveryStreamDescription. `began`: from when on a source is read."""
        shown: dict[str, Any] = {
            "DeliveryStreamName": self.name,
            "DeliveryStreamARN": self.arn,
            "DeliveryStreamStatus": self.status,
            "DeliveryStreamType": self.kind,
            "VersionId": str(self.version),
            "CreateTimestamp": self.created,
            "Destinations": [_described(self.destination)],
            "HasMoreDestinations": False,
        }
        if self.updated is not None:
            shown["LastUpdateTimestamp"] = self.updated
        if self.kind == "DirectPut":
            state = "DISABLED" if self.encryption is None else self.encryption.state
            key = {} if state == "DISABLED" else self.encryption_key
            shown["DeliveryStreamEncryptionConfiguration"] = {"Status": state, **key}
        if self.source is not None:
            shown["Source"] = {"KinesisStreamSourceDescription": {**self.source, "DeliveryStartTimestamp": began}}
        return shown


def _described(destination: Settings) -> dict[str, Any]:
    whole = {name: value for name, value in destination.items() if name != "S3BackupConfiguration"}
    backup = destination.get("S3BackupConfiguration")
    if backup is not None:
        whole["S3BackupDescription"] = backup
    return {
        "DestinationId": "destinationId-000000000001",
        "S3DestinationDescription": {name: whole[name] for name in _S3 if name in whole},
        "ExtendedS3DestinationDescription": whole,
    }
