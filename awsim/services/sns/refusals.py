"""Sentences that SNS refuses many things with. Source: ../shared/recorded/sns.jsonl."""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(parameter: str, reason: str = "") -> AWSError:
    """A value that a parameter cannot have."""
    because = f" Reason: {reason}" if reason else ""
    return AWSError("InvalidParameter", f"Invalid parameter: {parameter}{because}")


def not_found(what: str) -> AWSError:
    """Something that is not there: "Topic", "Subscription", "Endpoint", "PlatformApplication"."""
    return AWSError("NotFound", f"{what} does not exist", status=404)


class WrongAttribute(Exception):
    """An attribute's value that cannot be; Subscribe and SetSubscriptionAttributes word the same problem differently.

    `str()` is as `FilterPolicy: Empty arrays are not allowed`.
    """
