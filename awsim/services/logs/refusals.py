"""Sentences that CloudWatch Logs refuses with.

Sources: messages of AWS as public issues quote them; where none is known, the API Reference's own words.
"""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def bad_token() -> AWSError:
    return invalid("The specified nextToken is invalid.")


def unsupported(kind: str) -> AWSError:
    """A feature that the class of a log group lacks."""
    return AWSError("InvalidOperationException", f"The operation is not supported for log groups of class {kind}.")


def missing(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)


def no_group() -> AWSError:
    return missing("The specified log group does not exist.")


def no_stream() -> AWSError:
    return missing("The specified log stream does not exist.")


def exists(message: str) -> AWSError:
    return AWSError("ResourceAlreadyExistsException", message)


def denied(message: str) -> AWSError:
    return AWSError("AccessDeniedException", message, status=400)


def refused(message: str) -> AWSError:
    """What the younger operations answer where the older ones say InvalidParameterException."""
    return AWSError("ValidationException", message)
