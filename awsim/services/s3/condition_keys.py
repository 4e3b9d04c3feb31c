"""S3's condition keys that no parameter gives as it is.

Source: Service Authorization Reference, "Condition keys for Amazon S3". Keys come in lower case.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import parse_authorization

if TYPE_CHECKING:
    from awsim.services.s3.permissions import Permissions

_DAY = 86_400
_VERSIONS = {
    "v4": "AWS4-HMAC-SHA256",
    "v4-query": "AWS4-HMAC-SHA256",
    "v4a": "AWS4-ECDSA-P256-SHA256",
    "v4a-query": "AWS4-ECDSA-P256-SHA256",
    "v2": "AWS",
    "v2-query": "AWS",
}
# Operations whose policies can look at the tags that an object has; of a copy, those of its source.
_ABOUT_TAGGED = frozenset(
    (
        "GetObject",
        "HeadObject",
        "GetObjectAcl",
        "PutObjectAcl",
        "GetObjectTagging",
        "PutObjectTagging",
        "DeleteObjectTagging",
        "GetObjectAttributes",
        "SelectObjectContent",
        "CopyObject",
        "UploadPartCopy",
    )
)
_FORM = "form"  # signed in the fields of a form upload
_STAMP = "%Y%m%dT%H%M%SZ"


def value(service: Permissions, key: str, resource: str) -> Any:
    """What `key` ("s3:existingobjecttag/team") is in the call in progress, for one resource; None: absent."""
    name, _, rest = key.partition("/")
    find = _KEYS.get(name)
    return None if find is None else find(service, resource, rest)


def _object_tag(service: Permissions, resource: str, name: str) -> str | None:
    call = service.cloud.current
    if call.operation not in _ABOUT_TAGGED:
        # What is written or deleted is not asked for its tags.
        return None
    bucket, key = service.place(resource)
    source = call.params.get("CopySource")
    if bucket is None or (source is not None and service.source_of(source)[:2] != (bucket.name, key)):
        return None
    version = service.meant(bucket, key)
    if version is None:
        return None
    return next((tag for known, tag in version.tags if known.lower() == name), None)


def _account(service: Permissions, resource: str, rest: str) -> str | None:
    bucket, _ = service.place(resource)
    return None if bucket is None else bucket.account


def _kind(service: Permissions) -> str:
    """How the request is signed, as `parse_authorization` calls it; calls from Python count as signed in a header."""
    call = service.cloud.current
    if call.caller.is_anonymous:
        return "none"
    if call.http is None:
        return "v4"
    kind = parse_authorization(call.http.headers, call.http.query_string)[4]
    return _FORM if kind == "none" and call.http.method == "POST" else kind


def _signature(service: Permissions, resource: str, rest: str) -> str | None:
    kind = _kind(service)
    return _VERSIONS["v4" if kind == _FORM else kind] if kind in (_FORM, *_VERSIONS) else None


def _auth_type(service: Permissions, resource: str, rest: str) -> str | None:
    kind = _kind(service)
    if kind == _FORM:
        return "POST"
    if kind not in _VERSIONS:
        return None
    return "REST-QUERY-STRING" if kind.endswith("-query") else "REST-HEADER"


def _age(service: Permissions, resource: str, rest: str) -> int | None:
    """Milliseconds since a presigned URL was signed (version 4)."""
    http = service.cloud.current.http
    if http is None:
        return None
    stamp = next((given for name, given in http.query if name.lower() == "x-amz-date"), None)
    if stamp is None:
        return None
    try:
        signed = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return int((service.clock.time() - signed) * 1000)


def _payload(service: Permissions, resource: str, rest: str) -> str | None:
    http = service.cloud.current.http
    return None if http is None else http.headers.get("x-amz-content-sha256")


def _tls(service: Permissions, resource: str, rest: str) -> str | None:
    http = service.cloud.current.http
    return "1.3" if http is None or http.url.startswith("https:") else None


def _retention(service: Permissions, resource: str, rest: str) -> int | None:
    """Whole days until the retain-until date that a request asks for."""
    params = service.cloud.current.params
    until = params.get("ObjectLockRetainUntilDate") or (params.get("Retention") or {}).get("RetainUntilDate")
    if not isinstance(until, datetime):
        return None
    return math.ceil((until.timestamp() - service.clock.time()) / _DAY)


def _creates(service: Permissions, resource: str, rest: str) -> bool | None:
    """Whether an object comes of the request, rather than a part or the beginning of one."""
    operation = service.cloud.current.operation
    if operation in ("PutObject", "CopyObject", "CompleteMultipartUpload"):
        return True
    return False if operation in ("CreateMultipartUpload", "UploadPart", "UploadPartCopy") else None


def _point(service: Permissions, resource: str) -> Any:
    """The access point by which a resource was asked for, if any."""
    through = service.cloud.current.through
    if through is None:
        return None
    bucket, _ = service.place(resource)
    return through.point if bucket is not None and bucket.name == through.bucket else None


def _access_point(service: Permissions, resource: str, rest: str) -> str | None:
    point = _point(service, resource)
    return None if point is None else point.arn


def _access_point_account(service: Permissions, resource: str, rest: str) -> str | None:
    point = _point(service, resource)
    return None if point is None else point.account


def _network_origin(service: Permissions, resource: str, rest: str) -> str | None:
    point = _point(service, resource)
    return None if point is None else point.network_origin


_KEYS: dict[str, Callable[[Permissions, str, str], Any]] = {
    "s3:existingobjecttag": _object_tag,
    "s3:resourceaccount": _account,
    "s3:dataaccesspointarn": _access_point,
    "s3:dataaccesspointaccount": _access_point_account,
    "s3:accesspointnetworkorigin": _network_origin,
    "s3:signatureversion": _signature,
    "s3:authtype": _auth_type,
    "s3:signatureage": _age,
    "s3:x-amz-content-sha256": _payload,
    "s3:tlsversion": _tls,
    "s3:objectcreationoperation": _creates,
    "s3:object-lock-remaining-retention-days": _retention,
}
