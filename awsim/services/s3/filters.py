"""The filter of a rule: which objects a lifecycle, replication or tiering rule is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.services.s3.versions import Version


class Filter(NamedTuple):
    """All of it has to hold. `above` and `below` bound the size in bytes, both exclusive."""

    prefix: str = ""
    tags: frozenset[tuple[str, str]] = frozenset()
    above: int | None = None
    below: int | None = None

    def matches(self, key: str, version: Version) -> bool:
        if not key.startswith(self.prefix):
            return False
        if self.tags and not self.tags.issubset(version.tags):
            return False
        if self.above is not None and version.size <= self.above:
            return False
        return self.below is None or version.size < self.below

    @property
    def is_sized(self) -> bool:
        return self.above is not None or self.below is not None


def of_rule(rule: Mapping[str, Any]) -> Filter:
    """The filter of a rule as boto3 writes it: `Filter` with one condition or `And`, or the older `Prefix`."""
    given: Mapping[str, Any] = rule.get("Filter") or {}
    both: Mapping[str, Any] = given.get("And") or given
    tags = list(both.get("Tags") or ())
    if given.get("Tag") is not None:
        tags.append(given["Tag"])
    return Filter(
        both.get("Prefix") or rule.get("Prefix") or "",
        frozenset((tag["Key"], tag["Value"]) for tag in tags),
        both.get("ObjectSizeGreaterThan"),
        both.get("ObjectSizeLessThan"),
    )
