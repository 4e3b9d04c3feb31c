"""Sentences that Secrets Manager refuses with.

Sources: messages of AWS as public issues quote them; where none is known, the API Reference's own words.
"""

from __future__ import annotations

from awsim.errors import AWSError


def parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def request(message: str) -> AWSError:
    return AWSError("InvalidRequestException", message)


def no_secret() -> AWSError:
    return AWSError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def no_value(what: str) -> AWSError:
    """A version that is not there or holds nothing yet; `what` is how the request named it."""
    return AWSError("ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {what}")


def marked() -> AWSError:
    return request("You can't perform this operation on the secret because it was marked for deletion.")


def token_in_use(token: str, arn: str) -> AWSError:
    return AWSError(
        "ResourceExistsException",
        f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}.",
    )


def on_replica() -> AWSError:
    return request("Operation not permitted on a replica secret. Call must be made in primary secret's region.")


def bad_token() -> AWSError:
    return AWSError("InvalidNextTokenException", "Invalid NextToken.")
