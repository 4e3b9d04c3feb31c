"""userIdentity: who made a call, in all its types.

Source: CloudTrail User Guide, "CloudTrail userIdentity element".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from awsim.auth.credentials import Caller, named_id

if TYPE_CHECKING:
    from awsim.calls import CallRecord

_KINDS = {"root": "Root", "assumed-role": "AssumedRole", "federated-user": "FederatedUser"}
_FEDERATIONS = {"AssumeRoleWithWebIdentity": "WebIdentityUser", "AssumeRoleWithSAML": "SAMLUser"}


def user_identity(record: CallRecord, account: str, invoked_by: str | None = None) -> dict[str, Any]:
    """The element as `account` sees it; `invoked_by` is the service that called on the caller's behalf."""
    caller = record.by
    if caller is None or caller.is_anonymous:
        federated = _federated(record)
        return federated or {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    if caller.service is not None:
        return {"type": "AWSService", "invokedBy": caller.service}
    if caller.account != account:
        # Another account's log tells no more of a caller than whose it is.
        return {"type": "AWSAccount", "principalId": caller.user_id, "accountId": caller.account}
    found = _own(caller, record.timestamp)
    if invoked_by is not None:
        found["invokedBy"] = invoked_by
    return found


def user_name(identity: dict[str, Any]) -> str | None:
    """Username, as LookupEvents shows it."""
    kind = identity["type"]
    if kind == "Root":
        return "root"
    if kind in ("AssumedRole", "FederatedUser"):
        return str(identity["arn"]).rpartition("/")[2]
    name = identity.get("userName")
    return None if name is None else str(name)


def _own(caller: Caller, when: float) -> dict[str, Any]:
    kind = _KINDS.get(caller.type, "IAMUser")
    found: dict[str, Any] = {
        "type": kind,
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
    }
    if caller.access_key:
        found["accessKeyId"] = caller.access_key
    if kind == "IAMUser":
        found["userName"] = caller.arn.rpartition("/")[2]
    session = caller.session
    if kind in ("AssumedRole", "FederatedUser") or session is not None:
        context: dict[str, Any] = {}
        issuer = _issuer(caller, kind)
        if issuer is not None:
            context["sessionIssuer"] = issuer
        if session is not None and session.federated is not None:
            attributes = dict(session.context or {})
            context["webIdFederationData"] = {"federatedProvider": session.federated, "attributes": attributes}
        issued = session.issued if session is not None else when
        context["attributes"] = {
            "creationDate": iso(issued),
            "mfaAuthenticated": str(session is not None and session.mfa).lower(),
        }
        if session is not None and session.source_identity is not None:
            context["sourceIdentity"] = session.source_identity
        found["sessionContext"] = context
    return found


def _issuer(caller: Caller, kind: str) -> dict[str, Any] | None:
    """Whom a session is of: a role, or the user or root who asked for a federated user's."""
    session = caller.session
    if kind == "AssumedRole":
        role, _, _ = caller.arn.partition("assumed-role/")[2].rpartition("/")
        partition = caller.arn.split(":")[1]
        arn = session.role_arn if session is not None else None
        return {
            "type": "Role",
            "principalId": caller.user_id.partition(":")[0],
            "arn": arn or f"arn:{partition}:iam::{caller.account}:role/{role}",
            "accountId": caller.account,
            "userName": role,
        }
    if kind == "FederatedUser":
        parent = (session.parent if session is not None else None) or ""
        if parent.endswith(":root") or not parent:
            return {"type": "Root", "principalId": caller.account, "arn": parent, "accountId": caller.account}
        resource = parent.split(":", 5)[5]
        return {
            "type": "IAMUser",
            "principalId": named_id("AIDA", caller.account, resource),
            "arn": parent,
            "accountId": caller.account,
            "userName": parent.rpartition("/")[2],
        }
    return None


def _federated(record: CallRecord) -> dict[str, Any] | None:
    """Somebody whom an identity provider vouches for, who has no credentials yet."""
    kind = _FEDERATIONS.get(record.operation) if record.service == "sts" else None
    if kind is None:
        return None
    result = record.result or {}
    subject = result.get("SubjectFromWebIdentityToken") or result.get("Subject") or ""
    provider = result.get("Provider") or result.get("Issuer") or record.parameters.get("PrincipalArn") or ""
    audience = result.get("Audience")
    principal = ":".join(part for part in (provider, audience if kind == "WebIdentityUser" else None, subject) if part)
    return {"type": kind, "principalId": principal, "userName": subject, "identityProvider": provider}


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
