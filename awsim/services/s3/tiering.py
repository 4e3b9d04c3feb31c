"""S3 Intelligent-Tiering: where an object lies by how long ago it was used.

Source: S3 User Guide, "How S3 Intelligent-Tiering works". Nothing in the API shows the automatic tiers; the opt-in
archive tiers are shown by HeadObject (ArchiveStatus) and keep an object from being read until it is restored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsim.services.s3.versions import Version

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

CLASS = "INTELLIGENT_TIERING"
ARCHIVE, DEEP_ARCHIVE = "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"
FREQUENT, INFREQUENT, ARCHIVE_INSTANT = "FREQUENT_ACCESS", "INFREQUENT_ACCESS", "ARCHIVE_INSTANT_ACCESS"


def used(version: Version) -> float:
    """When a version was last read or written, in epoch seconds."""
    return version.tiering.accessed if version.tiering is not None else version.modified


def tier_of(version: Version, now: float, limits: ServiceLimits) -> str:
    """The tier that a version of the class lies in, as inventories and analyses show it."""
    if version.tiering is not None and version.tiering.archive is not None:
        return version.tiering.archive
    if version.size < (limits["tiering-smallest-object"] or 0):
        return FREQUENT
    idle = now - used(version)
    if idle >= limits["tiering-archive-instant"]:
        return ARCHIVE_INSTANT
    return INFREQUENT if idle >= limits["tiering-infrequent"] else FREQUENT
