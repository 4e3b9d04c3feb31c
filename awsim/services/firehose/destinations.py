"""What an S3 destination is set to: defaults filled in, refused where Firehose or awsim cannot do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from awsim.errors import AWSError
from awsim.service import not_modelled
from awsim.services.firehose import prefixes
from awsim.services.firehose.stream import Settings

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_PARTS = ("ProcessingConfiguration", "DataFormatConversionConfiguration", "DynamicPartitioningConfiguration")


def complete(given: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    """An ExtendedS3DestinationConfiguration with everything that Describe shows; raises what is wrong with it."""
    settings = _bucket(given, limits)
    settings["S3BackupMode"] = settings.get("S3BackupMode", "Disabled")
    backup = settings.pop("S3BackupUpdate", None) or settings.get("S3BackupConfiguration")
    if backup is not None:
        settings["S3BackupConfiguration"] = _bucket(backup, limits)
    elif settings["S3BackupMode"] == "Enabled":
        raise _refused("S3BackupConfiguration must be specified when S3BackupMode is Enabled.")
    conversion = settings.get("DataFormatConversionConfiguration") or {}
    if conversion and conversion.get("Enabled", True):
        if settings["CompressionFormat"] != "UNCOMPRESSED":
            raise _refused("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
        least = limits["conversion-buffer-size"]
        if settings["BufferingHints"]["SizeInMBs"] < least:
            raise _refused(
                f"BufferingHints.SizeInMBs must be at least {int(least)} when data format conversion is enabled."
            )
    for part in _PARTS:
        if settings.get(part) and settings[part].get("Enabled", part.startswith("DataFormat")):
            raise not_modelled(f"firehose: {part}")
    if "CustomTimeZone" in settings:
        zone(settings["CustomTimeZone"])
    return settings


def zone(name: str) -> ZoneInfo:
    """The time zone of prefixes."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _refused(f"CustomTimeZone {name} is not valid.") from None


def _bucket(given: Mapping[str, Any], limits: ServiceLimits) -> Settings:
    hints = given.get("BufferingHints") or {}
    settings = {
        **given,
        "BufferingHints": {
            "SizeInMBs": hints.get("SizeInMBs", int(limits["default-buffer-size"])),
            "IntervalInSeconds": hints.get("IntervalInSeconds", int(limits["default-buffer-interval"])),
        },
        "CompressionFormat": given.get("CompressionFormat") or "UNCOMPRESSED",
        "EncryptionConfiguration": given.get("EncryptionConfiguration") or {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": given.get("CloudWatchLoggingOptions") or {"Enabled": False},
    }
    shortest = limits["buffer-interval-shortest"]
    if shortest is not None and settings["BufferingHints"]["IntervalInSeconds"] < shortest:
        raise limits.error("buffer-interval-shortest")
    prefixes.check(settings.get("Prefix") or "", settings.get("ErrorOutputPrefix") or "")
    return settings


def _refused(message: str) -> AWSError:
    return AWSError("InvalidArgumentException", message)
