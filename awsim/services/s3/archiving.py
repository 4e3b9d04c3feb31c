"""The archive tiers of S3 Intelligent-Tiering that a bucket opts in to: which version falls into which, and when.

Source: S3 User Guide, "How S3 Intelligent-Tiering works".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from awsim.services.s3 import filters
from awsim.services.s3.days import DAY, next_midnight
from awsim.services.s3.filters import Filter
from awsim.services.s3.tiering import ARCHIVE, CLASS, DEEP_ARCHIVE, used
from awsim.services.s3.versions import Version

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

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
            when = next_midnight(used(version) + days * DAY)
            if _DEPTH[tier] <= depth:
                continue
            if when > at:
                soon = min(soon, when)
            elif deepest is None or _DEPTH[tier] > _DEPTH[deepest]:
                deepest = tier
    return deepest, soon
