"""Errors that many operations answer with. Source: EC2 API Reference, "Error codes"."""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterValue", message)


def bad_value(value: object, parameter: str, why: str = "") -> AWSError:
    """`parameter` begins with a small letter, as EC2 writes it."""
    return invalid(f"Value ({value}) for parameter {parameter} is invalid. {why}".rstrip())


def combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombination", message)


def missing(parameter: str) -> AWSError:
    return AWSError("MissingParameter", f"The request must contain the parameter {parameter}")


def dependency(what: str, id_: str) -> AWSError:
    return AWSError("DependencyViolation", f"The {what} '{id_}' has dependencies and cannot be deleted.")


def in_use(id_: str) -> AWSError:
    return AWSError("DependencyViolation", f"resource {id_} has a dependent object")
