"""Grants: given, listed, retired and revoked."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.gateway.authorizer import is_known
from awsim.services.kms import refusals
from awsim.services.kms.grant import Grant, Terms
from awsim.services.kms.key import Key
from awsim.services.kms.operations.common import Operations
from awsim.services.kms.specs import ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, SIGN_VERIFY

_ALWAYS = ("CreateGrant", "RetireGrant", "DescribeKey")
_SYMMETRIC = (
    "Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
    "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
)  # fmt: skip
_BY_USAGE = {
    ENCRYPT_DECRYPT: ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"),
    SIGN_VERIFY: ("Sign", "Verify", "GetPublicKey"),
    GENERATE_VERIFY_MAC: ("GenerateMac", "VerifyMac"),
    KEY_AGREEMENT: ("DeriveSharedSecret", "GetPublicKey"),
}
# How often a run that varies AWS's decisions has a new grant not known everywhere yet.
_LATE_ODDS = 0.2


class GrantOperations(Operations):
    def create_grant(
        self,
        KeyId: str,
        Operations: Sequence[str],
        GranteePrincipal: str | None = None,
        RetiringPrincipal: str | None = None,
        Constraints: Mapping[str, Any] | None = None,
        GrantTokens: Sequence[str] = (),
        Name: str | None = None,
        DryRun: bool | None = None,
        GranteeServicePrincipal: str | None = None,
        RetiringServicePrincipal: str | None = None,
    ) -> dict[str, Any]:
        key = self.key_named(KeyId, "Enabled", "PendingImport", "Unavailable", "Updating")
        if (GranteePrincipal is None) == (GranteeServicePrincipal is None):
            raise refusals.invalid("Specify either a GranteePrincipal or a GranteeServicePrincipal.")
        for principal in (GranteePrincipal, RetiringPrincipal):
            self._check_principal(principal, key.account)
        constraints = Constraints or {}
        subset, equals = constraints.get("EncryptionContextSubset"), constraints.get("EncryptionContextEquals")
        if (subset is not None or equals is not None) and not key.spec.symmetric:
            raise refusals.invalid(
                "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
            )
        self._check_operations(key, Operations)
        if subset is not None and equals is not None:
            raise refusals.invalid("A grant can have one encryption context constraint only.")
        terms = Terms(
            GranteePrincipal,
            RetiringPrincipal,
            tuple(dict.fromkeys(Operations)),
            None if subset is None else tuple(sorted(subset.items())),
            None if equals is None else tuple(sorted(equals.items())),
            constraints.get("SourceArn"),
            Name,
            GranteeServicePrincipal,
            RetiringServicePrincipal,
        )
        self.dry_run(DryRun)
        grant = self._same(key, terms) or self._add(key, terms)
        token = _token(key.arn, grant.id, len(grant.tokens))
        grant.tokens = (*grant.tokens, token)
        return {"GrantToken": token, "GrantId": grant.id}

    def _check_principal(self, arn: str | None, account: str) -> None:
        if arn is None:
            return
        if not arn.startswith(f"arn:{self.partition}:") or not is_known(self.cloud, arn, account):
            raise AWSError("InvalidArnException", f"ARN does not refer to a valid principal: {arn}")

    @staticmethod
    def _check_operations(key: Key, operations: Sequence[str]) -> None:
        fitting = _SYMMETRIC if key.spec.symmetric else _BY_USAGE[key.family.usage]
        unfit = [operation for operation in operations if operation not in (*_ALWAYS, *fitting)]
        if unfit:
            raise refusals.invalid(
                f"Grant operations [{', '.join(unfit)}] are not supported for a KMS key with key spec "
                f"{key.spec.name} and key usage {key.family.usage}."
            )

    @staticmethod
    def _same(key: Key, terms: Terms) -> Grant | None:
        """The grant that a named request made before."""
        if terms.name is None:
            return None
        return next((grant for grant in key.grants.values() if grant.terms == terms), None)

    def _add(self, key: Key, terms: Terms) -> Grant:
        self.limits.quota("grants", len(key.grants), key.arn)
        known = self.now
        seconds = self.limits.lag("grant-propagation")
        if seconds and self.choose(
            "kms.grant-late", (False, True), _LATE_ODDS, f"did not know of the new grant on {key.arn} everywhere"
        ):
            known += seconds
        grant = Grant(self.ids.hex("grant", 64), terms, self.account, self.now, known)
        key.grant(grant)
        return grant

    def list_grants(
        self,
        KeyId: str,
        Limit: int | None = None,
        Marker: str | None = None,
        GrantId: str | None = None,
        GranteePrincipal: str | None = None,
        GranteeServicePrincipal: str | None = None,
    ) -> dict[str, Any]:
        key = self.key_named(KeyId)
        found = [
            grant
            for grant in key.grants.values()
            if GrantId in (None, grant.id)
            and GranteePrincipal in (None, grant.terms.grantee)
            and GranteeServicePrincipal in (None, grant.terms.grantee_service)
        ]

        def shown(grant: Grant) -> dict[str, Any]:
            return grant.described(key.arn)

        return self.page("Grants", found, _id, shown, Limit, Marker, "short-page-size")

    def list_retirable_grants(
        self,
        RetiringPrincipal: str | None = None,
        Limit: int | None = None,
        Marker: str | None = None,
        RetiringServicePrincipal: str | None = None,
    ) -> dict[str, Any]:
        if (RetiringPrincipal is None) == (RetiringServicePrincipal is None):
            raise refusals.invalid("Specify either a RetiringPrincipal or a RetiringServicePrincipal.")
        found = [
            (key, grant)
            for key in self.keys
            for grant in key.grants.values()
            if (RetiringPrincipal is not None and grant.terms.retiring == RetiringPrincipal)
            or (RetiringServicePrincipal is not None and grant.terms.retiring_service == RetiringServicePrincipal)
        ]

        def shown(pair: tuple[Key, Grant]) -> dict[str, Any]:
            return pair[1].described(pair[0].arn)

        return self.page("Grants", found, lambda pair: pair[1].id, shown, Limit, Marker, "short-page-size")

    def retire_grant(
        self,
        GrantToken: str | None = None,
        KeyId: str | None = None,
        GrantId: str | None = None,
        DryRun: bool | None = None,
    ) -> None:
        if GrantToken is None and (KeyId is None or GrantId is None):
            raise refusals.invalid("Specify either a GrantToken, or a KeyId and a GrantId.")
        if KeyId is not None and not KeyId.startswith("arn:"):
            raise AWSError("InvalidArnException", f"Invalid arn {KeyId}")
        if GrantToken is not None:
            arn, id = _read(GrantToken)
        else:
            arn, id = KeyId or "", GrantId or ""
        key = self.key_named(arn)
        grant = self._grant(key, id)
        self.dry_run(DryRun)
        key.ungrant(grant)
        self.limits.used("grants", len(key.grants), key.arn)

    def revoke_grant(self, KeyId: str, GrantId: str, DryRun: bool | None = None) -> None:
        key = self.key_named(KeyId)
        grant = self._grant(key, GrantId)
        self.dry_run(DryRun)
        key.ungrant(grant)
        self.limits.used("grants", len(key.grants), key.arn)

    @staticmethod
    def _grant(key: Key, id: str) -> Grant:
        grant: Grant | None = key.grants.get(id)
        if grant is None:
            raise refusals.not_found(f"Grant ID {id} not found")
        return grant

    # --- for authorization

    def key_of_grant(self, params: Mapping[str, Any]) -> Key | None:
        token = params.get("GrantToken")
        if token is None:
            return None
        try:
            return self.find(_read(token)[0])
        except AWSError:
            return None

    def grant_meant(self) -> Grant | None:
        params = self.request.params
        if "GrantToken" in params:
            try:
                arn, id = _read(params["GrantToken"])
            except AWSError:
                return None
        else:
            arn, id = params.get("KeyId", ""), params.get("GrantId", "")
        key = self.find(arn)
        found: Grant | None = None if key is None else key.grants.get(id)
        return found


def _id(grant: Grant) -> str:
    return grant.id


def _token(arn: str, grant: str, number: int) -> str:
    return urlsafe_b64encode(json.dumps([arn, grant, number]).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[str, str]:
    """(ARN of the key, id of the grant) of a grant token."""
    try:
        arn, grant, _ = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError):
        raise AWSError("InvalidGrantTokenException", "The grant token is not valid.") from None
    return arn, grant
