"""What S3 checks in the configurations of a bucket before it keeps them.

Each function takes the configuration as boto3 writes it and raises what AWS would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.s3 import cors
from awsim.services.s3.event_records import DESTINATIONS

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_ROLE = r"arn:aws[a-z-]*:iam::\d{12}:role/.+"
# S3 Replication Time Control has one threshold.
_THRESHOLD_MINUTES = 15
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR")


def malformed_xml() -> AWSError:
    return AWSError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def _invalid(message: str, name: str | None = None, value: Any = None) -> AWSError:
    fields = {}
    if name is not None:
        fields["ArgumentName"] = name
    if value is not None:
        fields["ArgumentValue"] = str(value)
    return AWSError("InvalidArgument", message, fields=fields)


def _refused(message: str) -> AWSError:
    return AWSError("InvalidRequest", message)


# --- CORS


def check_cors(rules: Sequence[Mapping[str, Any]]) -> None:
    for rule in rules:
        for method in rule.get("AllowedMethods") or ():
            if method not in cors.METHODS:
                raise _refused(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
        for kind, name in (("AllowedOrigins", "AllowedOrigin"), ("AllowedHeaders", "AllowedHeader")):
            for value in rule.get(kind) or ():
                if value.count("*") > 1:
                    raise _refused(f'{name} "{value}" can not have more than one wildcard.')
        for value in rule.get("ExposeHeaders") or ():
            if "*" in value:
                raise _refused(
                    f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
                )


# --- lifecycle


def check_lifecycle(rules: Sequence[Mapping[str, Any]], limits: ServiceLimits) -> None:
    limits.check("lifecycle-rules", len(rules))
    if not rules:
        raise malformed_xml()
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) != len(ids):
        raise _invalid("Rule ID must be unique. Found same ID for more than one rule")
    for rule in rules:
        if len(rule.get("ID") or "") > 255:
            raise _invalid("ID length should not exceed allowed limit of 255")
        _check_lifecycle_rule(rule, limits)


def _check_lifecycle_rule(rule: Mapping[str, Any], limits: ServiceLimits) -> None:
    condition = rule.get("Filter")
    if (condition is None) == (rule.get("Prefix") is None):
        raise malformed_xml()
    tags = _check_filter(condition or {})
    expiration = rule.get("Expiration")
    aborts = rule.get("AbortIncompleteMultipartUpload")
    actions = (
        expiration,
        aborts,
        rule.get("Transitions"),
        rule.get("Transition"),
        rule.get("NoncurrentVersionExpiration"),
        rule.get("NoncurrentVersionTransitions"),
        rule.get("NoncurrentVersionTransition"),
    )
    if not any(action is not None for action in actions):
        raise _refused("At least one action needs to be specified in a rule")
    if tags and aborts is not None:
        raise _refused("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if expiration is not None:
        _check_expiration(expiration, tags)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None and noncurrent.get("NoncurrentDays") is None:
        raise malformed_xml()
    _check_positive(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration")
    _check_positive(aborts, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    transitions = rule.get("Transitions") or ()
    described = f"(prefix={_prefix_of(rule)})"
    _check_transitions(transitions, limits)
    _check_together(transitions, expiration or {}, described)
    behind = rule.get("NoncurrentVersionTransitions") or ()
    _check_noncurrent(behind, noncurrent, described, limits)


def _prefix_of(rule: Mapping[str, Any]) -> str:
    condition = rule.get("Filter") or {}
    return rule.get("Prefix") or condition.get("Prefix") or (condition.get("And") or {}).get("Prefix") or ""


def _check_positive(action: Mapping[str, Any] | None, member: str, name: str) -> None:
    days = (action or {}).get(member)
    if days is not None and days <= 0:
        raise _invalid(f"'{member}' for {name} action must be a positive integer")


def _check_together(transitions: Sequence[Mapping[str, Any]], expiration: Mapping[str, Any], described: str) -> None:
    """What the actions of one rule say must not contradict itself."""
    classes = [transition.get("StorageClass") for transition in transitions]
    if len(set(classes)) != len(classes):
        raise _refused(
            f"'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '{described}'"
        )
    if transitions and {"Days", "Date"} <= {
        name for action in (*transitions, expiration) for name in ("Days", "Date") if action.get(name) is not None
    }:
        raise _refused(
            f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
            f"'{described}'"
        )
    for name in ("Days", "Date"):
        latest = max((each[name] for each in transitions if each.get(name) is not None), default=None)
        if latest is not None and expiration.get(name) is not None and expiration[name] <= latest:
            than = "greater than" if name == "Days" else "later than"
            raise _invalid(
                f"'{name}' in the Expiration action for filter '{described}' must be {than} '{name}' in the "
                "Transition action"
            )


def _check_noncurrent(
    transitions: Sequence[Mapping[str, Any]],
    expiration: Mapping[str, Any] | None,
    described: str,
    limits: ServiceLimits,
) -> None:
    earliest = limits["lifecycle-days-to-infrequent-access"] or 0
    for action in (*transitions, expiration or {}):
        newer = action.get("NewerNoncurrentVersions")
        if newer is not None:
            if newer < 1:
                raise _invalid("'NewerNoncurrentVersions' must be a positive integer")
            limits.check("lifecycle-newer-noncurrent-versions", newer)
    for transition in transitions:
        days, storage_class = transition.get("NoncurrentDays") or 0, transition.get("StorageClass")
        if storage_class in _INFREQUENT and days < earliest:
            raise _invalid(
                "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to "
                f"{int(earliest)} for storageClass '{storage_class}'"
            )
        if expiration is not None and expiration["NoncurrentDays"] <= days:
            raise _invalid(
                f"'NoncurrentDays' in the NoncurrentVersionExpiration action for filter '{described}' must be greater "
                "than 'NoncurrentDays' in the NoncurrentVersionTransition action"
            )


def _check_filter(condition: Mapping[str, Any]) -> list[str]:
    """The keys of the tags that a filter names."""
    if len([name for name in condition if condition[name] is not None]) > 1:
        raise malformed_xml()
    both = condition.get("And") or {}
    tags = list(both.get("Tags") or ())
    if condition.get("Tag") is not None:
        tags.append(condition["Tag"])
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise _refused("Duplicate Tag Keys are not allowed.")
    return keys


def _check_expiration(expiration: Mapping[str, Any], tags: Sequence[str]) -> None:
    given = [name for name in ("Days", "Date", "ExpiredObjectDeleteMarker") if expiration.get(name) is not None]
    if len(given) != 1:
        raise malformed_xml()
    if given[0] == "Days" and expiration["Days"] <= 0:
        raise _invalid("'Days' for Expiration action must be a positive integer")
    if given[0] == "Date":
        _check_midnight(expiration["Date"])
    if given[0] == "ExpiredObjectDeleteMarker" and tags:
        raise _refused("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_midnight(date: Any) -> None:
    moment = date if isinstance(date, datetime) else datetime.fromtimestamp(float(date), UTC)
    if moment.timestamp() % 86_400:
        raise _invalid("'Date' must be at midnight GMT", "Date", moment.isoformat())


def _check_transitions(transitions: Sequence[Mapping[str, Any]], limits: ServiceLimits) -> None:
    earliest = limits["lifecycle-days-to-infrequent-access"] or 0
    infrequent: int | None = None
    for transition in transitions:
        days, storage_class = transition.get("Days"), transition.get("StorageClass")
        if transition.get("Date") is not None:
            _check_midnight(transition["Date"])
        if days is None:
            continue
        if days < 0:
            raise _invalid("'Days' for Transition action must be nonnegative")
        if storage_class in _INFREQUENT:
            if days < earliest:
                raise limits.error("lifecycle-days-to-infrequent-access", storage_class=storage_class)
            infrequent = days
    for transition in transitions:
        days, storage_class = transition.get("Days"), transition.get("StorageClass")
        if infrequent is not None and days is not None and storage_class in _ARCHIVES and days < infrequent + earliest:
            raise _invalid(
                f"'Days' in the Transition action for StorageClass '{storage_class}' for filter must be "
                f"{int(earliest)} days more than 'filter' in the Transition action for StorageClass 'STANDARD_IA'"
            )


# --- notifications


def check_notifications(configuration: Mapping[str, Any], region: str, limits: ServiceLimits) -> None:
    """The entries among themselves; whether destinations exist and let S3 in, the operation asks."""
    listed = [
        (entry, member, name, service)
        for kind, member, name, service in DESTINATIONS
        for entry in configuration.get(kind) or ()
    ]
    limits.check("notifications", len(listed))
    ids = [entry["Id"] for entry, *_ in listed if entry.get("Id")]
    for id in ids:
        limits.check("notification-id", len(id))
    if len(set(ids)) != len(ids):
        raise _invalid("Same ID used for multiple configurations. IDs must be unique")
    for entry, member, name, service in listed:
        parts = str(entry.get(member) or "").split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or parts[2] != service:
            raise _invalid("The ARN could not be parsed", name, entry.get(member))
        _check_key_filter(entry, limits)
    for entry, member, name, _ in listed:
        parts = entry[member].split(":", 5)
        if parts[3] != region:
            raise _invalid(
                "The notification destination service region is not valid for the bucket location constraint",
                name,
                entry[member],
            )
        if parts[5].endswith(".fifo"):
            raise AWSError(
                "InvalidArgument",
                "Unable to validate the following destination configurations",
                fields={
                    "ArgumentName1": entry[member],
                    "ArgumentValue1": "FIFO destinations are not supported for notifications",
                },
            )
    _check_overlap([entry for entry, *_ in listed])


def _key_rules(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []


def _check_key_filter(entry: Mapping[str, Any], limits: ServiceLimits) -> None:
    names = [str(rule.get("Name", "")).lower() for rule in _key_rules(entry)]
    for name, rule in zip(names, _key_rules(entry), strict=True):
        if name not in ("prefix", "suffix"):
            raise _invalid("filter rule name must be either prefix or suffix", "FilterRule.Name", rule.get("Name"))
        limits.check("notification-filter-value", len(rule.get("Value", "").encode()))
    for name in ("prefix", "suffix"):
        if names.count(name) > 1:
            raise _invalid(f"Cannot specify more than one {name} rule in a filter.", "FilterRule.Name", name)


def _check_overlap(entries: Sequence[Mapping[str, Any]]) -> None:
    for index, first in enumerate(entries):
        for second in entries[index + 1 :]:
            if _share_event(first["Events"], second["Events"]) and _share_key(first, second):
                raise _invalid(
                    "Configurations overlap. Configurations on the same bucket cannot share a common event type."
                )


def _share_event(first: Iterable[str], second: Iterable[str]) -> bool:
    def covers(pattern: str, event: str) -> bool:
        return pattern == event or (pattern.endswith("*") and event.startswith(pattern[:-1]))

    second = list(second)
    return any(covers(one, other) or covers(other, one) for one in first for other in second)


def _share_key(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    def rule(entry: Mapping[str, Any], name: str) -> str:
        return next((rule.get("Value", "") for rule in _key_rules(entry) if rule["Name"].lower() == name), "")

    one, other = rule(first, "prefix"), rule(second, "prefix")
    prefixes = one.startswith(other) or other.startswith(one)
    one, other = rule(first, "suffix"), rule(second, "suffix")
    return prefixes and (one.endswith(other) or other.endswith(one))


# --- website


def check_website(configuration: Mapping[str, Any], limits: ServiceLimits) -> None:
    redirects, index = configuration.get("RedirectAllRequestsTo"), configuration.get("IndexDocument")
    if redirects is not None:
        if index is not None or configuration.get("ErrorDocument") or configuration.get("RoutingRules"):
            raise _invalid(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                "RedirectAllRequestsTo",
                "not null",
            )
        return
    if index is None:
        raise _invalid(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    suffix = index.get("Suffix")
    if not suffix or "/" in suffix:
        raise _invalid("The IndexDocument Suffix is not well formed", "IndexDocument", suffix)
    error = configuration.get("ErrorDocument")
    if error is not None and not error.get("Key"):
        raise _invalid("The ErrorDocument Key is not well formed", "ErrorDocument", error.get("Key"))
    limits.check("website-routing-rules", len(configuration.get("RoutingRules") or ()))


# --- encryption, object lock, replication


def check_encryption(rules: Sequence[Mapping[str, Any]]) -> None:
    if len(rules) != 1:
        raise malformed_xml()
    default = rules[0].get("ApplyServerSideEncryptionByDefault")
    if default and default.get("KMSMasterKeyID") and not default["SSEAlgorithm"].startswith("aws:kms"):
        raise _invalid(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            "ApplyServerSideEncryptionByDefault",
        )


def check_object_lock(configuration: Mapping[str, Any], limits: ServiceLimits) -> None:
    if configuration.get("ObjectLockEnabled") != "Enabled":
        raise malformed_xml()
    rule = configuration.get("Rule")
    if rule is None:
        return
    default = rule.get("DefaultRetention") or {}
    days, years = default.get("Days"), default.get("Years")
    if default.get("Mode") is None or (days is None) == (years is None):
        raise malformed_xml()
    period = days if days is not None else 365 * (years or 0)
    if period <= 0:
        argument = "Days" if days is not None else "Years"
        raise _invalid("Default retention period must be a positive integer value.", argument)
    limits.check("retention-days", period)


def check_replication(configuration: Mapping[str, Any], limits: ServiceLimits) -> None:
    """The rules alone; buckets are looked at by the operation."""
    rules = configuration.get("Rules") or ()
    limits.check("replication-rules", len(rules))
    if not rules:
        raise malformed_xml()
    if not re.fullmatch(_ROLE, configuration["Role"]):
        raise _invalid("Invalid Role: the ARN of an IAM role is expected", "Role", configuration["Role"])
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) != len(ids):
        raise _invalid("Rule Id must be unique. Found same Id for more than one rule")
    if any(len(id) > 255 for id in ids):
        raise _invalid("ID length should not exceed allowed limit of 255")
    filtered = {rule.get("Filter") is not None for rule in rules}
    if len(filtered) > 1:
        raise malformed_xml()
    for rule in rules:
        if rule.get("Filter") is None:
            _check_old_replication(rule)
        else:
            _check_filtered_replication(rule)
        _check_replication_target(rule)
    if filtered == {True}:
        priorities = [rule["Priority"] for rule in rules]
        if len(set(priorities)) != len(priorities):
            raise _invalid("Rule Priority must be unique. Found same Priority for more than one rule")
    elif len({rule["Destination"]["Bucket"] for rule in rules}) > 1:
        raise _refused("All rules of this version of the replication configuration must have one destination bucket.")


def _schema(name: str, verb: str) -> AWSError:
    return _refused(
        f"{name} {verb} for this version of Cross Region Replication configuration schema. Please refer to S3 "
        "Developer Guide for more information."
    )


def _check_old_replication(rule: Mapping[str, Any]) -> None:
    """The first schema: a prefix and nothing more."""
    if rule.get("Prefix") is None:
        raise malformed_xml()
    for name in ("DeleteMarkerReplication", "Priority"):
        if rule.get(name) is not None:
            raise _schema(name, "cannot be used")


def _check_filtered_replication(rule: Mapping[str, Any]) -> None:
    """The second schema."""
    if rule.get("Prefix") is not None:
        raise malformed_xml()
    for name in ("DeleteMarkerReplication", "Priority"):
        if rule.get(name) is None:
            raise _schema(name, "must be specified")
    if rule["Priority"] < 0:
        raise _invalid("Priority must be a non-negative integer", "Priority", rule["Priority"])
    if _check_filter(rule["Filter"]) and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
        raise _refused(
            "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 "
            "Developer Guide for more information."
        )


def _check_replication_target(rule: Mapping[str, Any]) -> None:
    if rule.get("ExistingObjectReplication") is not None:
        # Withdrawn: existing objects are replicated by a batch job.
        raise malformed_xml()
    target = rule["Destination"]
    if not target["Bucket"].startswith("arn:") or ":s3:::" not in target["Bucket"]:
        raise _invalid("Invalid bucket ARN.", "Bucket", target["Bucket"])
    if target.get("AccessControlTranslation") is not None and not target.get("Account"):
        raise _refused("Account must be specified when AccessControlTranslation is specified.")
    criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
    key = (target.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if criteria.get("Status") == "Enabled" and not key:
        raise _refused("Must specify EncryptionConfiguration when SseKmsEncryptedObjects is enabled.")
    control, metrics = target.get("ReplicationTime") or {}, target.get("Metrics") or {}
    if control.get("Status") == "Enabled" and metrics.get("Status") != "Enabled":
        raise _refused("Metrics must be enabled when ReplicationTime is enabled.")
    for minutes in (control.get("Time"), metrics.get("EventThreshold")):
        if minutes is not None and minutes.get("Minutes") != _THRESHOLD_MINUTES:
            raise _invalid("The only valid value is 15", "Minutes", minutes.get("Minutes"))


# --- intelligent tiering


def check_tiering(configuration: Mapping[str, Any], limits: ServiceLimits) -> None:
    """An opt-in archive configuration: each tier at most once, after a number of days within its bounds."""
    _check_filter(configuration.get("Filter") or {})
    tierings = configuration.get("Tierings") or ()
    tiers = [tiering["AccessTier"] for tiering in tierings]
    if not tiers or len(set(tiers)) != len(tiers):
        raise malformed_xml()
    days = {}
    for tiering in tierings:
        deep = tiering["AccessTier"] == "DEEP_ARCHIVE_ACCESS"
        fewest = limits["tiering-deep-archive-days-fewest" if deep else "tiering-archive-days-fewest"] or 0
        if tiering["Days"] < fewest:
            raise _invalid(
                f"'Days' for AccessTier '{tiering['AccessTier']}' must be greater than or equal to {int(fewest)}",
                "Days",
                tiering["Days"],
            )
        limits.check("tiering-archive-days", tiering["Days"], tier=tiering["AccessTier"])
        days[deep] = tiering["Days"]
    if len(days) > 1 and days[True] <= days[False]:
        raise _invalid("'Days' for AccessTier 'DEEP_ARCHIVE_ACCESS' must be greater than those for 'ARCHIVE_ACCESS'")
