"""The one error DynamoDB has for almost everything: `ValidationException`."""

from __future__ import annotations

from awsim.errors import AWSError

ONE_OR_MORE = "One or more parameter values were invalid: "


def invalid(message: str) -> AWSError:
    """A ValidationException with AWS's own words."""
    return AWSError("ValidationException", message, status=400)


def invalid_parameter(message: str) -> AWSError:
    """A ValidationException with the prefix AWS gives to wrong parameter values."""
    return AWSError("ValidationException", ONE_OR_MORE + message, status=400)
