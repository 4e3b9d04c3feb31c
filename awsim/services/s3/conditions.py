"""Conditional requests: reads, copy sources and writes.

Source: RFC 9110 section 13.2.2 (order of evaluation) and the S3 User Guide, "Add preconditions to S3 operations".
Entity tags are compared without their quotes; times to the second. A date in the future never makes a read fail.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from awsim.errors import AWSError

_FAILED = "At least one of the pre-conditions you specified did not hold"


def tag(value: str) -> str:
    """An entity tag as given, without weakness mark and quotes."""
    value = value.strip()
    if value.startswith("W/"):
        value = value[2:]
    return value.strip('"')


def _tags(value: str) -> list[str]:
    return [tag(part) for part in value.split(",")]


def _matches(value: str, etag: str) -> bool:
    return value.strip() == "*" or etag in _tags(value)


def seconds(value: Any) -> int:
    """A timestamp parameter as whole epoch seconds."""
    return int(value.timestamp()) if isinstance(value, datetime) else int(value)


def failed(condition: str) -> AWSError:
    return AWSError("PreconditionFailed", _FAILED, status=412, fields={"Condition": condition})


def check_read(
    etag: str,
    modified: int,
    now: float,
    if_match: str | None,
    if_none_match: str | None,
    if_modified_since: Any,
    if_unmodified_since: Any,
) -> None:
    """Raise 412 or 304 unless a GET or HEAD of this object may go on."""
    if if_match is not None:
        if not _matches(if_match, etag):
            raise failed("If-Match")
    elif if_unmodified_since is not None and modified > seconds(if_unmodified_since):
        raise failed("If-Unmodified-Since")
    if if_none_match is not None:
        fresh = not _matches(if_none_match, etag)
    else:
        fresh = if_modified_since is None or not modified <= seconds(if_modified_since) <= now
    if not fresh:
        raise AWSError("304", "Not Modified", status=304)


def check_source(
    etag: str,
    modified: int,
    now: float,
    if_match: str | None,
    if_none_match: str | None,
    if_modified_since: Any,
    if_unmodified_since: Any,
) -> None:
    """Raise 412 unless this object may be the source of a copy."""
    if if_match is not None:
        if not _matches(if_match, etag):
            raise failed("x-amz-copy-source-If-Match")
    elif if_unmodified_since is not None and modified > seconds(if_unmodified_since):
        raise failed("x-amz-copy-source-If-Unmodified-Since")
    if if_none_match is not None:
        if _matches(if_none_match, etag):
            raise failed("x-amz-copy-source-If-None-Match")
    elif if_modified_since is not None and modified <= seconds(if_modified_since) <= now:
        raise failed("x-amz-copy-source-If-Modified-Since")


def _not_implemented(header: str, more: str) -> AWSError:
    return AWSError(
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
        status=501,
        fields={"Header": header, "additionalMessage": more},
    )


def check_write(key: str, etag: str | None, if_match: str | None, if_none_match: str | None) -> None:
    """Raise unless a write may replace what is at `key`; `etag` is that of the current object, None when there is none.

    Writes take `If-None-Match: *` and `If-Match: <etag>` only, and not both.
    """
    if if_match is None and if_none_match is None:
        return
    if if_match is not None and if_none_match is not None:
        raise _not_implemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    if if_none_match is not None:
        if if_none_match.strip() != "*":
            raise _not_implemented(
                "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"
            )
        if etag is not None:
            raise failed("If-None-Match")
        return
    assert if_match is not None
    if if_match.strip() == "*":
        raise _not_implemented("If-Match", "We don't accept the provided value of If-Match header for this API")
    if etag is None:
        raise AWSError("NoSuchKey", "The specified key does not exist.", fields={"Key": key})
    if tag(if_match) != etag:
        raise failed("If-Match")


def check_delete(etag: str | None, if_match: str | None) -> None:
    """Raise unless a conditional delete may remove the object; without an object there is nothing to refuse."""
    if if_match is not None and etag is not None and not _matches(if_match, etag):
        raise failed("If-Match")
