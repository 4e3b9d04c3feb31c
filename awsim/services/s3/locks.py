"""Object lock: retention and legal hold of versions, and what they forbid.

Source: S3 User Guide, "Locking objects with Object Lock". Whether a caller may bypass governance mode has been decided
before (s3:BypassGovernanceRetention); here it is whether it said that it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.conditions import seconds
from awsim.services.s3.versions import Lock, Version

_DAY = 86_400
_PROTECTED = "Access Denied because object protected by object lock."
_HEADERS = ("x-amz-object-lock-retain-until-date", "x-amz-object-lock-mode")


def missing_configuration() -> AWSError:
    return AWSError("InvalidRequest", "Bucket is missing Object Lock Configuration")


def _past() -> AWSError:
    return AWSError("InvalidArgument", "The retain until date must be in the future!")


def of_write(bucket: Bucket, given: Mapping[str, Any], now: float) -> Lock | None:
    """The lock that a new version gets: from its headers, else from the bucket's default retention."""
    mode, until = given.get("ObjectLockMode"), given.get("ObjectLockRetainUntilDate")
    hold = given.get("ObjectLockLegalHoldStatus")
    if (mode or until or hold) and not bucket.is_locked:
        raise missing_configuration()
    if (mode is None) != (until is None):
        absent = _HEADERS[0] if until is None else _HEADERS[1]
        raise AWSError(
            "InvalidArgument",
            f"{_HEADERS[0]} and {_HEADERS[1]} must both be supplied",
            fields={"ArgumentName": absent},
        )
    if until is not None and seconds(until) <= now:
        raise _past()
    if mode is None and bucket.is_locked:
        default = (bucket.setting("object-lock").get("Rule") or {}).get("DefaultRetention")
        if default:
            mode = default["Mode"]
            until = now + _DAY * (default.get("Days") or 365 * default.get("Years", 0))
            return Lock(mode, int(until), hold)
    if mode is None and hold is None:
        return None
    return Lock(mode, None if until is None else seconds(until), hold)


def check_delete(version: Version, now: float, bypass: bool) -> None:
    """Refuse to delete a version for good while it is protected."""
    lock = version.lock
    if lock is None:
        return
    kept = lock.until is not None and lock.until > now
    if lock.hold == "ON" or (kept and not (bypass and lock.mode == "GOVERNANCE")):
        raise AWSError("AccessDenied", _PROTECTED, status=403)


def kept_until(version: Version, now: float) -> float | None:
    """Until when a version cannot be deleted by anybody who does not bypass its lock; None where nothing keeps it."""
    lock = version.lock
    if lock is None:
        return None
    if lock.hold == "ON":
        return float("inf")
    return lock.until if lock.until is not None and lock.until > now else None


def retained(version: Version, mode: str | None, until: Any, now: float, bypass: bool) -> Lock:
    """The lock of a version after PutObjectRetention; no mode and date take the retention off."""
    lock = version.lock or Lock()
    end = None if until is None else seconds(until)
    if end is not None and end <= now:
        raise _past()
    if lock.until is not None and lock.until > now:
        weaker = end is None or end < lock.until or mode != lock.mode
        if weaker and not (bypass and lock.mode == "GOVERNANCE"):
            raise AWSError("AccessDenied", _PROTECTED, status=403)
    return Lock(mode, end, lock.hold)
