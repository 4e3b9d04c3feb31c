"""Backups, point-in-time recovery and restores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.services.dynamodb.base import Base
from awsim.services.dynamodb.history import History, Image
from awsim.services.dynamodb.refusals import invalid, invalid_parameter
from awsim.services.dynamodb.table import ON_DEMAND, Table
from awsim.state import Dict, Entity, Lifecycle


class Backup(Entity):
    """A backup: of a user, or (SYSTEM) of a table deleted while it could be restored to any time."""

    def __init__(
        self, arn: str, name: str, kind: str, image: Image, created: float, expires: float | None, lifecycle: Lifecycle
    ) -> None:
        self.arn = arn
        self.name = name
        self.kind = kind
        self.image = image
        self.created = created
        self.expires = expires
        self.lifecycle = lifecycle

    def describe(self, status: str | None = None) -> dict[str, Any]:
        """BackupDetails."""
        details = {
            "BackupArn": self.arn,
            "BackupName": self.name,
            "BackupSizeBytes": self.image.size,
            "BackupStatus": status or self.lifecycle.state,
            "BackupType": self.kind,
            "BackupCreationDateTime": self.created,
        }
        if self.expires is not None:
            details["BackupExpiryDateTime"] = self.expires
        return details


class BackupOperations(Base):
    """Operations that keep what tables held."""

    def setup(self) -> None:
        super().setup()
        self.backups = Dict()

    # --- backups

    def create_backup(self, TableName: str, BackupName: str) -> dict[str, Any]:
        table = self._backed_up(TableName)
        backup = self._back_up(table, BackupName, "USER")
        return {"BackupDetails": backup.describe()}

    def describe_backup(self, BackupArn: str) -> dict[str, Any]:
        return {"BackupDescription": self._shown(self._backup(BackupArn))}

    def delete_backup(self, BackupArn: str) -> dict[str, Any]:
        backup = self._backup(BackupArn)
        if backup.lifecycle.state == "CREATING":
            raise self.error("BackupInUseException", f"Backup is being created: {BackupArn}")
        del self.backups[BackupArn]
        return {"BackupDescription": self._shown(backup, "DELETED")}

    def list_backups(
        self,
        TableName: str | None = None,
        Limit: int | None = None,
        TimeRangeLowerBound: datetime | None = None,
        TimeRangeUpperBound: datetime | None = None,
        ExclusiveStartBackupArn: str | None = None,
        BackupType: str | None = None,
    ) -> dict[str, Any]:
        self._drop_expired()
        name = self._table_name(TableName) if TableName is not None else None
        low = TimeRangeLowerBound.timestamp() if TimeRangeLowerBound is not None else float("-inf")
        high = TimeRangeUpperBound.timestamp() if TimeRangeUpperBound is not None else float("inf")
        wanted = BackupType or "USER"
        found = [
            backup
            for arn, backup in sorted(self.backups.items())
            if (name is None or backup.image.name == name)
            and (wanted == "ALL" or backup.kind == wanted)
            and low <= backup.created < high
            and (ExclusiveStartBackupArn is None or arn > ExclusiveStartBackupArn)
        ]
        page = Limit or int(self.limits["list-backups-page"])
        result: dict[str, Any] = {"BackupSummaries": [_summary(backup) for backup in found[:page]]}
        if len(found) > page:
            result["LastEvaluatedBackupArn"] = found[page - 1].arn
        return result

    def restore_table_from_backup(
        self,
        TargetTableName: str,
        BackupArn: str,
        BillingModeOverride: str | None = None,
        GlobalSecondaryIndexOverride: list[dict[str, Any]] | None = None,
        LocalSecondaryIndexOverride: list[dict[str, Any]] | None = None,
        ProvisionedThroughputOverride: dict[str, Any] | None = None,
        OnDemandThroughputOverride: dict[str, Any] | None = None,
        SSESpecificationOverride: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        backup = self._backup(BackupArn)
        if backup.lifecycle.state == "CREATING":
            raise self.error("BackupInUseException", f"Backup is being created: {BackupArn}")
        restored = {"SourceBackupArn": backup.arn, "SourceTableArn": backup.image.arn}
        overrides = (
            BillingModeOverride, GlobalSecondaryIndexOverride, LocalSecondaryIndexOverride,
            ProvisionedThroughputOverride, OnDemandThroughputOverride, SSESpecificationOverride,
        )  # fmt: skip
        return self._restore(backup.image, TargetTableName, {**restored, "RestoreDateTime": backup.created}, *overrides)

    # --- point-in-time recovery

    def describe_continuous_backups(self, TableName: str) -> dict[str, Any]:
        return {"ContinuousBackupsDescription": self._recovery(self._backed_up(TableName))}

    def update_continuous_backups(
        self, TableName: str, PointInTimeRecoverySpecification: dict[str, Any]
    ) -> dict[str, Any]:
        table = self._backed_up(TableName)
        days = PointInTimeRecoverySpecification.get("RecoveryPeriodInDays")
        enabled = PointInTimeRecoverySpecification["PointInTimeRecoveryEnabled"]
        most = int(self.limits["point-in-time-window"] // 86_400)
        if days is not None and not enabled:
            raise invalid("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true")
        if enabled:
            if table.recovery_since is None:
                table.recovery_since = self.clock.time()
                table.history = History(self.clock.time, lambda: float(self.limits["point-in-time-window"]))
                table.feeds = (*table.feeds, table.history)
            table.recovery_days = days or most
        elif table.recovery_since is not None:
            table.recovery_since = None
            table.feeds = tuple(feed for feed in table.feeds if feed is not table.history)
            table.history = None
        return {"ContinuousBackupsDescription": self._recovery(table)}

    def restore_table_to_point_in_time(
        self,
        TargetTableName: str,
        SourceTableArn: str | None = None,
        SourceTableName: str | None = None,
        UseLatestRestorableTime: bool | None = None,
        RestoreDateTime: datetime | None = None,
        BillingModeOverride: str | None = None,
        GlobalSecondaryIndexOverride: list[dict[str, Any]] | None = None,
        LocalSecondaryIndexOverride: list[dict[str, Any]] | None = None,
        ProvisionedThroughputOverride: dict[str, Any] | None = None,
        OnDemandThroughputOverride: dict[str, Any] | None = None,
        SSESpecificationOverride: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        source = SourceTableArn or SourceTableName
        if source is None or (SourceTableArn is not None and SourceTableName is not None):
            raise invalid_parameter("Exactly one of SourceTableArn and SourceTableName must be specified")
        if (RestoreDateTime is None) == (not UseLatestRestorableTime):
            raise invalid_parameter("Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified")
        table = self._backed_up(source)
        earliest, latest = self._restorable(table)
        when = RestoreDateTime.timestamp() if RestoreDateTime is not None else latest
        if not earliest <= when <= latest:
            raise self.error(
                "InvalidRestoreTimeException",
                f"Invalid restore time: it is not between {_time(earliest)} and {_time(latest)}",
            )
        overrides = (
            BillingModeOverride, GlobalSecondaryIndexOverride, LocalSecondaryIndexOverride,
            ProvisionedThroughputOverride, OnDemandThroughputOverride, SSESpecificationOverride,
        )  # fmt: skip
        image = self._image_at(table, when)
        return self._restore(image, TargetTableName, {"SourceTableArn": table.arn, "RestoreDateTime": when}, *overrides)

    # --- parts

    def _restorable(self, table: Table) -> tuple[float, float]:
        """The earliest and the latest time that a table can be restored to.

        PointInTimeRecoveryUnavailableException where that is not switched on.
        """
        if table.recovery_since is None:
            raise self.error(
                "PointInTimeRecoveryUnavailableException",
                f"Point in time recovery is not enabled for table '{table.name}'",
            )
        now = self.clock.time()
        window = min(float(self.limits["point-in-time-window"]), table.recovery_days * 86_400.0)
        earliest = max(table.recovery_since, now - window)
        return earliest, max(earliest, now - self.limits["point-in-time-delay"])

    def _image_at(self, table: Table, when: float) -> Image:
        assert table.history is not None
        return Image(table, table.history.contents(table.items, when))

    def _recovery(self, table: Table) -> dict[str, Any]:
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if table.recovery_since is not None:
            earliest, latest = self._restorable(table)
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": table.recovery_days,
                "EarliestRestorableDateTime": earliest,
                "LatestRestorableDateTime": latest,
            }
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}

    def _back_up(self, table: Table, name: str, kind: str) -> Backup:
        now = self.clock.time()
        expires = now + self.limits["system-backup-lifetime"] if kind == "SYSTEM" else None
        backup = Backup(
            f"{table.arn}/backup/{self._dated_id('backup')}",
            name,
            kind,
            Image(table),
            now,
            expires,
            Lifecycle(self, [("CREATING", "backup-create"), ("AVAILABLE", None)]),
        )
        self.backups[backup.arn] = backup
        return backup

    def _dated_id(self, kind: str) -> str:
        """An id as backups, exports and imports have it."""
        return f"{int(self.clock.time() * 1000):014d}-{self.ids.hex(kind, 8)}"

    def _backup(self, arn: str) -> Backup:
        self._drop_expired()
        backup: Backup | None = self.backups.get(arn)
        if backup is None:
            raise self.error("BackupNotFoundException", f"Backup not found: {arn}")
        return backup

    def _drop_expired(self) -> None:
        now = self.clock.time()
        for arn, backup in list(self.backups.items()):
            if backup.expires is not None and backup.expires <= now:
                del self.backups[arn]

    def _shown(self, backup: Backup, status: str | None = None) -> dict[str, Any]:
        """BackupDescription."""
        return {
            "BackupDetails": backup.describe(status),
            "SourceTableDetails": backup.image.describe(),
            "SourceTableFeatureDetails": backup.image.features(),
        }

    def _backed_up(self, name: str) -> Table:
        """A table that can be backed up, with the words of these operations."""
        known = self._table_name(name)
        self._drop_deleted()
        table: Table | None = self.tables.get(known)
        if table is None or table.status in ("CREATING", "DELETING"):
            raise self.error("TableNotFoundException", f"Table not found: {known}")
        return table

    def _restore(
        self,
        image: Image,
        name: str,
        summary: Mapping[str, Any],
        billing: str | None,
        others: list[dict[str, Any]] | None,
        local: list[dict[str, Any]] | None,
        throughput: dict[str, Any] | None,
        on_demand: dict[str, Any] | None,
        encryption: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """Make a new table of an image; the rest are the request's overrides."""
        self._drop_deleted()
        if name in self.tables:
            raise self.error("TableAlreadyExistsException", f"Table already exists: {name}")
        request = image.request()
        if billing is not None:
            request["BillingMode"] = billing
            if billing == ON_DEMAND:
                request.pop("ProvisionedThroughput", None)
                for index in request.get("GlobalSecondaryIndexes", []):
                    index.pop("ProvisionedThroughput", None)
        for member, override in (
            ("ProvisionedThroughput", throughput),
            ("OnDemandThroughput", on_demand),
            ("SSESpecification", encryption),
        ):
            if override is not None:
                request[member] = override
        for member, override in (("GlobalSecondaryIndexes", others), ("LocalSecondaryIndexes", local)):
            if override is None:
                continue
            unknown = {one["IndexName"] for one in override} - {one["IndexName"] for one in request.get(member, [])}
            if unknown:
                raise invalid_parameter(f"Index not found in the source: {', '.join(sorted(unknown))}")
            request.pop(member, None)
            if override:
                request[member] = override
        used = {key["AttributeName"] for key in request["KeySchema"]}
        for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            used |= {key["AttributeName"] for one in request.get(member, []) for key in one["KeySchema"]}
        request["AttributeDefinitions"] = [
            one for one in request["AttributeDefinitions"] if one["AttributeName"] in used
        ]
        description = self.create_table(TableName=name, **request)["TableDescription"]
        table: Table = self.tables[name]
        table.lifecycle = Lifecycle(self, [("CREATING", "table-restore"), ("ACTIVE", None)])
        table.restored = summary
        for place, item in image.contents.items():
            table.write(place, None, item, self.limits, None, None)
        description["RestoreSummary"] = {**summary, "RestoreInProgress": True}
        return {"TableDescription": description}

    def create_table(self, TableName: str, **parameters: Any) -> dict[str, Any]:
        """Overridden by what makes tables."""
        raise NotImplementedError


def _summary(backup: Backup) -> dict[str, Any]:
    return {
        "TableName": backup.image.name,
        "TableId": backup.image.id,
        "TableArn": backup.image.arn,
        **backup.describe(),
    }


def _time(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
