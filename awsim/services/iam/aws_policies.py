"""AWS's own managed policies: facts that every account shares, read when the first is asked for."""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from time import strptime
from typing import Any, NamedTuple

from awsim.auth.credentials import named_id

_FILE = Path(__file__).parent / "data" / "aws_policies.zip"
# The account in the ids that AWS gives to its own.
_AWS = "123456789012"
SERVICE_LINKED = "/aws-service-role/"


class AwsPolicy(NamedTuple):
    """A managed policy of AWS's. Only its default version is known."""

    name: str
    path: str
    id: str
    default: str
    created_at: str
    updated_at: str

    @property
    def created(self) -> int:
        """Epoch seconds."""
        return _seconds(self.created_at)

    @property
    def updated(self) -> int:
        return _seconds(self.updated_at)

    @property
    def document(self) -> str | None:
        """The JSON of the default version; None where only the name is known."""
        return _documents(sum(self.name.encode()) % 16).get(self.name)


def aws_policy(path: str, name: str) -> AwsPolicy | None:
    """The policy `arn:aws:iam::aws:policy<path><name>`."""
    policy = aws_policies().get(name)
    return policy if policy is not None and policy.path == path else None


@cache
def aws_policies() -> Mapping[str, AwsPolicy]:
    """All of them by name, in order of their names."""
    return {
        name: AwsPolicy(name, path, id or named_id("ANPA", _AWS, f"policy/{name}"), *rest)
        for name, (path, id, *rest) in _read("index.json").items()
    }


@cache
def _documents(part: int) -> Mapping[str, str]:
    return _read(f"documents/{part:02d}.json")


def _read(name: str) -> Any:
    from zipfile import ZipFile  # most accounts use none of AWS's policies

    with ZipFile(_FILE) as file:
        return json.loads(file.read(name))


def _seconds(text: str) -> int:
    return timegm(strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
