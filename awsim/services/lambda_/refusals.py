"""Lambda's sentences. Where a source has none, the sentence is reconstructed."""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return _user("InvalidParameterValueException", message)


def missing(message: str = "The resource you requested does not exist.") -> AWSError:
    return AWSError("ResourceNotFoundException", message, fields={"Type": "User"})


def no_function(arn: str) -> AWSError:
    return missing(f"Function not found: {arn}")


def conflict(message: str) -> AWSError:
    return _user("ResourceConflictException", message)


def changed() -> AWSError:
    message = (
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id"
    )
    return _user("PreconditionFailedException", message)


def throttled(reason: str) -> AWSError:
    fields = {"Reason": reason, "Type": "User"}
    return AWSError("TooManyRequestsException", "Rate Exceeded.", fields=fields)


def _user(code: str, message: str) -> AWSError:
    return AWSError(code, message, fields={"Type": "User"})
