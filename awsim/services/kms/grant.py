"""Grants: who may do what with a key beside its policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.auth.policy.matching import Principal
from awsim.state import Entity

# Operations that an encryption context is part of.
_WITH_CONTEXT = frozenset(
    (
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
)


class Terms(NamedTuple):
    """What a grant says. Principals are ARNs, services' host names beside them."""

    grantee: str | None
    retiring: str | None
    operations: tuple[str, ...]
    subset: tuple[tuple[str, str], ...] | None = None
    equals: tuple[tuple[str, str], ...] | None = None
    source_arn: str | None = None
    name: str | None = None
    grantee_service: str | None = None
    retiring_service: str | None = None

    @property
    def to(self) -> str:
        """The grantee."""
        return self.grantee or self.grantee_service or ""


class Grant(Entity):
    """A grant on one key. It holds for everyone from `known` on; before, for who brings one of its `tokens`."""

    __slots__ = ("account", "created", "id", "known", "terms", "tokens")

    def __init__(self, id: str, terms: Terms, account: str, created: float, known: float) -> None:
        self.id = id
        self.terms = terms
        self.account = account
        self.created = created
        self.known = known
        self.tokens: tuple[str, ...] = ()

    def admits(
        self,
        who: Principal,
        operation: str,
        context: Mapping[str, str] | None,
        source_arn: str | None,
        tokens: frozenset[str],
        now: float,
    ) -> bool:
        """Whether it lets a principal do an operation ("ReEncryptFrom" and "ReEncryptTo" for ReEncrypt)."""
        terms = self.terms
        if operation not in terms.operations or not _is(who, terms.grantee, terms.grantee_service):
            return False
        if now < self.known and tokens.isdisjoint(self.tokens):
            return False
        if terms.source_arn is not None and terms.source_arn != source_arn:
            return False
        if operation not in _WITH_CONTEXT:
            return True
        given = dict(context or {})
        if terms.equals is not None and dict(terms.equals) != given:
            return False
        return terms.subset is None or given.items() >= dict(terms.subset).items()

    def retired_by(self, who: Principal) -> bool:
        """Whether a principal may retire it: the one it names for that, and a grantee who was granted it."""
        terms = self.terms
        if _is(who, terms.retiring, terms.retiring_service):
            return True
        return "RetireGrant" in terms.operations and _is(who, terms.grantee, terms.grantee_service)

    def described(self, key_arn: str) -> dict[str, Any]:
        terms = self.terms
        constraints: dict[str, Any] = {}
        if terms.subset is not None:
            constraints["EncryptionContextSubset"] = dict(terms.subset)
        if terms.equals is not None:
            constraints["EncryptionContextEquals"] = dict(terms.equals)
        if terms.source_arn is not None:
            constraints["SourceArn"] = terms.source_arn
        return {
            "KeyId": key_arn,
            "GrantId": self.id,
            "Name": terms.name or "",
            "CreationDate": datetime.fromtimestamp(self.created, UTC),
            "GranteePrincipal": terms.grantee,
            "GranteeServicePrincipal": terms.grantee_service,
            "RetiringPrincipal": terms.retiring,
            "RetiringServicePrincipal": terms.retiring_service,
            "IssuingAccount": f"arn:{key_arn.split(':')[1]}:iam::{self.account}:root",
            "Operations": list(terms.operations),
            "Constraints": constraints or None,
        }


def names_of(who: Principal) -> list[str]:
    """What grants may call a principal."""
    partition = who.arn.split(":")[1] if who.arn.startswith("arn:") else "aws"
    return [*who.own_names, *who.role_names, *who.services, f"arn:{partition}:iam::{who.account}:root"]


def _is(who: Principal, arn: str | None, service: str | None) -> bool:
    if service is not None and service in who.services:
        return True
    if arn is None:
        return False
    if arn in who.own_names or arn in who.role_names:
        return True
    return arn.endswith(":root") and arn.split(":")[4] == who.account
