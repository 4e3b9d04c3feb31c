"""Sentences that KMS refuses with.

Sources: messages of AWS as public issues quote them; where none is known, the API Reference's own words.
"""

from __future__ import annotations

from awsim.errors import AWSError

_STATES = {
    "PendingDeletion": "pending deletion",
    "PendingReplicaDeletion": "pending replica deletion",
    "PendingImport": "pending import",
    "Unavailable": "unavailable",
    "Creating": "creating",
    "Updating": "updating",
    "Enabled": "enabled",
}


def invalid(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def unsupported(message: str = "") -> AWSError:
    return AWSError("UnsupportedOperationException", message)


def not_found(message: str) -> AWSError:
    return AWSError("NotFoundException", message)


def no_key(arn: str) -> AWSError:
    return not_found(f"Key '{arn}' does not exist")


def no_alias(arn: str) -> AWSError:
    return not_found(f"Alias {arn} is not found.")


def bad_state(arn: str, state: str) -> AWSError:
    """A key that a request cannot have in its state."""
    if state == "Disabled":
        return AWSError("DisabledException", f"{arn} is disabled.")
    return AWSError("KMSInvalidStateException", f"{arn} is {_STATES[state]}.")


def unreadable() -> AWSError:
    """A ciphertext that is none, was changed, or has another encryption context: KMS does not say which."""
    return AWSError("InvalidCiphertextException")


def other_key() -> AWSError:
    message = "The key ID in the request does not identify a CMK that can perform this operation."
    return AWSError("IncorrectKeyException", message)


def wrong_usage(arn: str, usage: str, operation: str) -> AWSError:
    return AWSError("InvalidKeyUsageException", f"{arn} key usage is {usage} which is not valid for {operation}.")


def wrong_algorithm(algorithm: str, spec: str) -> AWSError:
    return AWSError("InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {spec}.")


def denied(caller: str, action: str, arn: str) -> AWSError:
    message = (
        f"User: {caller} is not authorized to perform: {action} on resource: {arn} "
        f"because no resource-based policy allows the {action} action"
    )
    return AWSError("AccessDeniedException", message, status=400)


def hidden(caller: str, action: str) -> AWSError:
    """A ciphertext of a key that is gone: nobody is told."""
    message = (
        f"User: {caller} is not authorized to perform: {action} on the resource associated with this ciphertext "
        "because the resource does not exist in this Region, no resource-based policies allow access, or a "
        "resource-based policy explicitly denies access"
    )
    return AWSError("AccessDeniedException", message, status=400)
