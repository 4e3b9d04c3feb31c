"""Version 2 signatures of Amazon S3, in the Authorization header and in presigned URLs.

boto3 still presigns with them where a client is not told its `signature_version` and the region is an old one.
Source: "Signing and authenticating REST requests (AWS signature version 2)", Amazon S3 User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from awsim.auth.refusals import Refused
from awsim.auth.signing import NO_DATE, Bounds, header_time, hmac_v1, is_skewed, iso, mismatch, pairs, same, skewed
from awsim.errors import AWSError
from awsim.wire.http import Request

# The query parameters that are part of the resource; every client must sort and sign these and no others.
_SUBRESOURCES = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip
_VIRTUAL_HOST = re.compile(r"^(.+)\.s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com(?:\.cn)?$")


def verify_query(request: Request, secret: str | None, now: float, bucket: str | None) -> None:
    given = dict(pairs(request.query_string))
    if not all(name in given for name in ("Signature", "Expires", "AWSAccessKeyId")):
        message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise AWSError("AccessDenied", message, status=403)
    try:
        expires = int(given["Expires"])
    except ValueError:
        message = f"Invalid date (should be seconds since epoch): {given['Expires']}"
        raise AWSError("AccessDenied", message, status=403) from None
    if now >= expires:
        fields = {"Expires": iso(expires), "ServerTime": iso(now)}
        raise AWSError("AccessDenied", "Request has expired", status=403, fields=fields)
    if secret is not None:
        text = _string(request, given["Expires"], given, bucket)
        _compare(text, given["AWSAccessKeyId"], secret, given["Signature"])


def verify_header(request: Request, secret: str | None, now: float, bounds: Bounds, bucket: str | None) -> None:
    access_key, _, signature = request.headers.get("Authorization")[4:].strip().rpartition(":")
    # An x-amz-date is the date of a request whatever it says.
    other = "x-amz-date" in request.headers
    stamp = request.headers.get("X-Amz-Date" if other else "Date")
    signed_at, _ = header_time(stamp or "")
    if signed_at is None or signed_at < 0:
        raise AWSError("AccessDenied", NO_DATE, status=403)
    if is_skewed(signed_at, now, bounds):
        raise skewed(signed_at, stamp, now, bounds)
    if secret is not None:
        date = "" if other else stamp
        _compare(_string(request, date, {}, bucket), access_key, secret, signature)


def _string(request: Request, date: str, query: Mapping[str, str], bucket: str | None) -> str:
    headers = request.headers
    amz = {name: value for name, value in query.items() if name.startswith("x-amz-")}
    amz.update((name, value.strip()) for name, value in headers.items() if name.startswith("x-amz-"))
    # botocore moves these two from header to query when it presigns.
    standard = (headers.get(name) or query.get(name, "") for name in ("content-md5", "content-type"))
    return "\n".join(
        (
            request.method.upper(),
            *(value.strip() for value in standard),
            date,
            *(f"{name}:{amz[name]}" for name in sorted(amz)),
            _resource(request, bucket),
        )
    )


def _resource(request: Request, bucket: str | None) -> str:
    if bucket is None:
        match = _VIRTUAL_HOST.match(request.host)
        bucket = match[1] if match else None
    path = f"/{bucket}{request.path}" if bucket else request.path
    parts = sorted((pair.split("=", 1) for pair in request.query_string.split("&")), key=lambda part: part[0])
    # unquote, not unquote_plus: a plus in a version 2 query stands for itself.
    chosen = "&".join("=".join((name, *map(unquote, value))) for name, *value in parts if name in _SUBRESOURCES)
    return f"{path}?{chosen}" if chosen else path


def _compare(text: str, access_key: str, secret: str, given: str) -> None:
    if not same(hmac_v1(secret, text), given):
        raise Refused("signature", access_key, fields=mismatch(access_key, text, given))
