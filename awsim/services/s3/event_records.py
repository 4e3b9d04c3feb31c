"""What S3's events look like: the record for topics, queues and functions, and the detail for EventBridge.

Sources: S3 User Guide, "Event message structure" and "EventBridge event message structure";
../shared/recorded/s3.jsonl.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

_EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Kinds of destination in a configuration: (list, member with the ARN, name of that argument in errors, service).
DESTINATIONS = (
    ("TopicConfigurations", "TopicArn", "Topic", "sns"),
    ("QueueConfigurations", "QueueArn", "Queue", "sqs"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda"),
)
# What only newer structures have room for; everything else is told in 2.1.
_VERSIONS = (
    ("Replication:", "2.2"),
    ("Lifecycle", "2.3"),
    ("IntelligentTiering", "2.3"),
    ("ObjectAcl:", "2.3"),
    ("ObjectTagging:", "2.3"),
    ("ObjectRestore:Delete", "2.3"),
)
_DETAIL_TYPES = (
    ("ObjectCreated:", "Object Created"),
    ("ObjectRemoved:", "Object Deleted"),
    ("LifecycleExpiration:", "Object Deleted"),
    ("ObjectRestore:Post", "Object Restore Initiated"),
    ("ObjectRestore:Completed", "Object Restore Completed"),
    ("ObjectRestore:Delete", "Object Restore Expired"),
    ("LifecycleTransition", "Object Storage Class Changed"),
    ("IntelligentTiering", "Object Access Tier Changed"),
    ("ObjectTagging:Put", "Object Tags Added"),
    ("ObjectTagging:Delete", "Object Tags Deleted"),
    ("ObjectAcl:Put", "Object ACL Updated"),
)
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
_WRITES = ("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:")
_REMOVALS = ("ObjectRemoved:", "LifecycleExpiration:")
_SETTINGS = ("ObjectTagging:", "ObjectAcl:")


class Happening(NamedTuple):
    """One thing that happened to an object. `event` as in records ("ObjectCreated:Put"); times in epoch seconds.

    `version_id` is None where the bucket has no versioning. `principal` and `requester` say who did it, as records and
    as details name them; `address` is None where S3 did it by itself.
    """

    event: str
    time: float
    bucket: str
    arn: str
    owner: str
    region: str
    key: str
    size: int
    etag: str
    version_id: str | None
    sequencer: str
    principal: str
    requester: str
    address: str | None
    request_id: str
    host_id: str
    restored_until: float | None = None
    storage_class: str | None = None
    tier: str | None = None
    replication: Mapping[str, Any] | None = None

    @property
    def removes(self) -> bool:
        return self.event.startswith(_REMOVALS)


def instant(time: float) -> str:
    """ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sequencer(time: float, number: int) -> str:
    """Hexadecimal digits that grow from one write of a key to the next."""
    return f"{int(time):010X}{number & 0xFFFFFFFF:08X}"


@lru_cache(maxsize=1024)
def customer_id(account: str) -> str:
    """The retail customer id that stands for an account in records: 14 capital letters and digits."""
    number = int.from_bytes(hashlib.sha256(f"awsim/customer/{account}".encode()).digest()[:12])
    digits = []
    for _ in range(13):
        number, digit = divmod(number, 36)
        digits.append(_ALPHABET[digit])
    return "A" + "".join(digits)


# --- which configurations want an event


def wanting(configuration: Mapping[str, Any], event: str, key: str) -> Iterator[tuple[str, str, str]]:
    """(service, ARN, configuration id) of each destination that a configuration names for an event of a key."""
    name = "s3:" + event
    for kind, member, _, service in DESTINATIONS:
        for entry in configuration.get(kind) or ():
            if any(_covers(pattern, name) for pattern in entry["Events"]) and _lets_pass(entry, key):
                yield service, entry[member], entry["Id"]


def _covers(pattern: str, name: str) -> bool:
    return pattern == name or (pattern.endswith(":*") and name.startswith(pattern[:-1]))


def _lets_pass(entry: Mapping[str, Any], key: str) -> bool:
    for rule in ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ():
        value = rule.get("Value", "")
        matches = key.startswith if rule["Name"].lower() == "prefix" else key.endswith
        # Special characters stand URL-encoded in a rule; whoever wrote them as they are is understood too.
        if not (matches(value) or matches(unquote_plus(value))):
            return False
    return True


# --- the record


def message(happening: Happening, configuration_id: str) -> str:
    """The text that a topic, a queue or a function gets."""
    return json.dumps({"Records": [record(happening, configuration_id)]}, separators=(",", ":"), ensure_ascii=False)


def record(happening: Happening, configuration_id: str) -> dict[str, Any]:
    event = happening.event
    told: dict[str, Any] = {
        "eventVersion": next((version for start, version in _VERSIONS if event.startswith(start)), "2.1"),
        "eventSource": "aws:s3",
        "awsRegion": happening.region,
        "eventTime": instant(happening.time),
        "eventName": event,
        "userIdentity": {"principalId": happening.principal},
        "requestParameters": {"sourceIPAddress": happening.address or happening.principal},
        "responseElements": {"x-amz-request-id": happening.request_id, "x-amz-id-2": happening.host_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": happening.bucket,
                "ownerIdentity": {"principalId": customer_id(happening.owner)},
                "arn": happening.arn,
            },
            "object": _object(happening, quote_plus(happening.key, safe="/.-*_"), "eTag", "versionId"),
        },
    }
    if happening.restored_until is not None:
        told["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": instant(happening.restored_until),
                "lifecycleRestoreStorageClass": happening.storage_class,
            }
        }
    if event == "LifecycleTransition":
        told["lifecycleEventData"] = {"transitionEventData": {"destinationStorageClass": happening.storage_class}}
    if happening.tier is not None:
        told["intelligentTieringEventData"] = {"destinationAccessTier": happening.tier}
    if happening.replication is not None:
        told["replicationEventData"] = dict(happening.replication)
    return told


def _object(happening: Happening, key: str, etag: str, version_id: str) -> dict[str, Any]:
    """The object of an event; how much is told of it depends on what happened."""
    event = happening.event
    shown: dict[str, Any] = {"key": key}
    if not (happening.removes or event.startswith(_SETTINGS)):
        shown["size"] = happening.size
    if event.endswith(":DeleteMarkerCreated"):
        shown[etag] = _EMPTY
    elif not happening.removes:
        shown[etag] = happening.etag
    if happening.version_id is not None:
        shown[version_id] = happening.version_id
    if event.startswith(_WRITES):
        shown["sequencer"] = happening.sequencer
    return shown


def probe(bucket: str, time: float, request_id: str, host_id: str) -> str:
    """What a topic or queue gets when a notification is configured."""
    told = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": instant(time),
        "Bucket": bucket,
        "RequestId": request_id,
        "HostId": host_id,
    }
    return json.dumps(told, separators=(",", ":"))


# --- EventBridge


def detail_type(event: str) -> str | None:
    """EventBridge's name of an event; None for those that S3 does not send there."""
    return next((name for start, name in _DETAIL_TYPES if event.startswith(start)), None)


def detail(happening: Happening, reason: str | None = None) -> str:
    """The detail of an event for EventBridge."""
    event = happening.event
    told: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": happening.bucket},
        "object": _object(happening, happening.key, "etag", "version-id"),
        "request-id": happening.request_id,
        "requester": happening.requester,
    }
    if happening.address is not None:
        told["source-ip-address"] = happening.address
    if event.startswith("ObjectCreated:"):
        told["reason"] = reason or _REASONS.get(event, "PutObject")
    if happening.removes:
        told["reason"] = reason or ("DeleteObject" if event.startswith("ObjectRemoved:") else "Lifecycle Expiration")
        marked = event.endswith(":DeleteMarkerCreated")
        told["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
    if happening.restored_until is not None:
        until = datetime.fromtimestamp(happening.restored_until, UTC)
        told["restore-expiry-time"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    if event == "LifecycleTransition":
        told["destination-storage-class"] = happening.storage_class
    elif event in ("ObjectRestore:Post", "ObjectRestore:Completed"):
        told["source-storage-class"] = happening.storage_class
    if happening.tier is not None:
        told["destination-access-tier"] = happening.tier
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)
