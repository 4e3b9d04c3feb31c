"""Errors that many operations answer with. Sentences as users report them, else awsim's."""

from __future__ import annotations

from awsim.errors import AWSError


def client(message: str) -> AWSError:
    return AWSError("ClientException", message)


def invalid(message: str) -> AWSError:
    return AWSError("InvalidParameterException", message)


def no_cluster() -> AWSError:
    return AWSError("ClusterNotFoundException", "Cluster not found.")
