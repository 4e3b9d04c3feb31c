"""What S3 checks in the configurations of a bucket before it keeps them.

Each function takes the configuration as boto3 writes it and raises what AWS would; what a configuration *does*
(lifecycle moving objects, replication, notifications) is not executed yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.services.s3 import cors
from awsim.services.s3.event_records import DESTINATIONS

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR")
# Condition keys that, with fixed values, keep a policy for everybody from being public.
_NARROWING = frozenset(
    (
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    )
)
# Actions on buckets; every other action of S3 is one on objects.
_BUCKET_ACTION = re.compile(
    r"s3:(?:(?:Get|Put|Delete)?(?:Bucket|.*Configuration$)|List(?!MultipartUploadParts)|CreateBucket|DeleteBucket|"
    r"GetAccountPublicAccessBlock)"
)


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


# --- policy


def check_policy(text: str, bucket_arn: str) -> dict[str, Any]:
    """A bucket policy, read and checked."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _policy("Policies must be valid JSON and the first byte must be '{'")
    if "Statement" not in document:
        raise _policy("Missing required field Statement")
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        raise _policy("The policy must contain a valid version string")
    for statement in _statements(document):
        _check_statement(statement, bucket_arn)
    return document


def _policy(message: str) -> AWSError:
    return AWSError("MalformedPolicy", message)


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _check_statement(statement: Any, bucket_arn: str) -> None:
    if not isinstance(statement, dict):
        raise _policy("Statement must be a list of objects")
    for one, other in (("Effect", "Effect"), ("Principal", "NotPrincipal"), ("Action", "NotAction")):
        if one not in statement and other not in statement:
            raise _policy(f"Missing required field {one}")
    if "Resource" not in statement and "NotResource" not in statement:
        raise _policy("Missing required field Resource")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise _policy(f"Invalid effect: {statement['Effect']}")
    if statement["Effect"] == "Allow" and "NotPrincipal" in statement:
        raise _policy("Allow with NotPrincipal is not allowed.")
    resources = _listed(statement.get("Resource", statement.get("NotResource")))
    for resource in resources:
        if not isinstance(resource, str) or not _lies_in(resource, bucket_arn):
            raise _policy("Policy has invalid resource")
    actions = _listed(statement.get("Action", []))
    for action in actions:
        if action != "*" and not str(action).lower().startswith("s3:"):
            raise _policy("Policy has invalid action")
    on_bucket = any("/" not in resource.partition(":::")[2] for resource in resources)
    on_objects = any("/" in resource or resource.endswith("*") for resource in resources)
    for action in actions:
        if "*" in action or "?" in action:
            continue
        if not (on_bucket if _BUCKET_ACTION.match(action) else on_objects):
            raise _policy("Action does not apply to any resource(s) in statement")


def _lies_in(resource: str, bucket_arn: str) -> bool:
    """Whether a resource, wildcards and all, can be the bucket or something in it."""
    bucket = resource.partition("/")[0]
    return bucket == bucket_arn or fnmatchcase(bucket_arn, bucket.replace("[", "[[]"))


def is_public_policy(document: Mapping[str, Any]) -> bool:
    """Whether a policy lets everybody in; a condition on a fixed source or principal keeps it from that."""
    for statement in _statements(document):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        if isinstance(principal, dict):
            principals = [item for value in principal.values() for item in _listed(value)]
        else:
            principals = _listed(principal)
        if "*" in principals and not _is_narrowed(statement.get("Condition") or {}):
            return True
    return False


def _is_narrowed(conditions: Mapping[str, Any]) -> bool:
    for operator, keys in conditions.items():
        if "Not" in operator or operator.startswith("Null"):
            continue
        for key, values in keys.items():
            wide = any("*" in str(value) or str(value) in ("0.0.0.0/0", "::/0") for value in _listed(values))
            if key.lower() in _NARROWING and not wide:
                return True
    return False


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
    _check_transitions(rule.get("Transitions") or (), limits)


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
    if (days if days is not None else years) <= 0:
        raise _invalid("Default retention period must be a positive integer value.")
    limits.check("retention-days", days if days is not None else 365 * years)


def check_replication(configuration: Mapping[str, Any], limits: ServiceLimits) -> None:
    """The rules alone; buckets are looked at by the operation."""
    rules = configuration.get("Rules") or ()
    limits.check("replication-rules", len(rules))
    if not rules:
        raise malformed_xml()
    for rule in rules:
        condition = rule.get("Filter") or {}
        tagged = condition.get("Tag") is not None or bool((condition.get("And") or {}).get("Tags"))
        if tagged and (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled":
            raise _refused(
                "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 "
                "Developer Guide for more information."
            )
        criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
        key = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        if criteria.get("Status") == "Enabled" and not key:
            raise _refused("Must specify EncryptionConfiguration when SseKmsEncryptedObjects is enabled.")
