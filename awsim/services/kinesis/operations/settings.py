"""What a stream and an account are set to: retention, encryption, metrics, the billing commitment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.kinesis.operations.common import Operations
from awsim.services.kinesis.refusals import invalid
from awsim.services.kinesis.stream import Stream

_METRICS = (
    "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
)  # fmt: skip


class SettingOperations(Operations):
    """Operations on settings."""

    # --- retention

    def increase_stream_retention_period(
        self, RetentionPeriodHours: int, StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self._retained(RetentionPeriodHours, StreamName, StreamARN)
        if RetentionPeriodHours < stream.retention:
            raise invalid(
                f"Requested retention period ({RetentionPeriodHours} hours) for stream {stream.name} can not be "
                f"shorter than existing retention period ({stream.retention} hours). Use DecreaseRetentionPeriod API."
            )
        self._retain(stream, RetentionPeriodHours)

    def decrease_stream_retention_period(
        self, RetentionPeriodHours: int, StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self._retained(RetentionPeriodHours, StreamName, StreamARN)
        if RetentionPeriodHours > stream.retention:
            raise invalid(
                f"Requested retention period ({RetentionPeriodHours} hours) for stream {stream.name} can not be longer "
                f"than existing retention period ({stream.retention} hours). Use IncreaseRetentionPeriod API."
            )
        self._retain(stream, RetentionPeriodHours)

    def _retained(self, hours: int, name: str | None, arn: str | None) -> Stream:
        stream = self.active(name, arn)
        least = self.limits["retention-minimum"]
        if least is not None and hours < least:
            raise invalid(
                f"Minimum allowed retention period is {int(least)} hours. "
                f"Requested retention period ({hours} hours) is too short."
            )
        self.limits.check("retention-maximum", hours)
        return stream

    def _retain(self, stream: Stream, hours: int) -> None:
        # What the old period has dropped does not come back.
        stream.refresh(self.clock.time())
        stream.retention = hours

    # --- encryption

    def start_stream_encryption(
        self, EncryptionType: str, KeyId: str, StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self.active(StreamName, StreamARN)
        if EncryptionType != "KMS":
            raise invalid(f"EncryptionType {EncryptionType} is not valid, the only valid value is KMS.")
        self.update(stream, "encryption-update", "_encrypt", key=KeyId)

    def stop_stream_encryption(
        self, EncryptionType: str, KeyId: str, StreamName: str | None = None, StreamARN: str | None = None
    ) -> None:
        stream = self.active(StreamName, StreamARN)
        if EncryptionType != "KMS":
            raise invalid(f"EncryptionType {EncryptionType} is not valid, the only valid value is KMS.")
        self.update(stream, "encryption-update", "_encrypt", key=None)

    def _encrypt(self, stream: str, id: str, key: str | None) -> None:
        found = self.same(stream, id)
        if found is not None:
            found.key_id = key

    # --- metrics of shards

    def enable_enhanced_monitoring(
        self, ShardLevelMetrics: Sequence[str], StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        stream = self.active(StreamName, StreamARN)
        return self._monitor(stream, {*stream.metrics, *_meant(ShardLevelMetrics)})

    def disable_enhanced_monitoring(
        self, ShardLevelMetrics: Sequence[str], StreamName: str | None = None, StreamARN: str | None = None
    ) -> dict[str, Any]:
        stream = self.active(StreamName, StreamARN)
        return self._monitor(stream, {*stream.metrics} - _meant(ShardLevelMetrics))

    def _monitor(self, stream: Stream, wanted: set[str]) -> dict[str, Any]:
        before = stream.metrics
        stream.metrics = tuple(name for name in _METRICS if name in wanted)
        return {
            "StreamName": stream.name,
            "CurrentShardLevelMetrics": list(before),
            "DesiredShardLevelMetrics": list(stream.metrics),
            "StreamARN": stream.arn,
        }

    # --- the account

    def describe_account_settings(self) -> dict[str, Any]:
        return {"MinimumThroughputBillingCommitment": self._commitment()}

    def update_account_settings(self, MinimumThroughputBillingCommitment: Mapping[str, str]) -> dict[str, Any]:
        now, settings = self.clock.time(), self.account_settings
        status = self._commitment()["Status"]
        if MinimumThroughputBillingCommitment["Status"] == "ENABLED":
            if status != "DISABLED":
                raise AWSError("ValidationException", "The minimum throughput billing commitment is enabled already.")
            settings["started"], settings["ended"] = now, None
        else:
            if status == "DISABLED":
                raise AWSError("ValidationException", "The minimum throughput billing commitment is disabled already.")
            settings["ended"] = max(now, self._earliest_end())
        return {"MinimumThroughputBillingCommitment": self._commitment()}

    def _earliest_end(self) -> float:
        started: float = self.account_settings["started"]
        return started + (self.limits["billing-commitment"] or 0)

    def _commitment(self) -> dict[str, Any]:
        started, ended = self.account_settings.get("started"), self.account_settings.get("ended")
        if started is None:
            return {"Status": "DISABLED"}
        shown: dict[str, Any] = {"StartedAt": started, "EarliestAllowedEndAt": self._earliest_end()}
        if ended is None:
            return {"Status": "ENABLED", **shown}
        over = self.clock.time() >= ended
        return {"Status": "DISABLED" if over else "ENABLED_UNTIL_EARLIEST_ALLOWED_END", **shown, "EndedAt": ended}


def _meant(metrics: Sequence[str]) -> set[str]:
    return set(_METRICS) if "ALL" in metrics else set(metrics)
