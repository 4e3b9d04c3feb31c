"""Sentences that SQS refuses many things with. Sources: ../shared/recorded/sqs.jsonl, SQS API Reference."""

from __future__ import annotations

from typing import Any

from awsim.errors import AWSError

WRONG_TYPE = "The request include parameter that is not valid for this queue type."


def invalid(parameter: str, value: Any, reason: str) -> AWSError:
    """A value that a parameter cannot have."""
    return AWSError("InvalidParameterValue", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def missing(parameter: str, code: str = "MissingParameter") -> AWSError:
    """A parameter that must be given."""
    return AWSError(code, f"The request must contain the parameter {parameter}.")


def unknown_attribute(name: str) -> AWSError:
    """A queue attribute that does not exist, or not for this type of queue."""
    return AWSError("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute(name: str, reason: str = "") -> AWSError:
    """A value that a queue attribute cannot have."""
    because = f" Reason: {reason}" if reason else ""
    return AWSError("InvalidAttributeValue", f"Invalid value for the parameter {name}.{because}")


def unknown_handle(handle: str) -> AWSError:
    """A receipt handle that the queue never gave out."""
    message = f'The input receipt handle "{handle}" is not a valid receipt handle.'
    return AWSError("ReceiptHandleIsInvalid", message, status=404)


class ExpiredReceiptHandle(AWSError):
    """A handle that may not delete or hide its message any more; batches word it in their own way."""

    def __init__(self, handle: str) -> None:
        reason = "The receipt handle has expired."
        super().__init__(
            "InvalidParameterValue", f"Value {handle} for parameter ReceiptHandle is invalid. Reason: {reason}"
        )
