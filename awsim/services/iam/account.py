"""What an account has one of."""

from __future__ import annotations

from typing import NamedTuple

from awsim.services.iam.passwords import PasswordPolicy
from awsim.state import Entity


class Report(NamedTuple):
    """A credential report: its text, and from when on it is there (epoch seconds)."""

    content: bytes
    ready: float


class Account(Entity):
    def __init__(self, now: int) -> None:
        self.created = now
        self.alias: str | None = None
        self.password_policy: PasswordPolicy | None = None
        self.token_version = 1  # of the global endpoint of STS
        self.report: Report | None = None
        self.federation: str | None = None  # issuer of outbound web identity tokens
        self.root_features: frozenset[str] = frozenset()  # of the organization that the account manages
