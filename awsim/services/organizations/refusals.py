"""Errors with a Reason, and the words that several operations share.

Words as users report them from AWS; where none are known, those of the API Reference's list of reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from awsim.errors import AWSError


def denied() -> AWSError:
    return AWSError("AccessDeniedException", "You don't have permissions to access this resource.")


def not_in_use() -> AWSError:
    return AWSError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")


def missing(what: str, code: str) -> AWSError:
    article = "an" if what[0] in "aeiou" else "a"
    return AWSError(code, f"You specified {article} {what} that doesn't exist.")


def invalid(reason: str, message: str = "You specified an invalid value.") -> AWSError:
    return AWSError("InvalidInputException", message, fields={"Reason": reason})


def violated(reason: str, message: str) -> AWSError:
    return AWSError("ConstraintViolationException", message, fields={"Reason": reason})


def handshake_violated(reason: str, message: str) -> AWSError:
    return AWSError("HandshakeConstraintViolationException", message, fields={"Reason": reason})


def needs_all_features() -> AWSError:
    return violated(
        "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE",
        "This operation can be performed only when the organization supports all features.",
    )


@contextmanager
def because(reason: str, code: str | None = None) -> Iterator[None]:
    """Give the refusals of rows of the limits table their Reason, and another code where an operation has its own."""
    try:
        yield
    except AWSError as error:
        error.fields = {**error.fields, "Reason": reason}
        error.code = code or error.code
        raise
