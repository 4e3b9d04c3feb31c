"""What the forms of signature share: scopes and keys, canonical parts, the times that requests carry, refusals."""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus, unquote_to_bytes, urlsplit

from awsim.auth.refusals import Refused
from awsim.errors import AWSError

ALGORITHM = "AWS4-HMAC-SHA256"
ALGORITHM_4A = "AWS4-ECDSA-P256-SHA256"
ALGORITHMS = f'X-Amz-Algorithm only supports "{ALGORITHM} and {ALGORITHM_4A}"'
NO_DATE = "AWS authentication requires a valid Date or x-amz-date header"

# The rows of awsim/limits/sts.toml, or what stands for them: "clock-skew" and "presigned-lifetime", None where lifted.
Bounds = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """A credential scope, taken apart."""

    access_key: str
    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    def key(self, secret: str) -> bytes:
        """The signing key of version 4."""
        return _signing_key(secret, self.date, self.region, self.service)


@lru_cache(256)
def _signing_key(secret: str, *scope: str) -> bytes:
    """Good for a day: clients keep theirs as well."""
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac_sha256(key, part)
    return key


def pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield unquote_plus(name), unquote_plus(value)


def canonical_path(path: str, s3: bool) -> str:
    if path == "/":
        return path
    if s3:
        return quote(unquote_to_bytes(path), safe="/-_.~") or "/"
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if segments:
                segments.pop()
        elif segment and segment != ".":
            segments.append(segment)
    slash = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + slash, safe="/-_.~")


def canonical_query(query: str, without: str) -> str:
    if not query:
        return ""
    encoded = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in pairs(query) if n != without)
    return "&".join(f"{name}={value}" for name, value in encoded)


def host_of(url: str) -> str:
    parts = urlsplit(url)
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    host = parts.netloc.rpartition("@")[2].lower()
    return host.removesuffix(default) if default else host


def hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def hmac_v1(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def spelled(text: str) -> str:
    """The bytes of a text as S3 shows them."""
    return text.encode().hex(" ")


def mismatch(access_key: str, text: str, given: str) -> dict[str, Any]:
    return {
        "AWSAccessKeyId": access_key,
        "StringToSign": text,
        "SignatureProvided": given,
        "StringToSignBytes": spelled(text),
    }


def argument(name: str, value: str, message: str) -> AWSError:
    fields = {"ArgumentName": name, "ArgumentValue": value}
    return AWSError("InvalidArgument", message, status=400, fields=fields)


def malformed_scope(name: str) -> str:
    return (
        f"Error parsing the {name} parameter; the Credential is mal-formed; expecting "
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
    )


def iso(moment: float) -> str:
    """2013-05-24T00:00:00Z"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def basic(moment: float) -> str:
    """20130524T000000Z"""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


@lru_cache(256)
def basic_time(text: str) -> float | None:
    try:
        return float(calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ")))
    except ValueError:
        return None


def iso_time(text: str) -> float | None:
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return float(calendar.timegm(time.strptime(text, form)))
        except ValueError:
            continue
    return None


@lru_cache(256)
def header_time(text: str) -> tuple[float | None, str]:
    """(epoch seconds, ISO 8601 basic form) of a date header in either of the forms that HTTP clients send."""
    moment = basic_time(text)
    if moment is None:
        try:
            moment = parsedate_to_datetime(text).timestamp()
        except (ValueError, TypeError):
            moment = iso_time(text)
    return moment, text if moment is None else basic(moment)


def is_skewed(signed_at: float, now: float, bounds: Bounds) -> bool:
    skew = bounds["clock-skew"]
    return skew is not None and abs(now - signed_at) > skew


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min"


def skewed(signed_at: float, stamp: str, now: float, bounds: Bounds) -> Refused:
    skew = bounds["clock-skew"] or 0
    fields = {"RequestTime": stamp, "ServerTime": iso(now), "MaxAllowedSkewMilliseconds": str(int(skew * 1000))}
    if signed_at < now:
        message = (
            f"Signature expired: {stamp} is now earlier than {basic(now - skew)} ({basic(now)} - {minutes(skew)}.)"
        )
    else:
        bound = f"{basic(now + skew)} ({basic(now)} + {minutes(skew)}.)"
        message = f"Signature not yet current: {stamp} is still later than {bound}"
    return Refused("skewed", message=message, fields=fields)
