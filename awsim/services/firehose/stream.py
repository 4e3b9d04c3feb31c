"""A delivery stream: what it is set to, and the records that wait to be delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

from awsim.services.firehose import destinations
from awsim.services.firehose.destinations import Form, Settings
from awsim.services.firehose.processing import Record
from awsim.state import Deque, Dict, Entity, Lifecycle, Tags


class DeliveryStream(Entity):
    """`destination` is the configuration of a destination with its defaults filled in, `form` says which kind; they are
    replaced, not changed. `positions` of a stream with a source: shard id -> the last sequence number that was read."""

    __slots__ = (
        "arn", "buffered", "created", "destination", "direct", "encryption", "encryption_key", "form", "id", "job",
        "kind", "lifecycle", "name", "oldest", "positions", "records", "source", "tags", "updated", "version",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        arn: str,
        id: str,
        kind: str,
        source: Mapping[str, Any] | None,
        form: Form,
        destination: Settings,
        created: float,
        lifecycle: Lifecycle,
    ) -> None:
        self.name = name
        self.arn = arn
        self.id = id
        self.kind = kind
        self.source = source
        self.form = form
        self.destination = destination
        self.created = created
        self.updated: float | None = None
        self.lifecycle = lifecycle
        self.version = 1
        self.tags = Tags()
        self.encryption: Lifecycle | None = None
        self.encryption_key: Mapping[str, str] = {}
        self.direct: Mapping[str, int] | None = None  # DirectPutSourceConfiguration
        self.positions = Dict()
        self.records = Deque()  # of Record
        self.buffered = 0
        self.oldest: float | None = None  # when the first of them arrived
        self.job: int | None = None  # the delivery that the interval will bring about

    @property
    def status(self) -> str:
        return self.lifecycle.state

    @property
    def encrypted(self) -> bool:
        return self.encryption is not None and self.encryption.state == "ENABLED"

    def add(self, data: Sequence[bytes], now: float) -> None:
        """Keep records until delivery."""
        self.records.extend(map(Record, data, repeat(now)))
        self.buffered += sum(map(len, data))
        if self.oldest is None and data:
            self.oldest = now

    def take(self) -> list[Record]:
        """All that is kept."""
        records: list[Record] = list(self.records)
        self.records.clear()
        self.buffered, self.oldest, self.job = 0, None, None
        return records

    def describe(self, began: float | None) -> dict[str, Any]:
        """The DeliveryStreamDescription. `began`: from when on a source is read."""
        shown: dict[str, Any] = {
            "DeliveryStreamName": self.name,
            "DeliveryStreamARN": self.arn,
            "DeliveryStreamStatus": self.status,
            "DeliveryStreamType": self.kind,
            "VersionId": str(self.version),
            "CreateTimestamp": self.created,
            "Destinations": [destinations.described(self.form, self.destination)],
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
        if self.direct is not None:
            shown["Source"] = {"DirectPutSourceDescription": self.direct}
        return shown
