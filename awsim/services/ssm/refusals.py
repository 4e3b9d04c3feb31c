"""Sentences that Systems Manager refuses with.

Sources: messages of AWS as public issues quote them; where none is known, the API Reference's own words.
"""

from __future__ import annotations

from awsim.errors import AWSError

_DEFECT = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
    "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 "
    "symbols .-_"
)


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def constraint(value: object, path: str, what: str) -> AWSError:
    """A violated constraint that botocore's model does not have, as the others are told of."""
    return invalid(f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: {what}")


def bad_name() -> AWSError:
    return invalid(_DEFECT)


def reserved(name: str) -> AWSError:
    return AWSError("AccessDeniedException", f"No access to reserved parameter name: {name}.")


def not_found(message: str = "") -> AWSError:
    """A parameter that does not exist; AWS says no more than the code."""
    return AWSError("ParameterNotFound", message)


def no_version(name: str, selector: str) -> AWSError:
    kind = "version" if selector.isdecimal() else "label"
    message = f"Systems Manager could not find {kind} {selector} of {name}. Verify the {kind} and try again."
    return AWSError("ParameterVersionNotFound", message)


def bad_path() -> AWSError:
    return invalid(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
        'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, '
        "or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All "
        'sub-paths, if specified, must use the forward slash symbol "/". Valid example: '
        "/get/parameters2-/by1./path0_."
    )


def bad_token() -> AWSError:
    return AWSError("InvalidNextToken", "The specified token isn't valid.")
