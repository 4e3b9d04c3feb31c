"""Policies of parameters: when they expire, and what is told before that, or when they stay the same.

Source: Systems Manager User Guide, "Assigning parameter policies in Parameter Store".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.errors import AWSError

EXPIRATION, NOTICE, UNCHANGED = "Expiration", "ExpirationNotification", "NoChangeNotification"
_ATTRIBUTES = {EXPIRATION: {"Timestamp"}, NOTICE: {"Before", "Unit"}, UNCHANGED: {"After", "Unit"}}
_SECONDS = {"Days": 86400, "Hours": 3600}


class Policy(NamedTuple):
    """A policy of a parameter as it was written, and whether it has done its work."""

    type: str
    text: str
    seconds: float  # Expiration: when (epoch seconds); the others: how long before, or after
    status: str = "Pending"

    def described(self) -> dict[str, Any]:
        return {"PolicyText": self.text, "PolicyType": self.type, "PolicyStatus": self.status}


def read(text: str, most: int | None) -> tuple[Policy, ...]:
    """The policies of the JSON that PutParameter takes, at most so many; raises what is wrong with them."""
    try:
        given = json.loads(text)
    except ValueError:
        raise _attribute() from None
    if given == {}:
        return ()
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise _attribute()
    if most is not None and len(given) > most:
        raise AWSError(
            "PoliciesLimitExceededException",
            f"You specified more than the maximum number of allowed policies for the parameter. The maximum is {most}.",
        )
    policies = tuple(_policy(each) for each in given)
    if sum(policy.type == EXPIRATION for policy in policies) > 1:
        raise AWSError(
            "IncompatiblePolicyException",
            "There is a conflict in the policies specified for this parameter. You can't, for example, specify two "
            "Expiration policies for a parameter. Review your policies, and try again.",
        )
    return policies


def _policy(given: dict[str, Any]) -> Policy:
    kind = given.get("Type")
    if kind not in _ATTRIBUTES:
        raise AWSError(
            "InvalidPolicyTypeException",
            "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, "
            "ExpirationNotification, and NoChangeNotification.",
        )
    attributes = given.get("Attributes")
    if given.get("Version") != "1.0" or not isinstance(attributes, dict) or set(attributes) != _ATTRIBUTES[kind]:
        raise _attribute()
    text = json.dumps(given, separators=(",", ":"))
    if kind == EXPIRATION:
        return Policy(kind, text, _time(attributes["Timestamp"]))
    count = str(attributes["Before" if kind == NOTICE else "After"])
    if attributes["Unit"] not in _SECONDS or not (count.isascii() and count.isdecimal() and 0 < len(count) < 9):
        raise _attribute()
    return Policy(kind, text, int(count) * _SECONDS[attributes["Unit"]])


def _time(text: Any) -> float:
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise _attribute() from None
    return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()


def _attribute() -> AWSError:
    return AWSError("InvalidPolicyAttributeException", "A policy attribute or its value is invalid.")
