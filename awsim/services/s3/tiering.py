"""S3 Intelligent-Tiering: where an object lies by how long ago it was used.

Source: S3 User Guide, "How S3 Intelligent-Tiering works". Nothing in the API shows the automatic tiers; the opt-in
archive tiers are shown by HeadObject (ArchiveStatus) and keep an object from being read until it is restored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.s3 import filters
from awsim.services.s3.filters import Filter
from awsim.services.s3.versions import Version

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

CLASS = "INTELLIGENT_TIERING"
ARCHIVE, DEEP_ARCHIVE = "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"
FREQUENT, INFREQUENT, ARCHIVE_INSTANT = "FREQUENT_ACCESS", "INFREQUENT_ACCESS", "ARCHIVE_INSTANT_ACCESS"
_DAY = 86_400
_DEPTH = {None: 0, ARCHIVE: 1, DEEP_ARCHIVE: 2}


class Archiving(NamedTuple):
    """An enabled configuration: (tier, days without use), and the size below which an object is not watched."""

    filter: Filter
    tiers: tuple[tuple[str, int], ...]
    smallest: float


def compiled(configurations: Mapping[str, Any] | None, limits: ServiceLimits) -> tuple[Archiving, ...]:
    """The enabled ones of a bucket's configurations, by id as boto3 writes them."""
    return tuple(
        Archiving(
            filters.of_rule(each),
            tuple((tier["AccessTier"], tier["Days"]) for tier in each["Tierings"]),
            limits["tiering-smallest-object"] or 0,
        )
        for each in (configurations or {}).values()
        if each.get("Status") == "Enabled"
    )


def used(version: Version) -> float:
    """When a version was last read or written, in epoch seconds."""
    return version.tiering.accessed if version.tiering is not None else version.modified


def due(archiving: Iterable[Archiving], key: str, version: Version, at: float) -> tuple[str | None, float]:
    """The archive tier that an idle version falls into at `at`, if any, and when it falls deeper else."""
    if version.storage_class != CLASS:
        return None, float("inf")
    depth = _DEPTH[version.tiering.archive if version.tiering is not None else None]
    deepest: str | None = None
    soon = float("inf")
    for each in archiving:
        if version.size < each.smallest or not each.filter.matches(key, version):
            continue
        for tier, days in each.tiers:
            when = (int(used(version) + days * _DAY) // _DAY + 1) * _DAY
            if _DEPTH[tier] <= depth:
                continue
            if when > at:
                soon = min(soon, when)
            elif deepest is None or _DEPTH[tier] > _DEPTH[deepest]:
                deepest = tier
    return deepest, soon


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
