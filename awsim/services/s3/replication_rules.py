"""The rules of a replication: which versions go where.

Source: S3 User Guide, "Replication configuration file elements".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from awsim.services.s3 import filters
from awsim.services.s3.filters import Filter
from awsim.services.s3.versions import Version


class Rule(NamedTuple):
    """An enabled rule. `owner` is the account that replicas are to belong to, where that is to be the destination's."""

    id: str
    priority: int
    filter: Filter
    bucket: str
    storage_class: str | None = None
    markers: bool = False
    kms_key: str | None = None
    owner: str | None = None
    from_replicas: bool = False
    watched: bool = False


class Replicating(NamedTuple):
    """The configuration of a bucket: the role that S3 takes on, and the rules, those that win first."""

    role: str
    rules: tuple[Rule, ...]

    def rules_for(self, key: str, version: Version) -> list[Rule]:
        """The rule for each destination that a version goes to: where several match, that of the highest priority."""
        found: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.bucket not in found and rule.filter.matches(key, version):
                found[rule.bucket] = rule
        return list(found.values())


def compiled(configuration: Mapping[str, Any] | None) -> Replicating | None:
    """A configuration as boto3 writes it, its enabled rules; None where there are none."""
    if configuration is None:
        return None
    rules = [_rule(rule) for rule in configuration["Rules"] if rule["Status"] == "Enabled"]
    rules.sort(key=lambda rule: -rule.priority)
    return Replicating(configuration["Role"], tuple(rules)) if rules else None


def _rule(given: Mapping[str, Any]) -> Rule:
    target = given["Destination"]
    criteria = given.get("SourceSelectionCriteria") or {}
    markers = given.get("DeleteMarkerReplication")

    def enabled(part: Mapping[str, Any] | None) -> bool:
        return bool(part) and (part or {}).get("Status") == "Enabled"

    return Rule(
        given.get("ID") or "",
        given.get("Priority") or 0,
        filters.of_rule(given),
        target["Bucket"].rpartition(":")[2],
        target.get("StorageClass"),
        # The older schema, without a filter, always replicates delete markers.
        enabled(markers) if given.get("Filter") is not None else True,
        (target.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        if enabled(criteria.get("SseKmsEncryptedObjects"))
        else None,
        target.get("Account") if (target.get("AccessControlTranslation") or {}).get("Owner") else None,
        enabled(criteria.get("ReplicaModifications")),
        enabled(target.get("ReplicationTime")),
    )
