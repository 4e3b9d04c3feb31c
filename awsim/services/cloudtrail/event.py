"""`Event`: one call of the journal as CloudTrail records it. Nothing is worked out before it is asked for.

Source: CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from awsim.services.cloudtrail import identities, rendering, vocabulary
from awsim.services.cloudtrail.resources import Resource, resources_of
from awsim.wire.models import service_model

if TYPE_CHECKING:
    from awsim.calls import CallRecord
    from awsim.cloud import Cloud

VERSION = "1.11"
_ADDRESS = "127.0.0.1"
_OBJECT, _BUCKET = "AWS::S3::Object", "AWS::S3::Bucket"
# Services whose management events list their resources.
_LISTING = frozenset({"kms", "s3", "sts"})
# What no service says of itself: awsim does, or the credentials were nobody's.
_UNSEEN = frozenset({"NotImplemented"})
_RENAMED = {"AccessDeniedException": "AccessDenied"}


class Event:
    """A call as the log of `account` has it; `outer` is the service that called on the caller's behalf."""

    def __init__(self, cloud: Cloud, record: CallRecord, account: str, outer: str | None = None) -> None:
        self._cloud = cloud
        self._record = record
        self._outer = outer
        self.account = account

    # --- what it is found by

    @property
    def time(self) -> float:
        """Epoch seconds, whole: records have no fractions."""
        return float(self._record.timestamp // 1)

    @property
    def id(self) -> str:
        return _uuid(f"{self._cloud.seed}/{self._record.request_id}/{self.account}")

    @property
    def request_id(self) -> str:
        """Of the calls of a Cloud, a later one has a greater one."""
        return self._record.request_id

    @property
    def source(self) -> str:
        return vocabulary.source_of(self._record.service)

    @property
    def name(self) -> str:
        return vocabulary.name_of(self._record.service, self._record.operation)

    @property
    def category(self) -> str:
        return vocabulary.MANAGEMENT if self.data_type is None else vocabulary.DATA

    @property
    def data_type(self) -> str | None:
        """The type of resource that a data event is about."""
        return vocabulary.data_type_of(self._record.service, self._record.operation)

    @property
    def read_only(self) -> bool:
        return vocabulary.is_read_only(self._record.service, self._record.operation)

    @property
    def is_global(self) -> bool:
        return vocabulary.is_global(self._record.service)

    @property
    def region(self) -> str:
        partition = self._cloud.partition_of(self._record.region)
        return vocabulary.region_of(self._record.service, self._record.region, partition)

    @property
    def access_key(self) -> str | None:
        return self._record.access_key or None

    @property
    def error_code(self) -> str | None:
        """As records have it: EC2's say whose fault it was."""
        error = self._record.error
        if error is None:
            return None
        code = _RENAMED.get(error.code, error.code)
        if self._record.service == "ec2" and "." not in code.partition(".")[0]:
            side = "Server" if (error.status or 400) >= 500 else "Client"
            return code if code.startswith(("Client.", "Server.")) else f"{side}.{code}"
        return code

    @cached_property
    def identity(self) -> dict[str, Any]:
        return identities.user_identity(self._record, self.account, self._outer)

    @property
    def user_name(self) -> str | None:
        return identities.user_name(self.identity)

    @cached_property
    def resources(self) -> list[Resource]:
        return resources_of(self._cloud, self._record)

    @property
    def is_shared(self) -> bool:
        """Whether another account's log has it too."""
        caller = self._record.by
        return caller is not None and caller.service is None and caller.account not in ("", self.account)

    # --- what it says

    @cached_property
    def record(self) -> dict[str, Any]:
        """The event record, in CloudTrail's order."""
        call = self._record
        identity = self.identity
        invoked_by = identity.get("invokedBy")
        found: dict[str, Any] = {
            "eventVersion": VERSION,
            "userIdentity": identity,
            "eventTime": identities.iso(self.time),
            "eventSource": self.source,
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": invoked_by or _ADDRESS,
            "userAgent": invoked_by or _user_agent(),
        }
        if call.error is not None:
            found["errorCode"] = self.error_code
            if call.error.message:
                found["errorMessage"] = call.error.message
        found["requestParameters"], found["responseElements"] = (self._bounded(one) for one in self._elements())
        if call.service == "s3" and invoked_by is None:
            found["additionalEventData"] = {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"}
        found["requestID"] = call.request_id
        found["eventID"] = self.id
        found["readOnly"] = self.read_only
        listed = self._listed()
        if listed:
            found["resources"] = listed
        found["eventType"] = "AwsApiCall"
        if vocabulary.entry(call.service).get("version"):
            found["apiVersion"] = service_model(call.service).api_version
        found["managementEvent"] = self.data_type is None
        found["recipientAccountId"] = self.account
        if self.is_shared or self._has_other_owner():
            found["sharedEventID"] = _uuid(f"{self._cloud.seed}/{call.request_id}")
        found["eventCategory"] = self.category
        if invoked_by is None:
            found["tlsDetails"] = {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": _host(self.source, self.region, self.is_global),
            }
        return found

    @cached_property
    def text(self) -> str:
        return json.dumps(self.record, separators=(",", ":"), ensure_ascii=False, default=str)

    def looked_up(self) -> dict[str, Any]:
        """As LookupEvents answers it."""
        return {
            "EventId": self.id,
            "EventName": self.name,
            "ReadOnly": str(self.read_only).lower(),
            "AccessKeyId": self.identity.get("accessKeyId"),
            "EventTime": self.time,
            "EventSource": self.source,
            "Username": self.user_name,
            "Resources": [{"ResourceType": one.type, "ResourceName": one.name} for one in self.resources],
            "CloudTrailEvent": self.text,
        }

    def _elements(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        call = self._record
        service = service_model(call.service)
        if call.operation not in service.operation_names:
            return _object_of(call.parameters), None  # a request of no model's: a form that a browser posts
        model = service.operation_model(call.operation)
        parameters = rendering.request(model, call.service, call.parameters)
        shown = not self.read_only or call.operation in vocabulary.entry(call.service).get("answers", ())
        # Data events of other services than S3 tell nothing of what was answered.
        if call.error is not None or not shown or (self.data_type is not None and call.service != "s3"):
            return parameters, None
        if call.service == "s3" and self.data_type is None:
            return parameters, None
        return parameters, rendering.answer(model, call.service, call.result)

    def _bounded(self, element: dict[str, Any] | None) -> dict[str, Any] | None:
        """An element of a record, unless it is too large."""
        most = self._cloud.limits["cloudtrail.element-size"]
        if element is None or most is None or len(json.dumps(element, default=str).encode()) <= float(most):
            return element
        return {"omitted": True}

    def _listed(self) -> list[dict[str, Any]]:
        """`resources` of the record."""
        if self.data_type is None and self._record.service not in _LISTING:
            return []
        listed: list[dict[str, Any]] = []
        for one in self.resources:
            entry: dict[str, Any] = {"accountId": one.account, "type": one.type, "ARN": one.arn}
            if one.type == _OBJECT:
                entry.pop("accountId")
            listed.append(entry)
        return listed

    def _has_other_owner(self) -> bool:
        """Whether the account of a resource sees it beside the caller's."""
        if self.data_type is None and self._record.service not in _LISTING:
            return False
        caller = self._record.by
        return (
            caller is not None
            and caller.service is None
            and any(one.account != caller.account for one in self.resources)
        )


def recorded(record: CallRecord) -> bool:
    """Whether CloudTrail records such a call at all."""
    if not vocabulary.is_recorded(record.service, record.operation) or not record.request_id:
        return False
    if record.error is not None and record.error.code in _UNSEEN:
        return False
    # What services look up at each other by themselves is seen only where it is about a customer's data.
    by_service = record.by is not None and record.by.service is not None
    return not by_service or record.service in _LISTING or not vocabulary.is_read_only(record.service, record.operation)


def flattened(records: Sequence[CallRecord]) -> Iterator[tuple[CallRecord, str | None]]:
    """Calls, and below each what services called for it: with the service, where it did so as the caller."""
    for record in records:
        yield from _below(record, None)


def _below(record: CallRecord, outer: str | None) -> Iterator[tuple[CallRecord, str | None]]:
    yield record, outer
    for caused in record.caused:
        if _is_internal(caused):
            continue
        forwarded = caused.by is not None and caused.by is record.by and caused.by.service is None
        yield from _below(caused, vocabulary.source_of(record.service) if forwarded else None)


def _is_internal(record: CallRecord) -> bool:
    """Whether a service looks something up as the account itself: on AWS no API is called for that."""
    who = record.by
    if who is None or who.access_key or not who.arn.endswith((":user/awsim", ":root")):
        return False
    return vocabulary.is_read_only(record.service, record.operation)


def _uuid(text: str) -> str:
    found = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{found[:8]}-{found[8:12]}-4{found[13:16]}-{'89ab'[int(found[16], 16) & 3]}{found[17:20]}-{found[20:]}"


def _user_agent() -> str:
    """What the clients of this process send; the journal does not keep each call's own."""
    boto3 = sys.modules.get("boto3")
    botocore = sys.modules.get("botocore")
    version = getattr(botocore, "__version__", "1")
    return f"Boto3/{boto3.__version__} md/Botocore#{version}" if boto3 is not None else f"Botocore/{version}"


def _host(source: str, region: str, everywhere: bool) -> str:
    name = source.partition(".")[0]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{name}.{suffix}" if everywhere else f"{name}.{region}.{suffix}"


def _object_of(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    found = {"bucketName": parameters.get("Bucket"), "key": parameters.get("Key")}
    return {name: value for name, value in found.items() if value is not None} or None
