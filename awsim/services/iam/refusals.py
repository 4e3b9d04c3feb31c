"""Sentences that IAM refuses many things with. Sources: ../shared/recorded/iam.jsonl, what users of IAM reported."""

from __future__ import annotations

from awsim.errors import AWSError

NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
DOCUMENT = "It must contain only printable ASCII characters."


def no_such(message: str) -> AWSError:
    """Something that is not there."""
    return AWSError("NoSuchEntity", message, status=404)


def exists(message: str) -> AWSError:
    """A name that is taken."""
    return AWSError("EntityAlreadyExists", message, status=409)


def conflict(message: str) -> AWSError:
    """Something that others still hang on."""
    return AWSError("DeleteConflict", message, status=409)


def invalid(message: str) -> AWSError:
    """Input that no constraint of the model catches."""
    return AWSError("InvalidInput", message, status=400)


def malformed(message: str) -> AWSError:
    """A parameter that cannot be read."""
    return AWSError("ValidationError", message, status=400)


def specified(name: str, rule: str) -> AWSError:
    """A name, path or document with characters that it may not have."""
    return malformed(f"The specified value for {name} is invalid. {rule}")


def protected(role: str) -> AWSError:
    """A service-linked role, which only its service changes."""
    message = f"Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS"
    return AWSError("UnmodifiableEntity", message, status=400)
