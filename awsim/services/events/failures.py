"""Why a delivery failed, as EventBridge tells dead-letter queues, and whether it tries again.

Source: EventBridge User Guide, "Using dead-letter queues to process undelivered events".
"""

from __future__ import annotations

from awsim.errors import AWSError
from awsim.eventing import retries

CLIENT_ERROR = "SDK_CLIENT_ERROR"
CONNECTION = "CONNECTION_FAILURE"
FROM_TARGET = "ERROR_FROM_TARGET"
INTERNAL = "INTERNAL_ERROR"
NO_PERMISSIONS = "NO_PERMISSIONS"
NO_RESOURCE = "NO_RESOURCE"
THIRD_ACCOUNT = "THIRD_ACCOUNT_HOP_DETECTED"
THIRD_REGION = "THIRD_REGION_HOP_DETECTED"
THROTTLING = "THROTTLING"

_RETRIABLE = frozenset((CONNECTION, INTERNAL, THROTTLING))
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "KMS.AccessDenied")
_GONE = ("NotFound", "NonExistent", "DoesNotExist", "NoSuch")


class Failure(Exception):
    """A delivery that failed: `code` as in ERROR_CODE; the message is ERROR_MESSAGE."""

    def __init__(self, code: str, message: str, *, retriable: bool | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retriable = code in _RETRIABLE if retriable is None else retriable


def of(error: AWSError) -> Failure:
    """What the answer of a target means."""
    if error.code in _DENIED:
        return Failure(NO_PERMISSIONS, error.message)
    if any(word in error.code for word in _GONE):
        return Failure(NO_RESOURCE, error.message)
    if retries.throttled(error):
        return Failure(THROTTLING, error.message)
    if retries.broken(error):
        return Failure(INTERNAL, error.message)
    return Failure(CLIENT_ERROR, error.message)
