"""Errors that many operations answer with. Sentences as users report them, else awsim's."""

from __future__ import annotations

from awsim.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("ValidationError", message)


def no_group(name: str) -> AWSError:
    return invalid(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")


def no_instance(id_: str) -> AWSError:
    return invalid(f"No managed instance found for instance ID {id_}")
