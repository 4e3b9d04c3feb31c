"""Whether a request is allowed, and if not by which policy: AWS's evaluation order.

IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic". First any Deny that applies. Then
service control policies, resource policy, identity policies, permissions boundary, session policies. In one account an
allow of the resource policy or of the identity policies is enough (but keys and roles need that of their own policy);
across accounts both have to allow. Resource control policies only deny.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from awsim.auth.policy.document import Policy, Statement
from awsim.auth.policy.matching import SERVICE_LINKED, Named, Principal


class Reason(StrEnum):
    """What decided."""

    ENDPOINT = "endpoint"
    RCP = "rcp"
    SCP = "scp"
    RESOURCE = "resource"
    TRUST = "trust"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    ROOT = "root"  # the root user, whom no policy of its account narrows
    GRANT = "grant"  # something else that lets in on the resource's side: an ACL, a KMS grant


class AuthorizationRequest(NamedTuple):
    """One action on one resource. `resource` is an ARN, "*" where the action has none.

    `resource_account` is the account that owns it, None for the caller's own. `context` maps lower-case condition keys
    to strings and tuples of strings (see `context.build`).
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, Any]
    resource_account: str | None = None
    same_organization: bool = False


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every policy that is about a request.

    `session` is None without session policies. `scps` and `rcps` are levels, from the root of the organization down to
    the account: each level of SCPs must allow. `management` and `resource_management` say that the caller's and the
    resource's account is the organization's management account, which these do not bind. `mandatory`: the resource
    policy must let in, whatever identity policies say (KMS keys; trust policies always are). `granted`: an ACL or a
    grant lets the caller in.
    """

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None
    resource: Sequence[Policy] = ()
    scps: Sequence[Sequence[Policy]] = ()
    rcps: Sequence[Sequence[Policy]] = ()
    endpoint: Policy | None = None
    mandatory: bool = False
    granted: bool = False
    management: bool = False
    resource_management: bool = False


class Match(NamedTuple):
    """The statement that decided, and its policy."""

    policy: Policy
    statement: Statement


class Decision(NamedTuple):
    """`explicit`: a Deny (or an Allow) said so, `by` is where. Otherwise nothing of kind `reason` allowed it."""

    allowed: bool
    reason: Reason
    explicit: bool
    by: Match | None
    request: AuthorizationRequest


# The root user of a bucket's account can always repair its policy (S3 User Guide, "Bucket policies").
_REPAIRS = frozenset(("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"))

# What RCPs say nothing about, besides actions without a resource and service-linked roles (Organizations User Guide,
# "Resources and entities not restricted by RCPs").
_NO_RCP = frozenset(("kms:RetireGrant",))


def decide(request: AuthorizationRequest, policies: PolicySet) -> Decision:
    """Is `request` allowed by `policies`?"""
    principal, action = request.principal, request.action
    resource, context = request.resource, request.context
    kind = principal.type
    owner = request.resource_account
    same_account = owner is None or owner == principal.account
    person = principal.service is None and kind not in ("anonymous", "federated")
    repairs = kind == "root" and same_account and action in _REPAIRS

    endpoint = policies.endpoint
    bound = person and not principal.service_linked
    scps = policies.scps if bound and not policies.management else ()
    governed = resource != "*" and action not in _NO_RCP and SERVICE_LINKED not in resource
    rcps = policies.rcps if governed and not principal.service_linked and not policies.resource_management else ()
    identity = policies.identity if person and kind != "root" else ()
    boundary = policies.boundary if person and kind != "root" else None
    session = policies.session if person else None

    # An explicit deny anywhere.
    found: Match | None
    if endpoint is not None and (found := _denied_to((endpoint,), request)):
        return Decision(False, Reason.ENDPOINT, True, found, request)
    for level in rcps:
        if found := _denied_to(level, request):
            return Decision(False, Reason.RCP, True, found, request)
    for level in scps:
        if found := _denied(level, action, resource, context):
            return Decision(False, Reason.SCP, True, found, request)
    trust = False
    for policy in policies.resource:
        trust = trust or policy.kind == "trust"
    if policies.resource and not repairs and (found := _denied_to(policies.resource, request)):
        return Decision(False, Reason.TRUST if trust else Reason.RESOURCE, True, found, request)
    if identity and (found := _denied(identity, action, resource, context)):
        return Decision(False, Reason.IDENTITY, True, found, request)
    if boundary is not None and (found := _denied((boundary,), action, resource, context)):
        return Decision(False, Reason.BOUNDARY, True, found, request)
    if session and (found := _denied(session, action, resource, context)):
        return Decision(False, Reason.SESSION, True, found, request)

    # Guardrails.
    if endpoint is not None and not _allowed_to((endpoint,), request)[0]:
        return Decision(False, Reason.ENDPOINT, False, None, request)
    for level in scps:
        if not _allowed(level, action, resource, context):
            return Decision(False, Reason.SCP, False, None, request)

    # The resource's side.
    named, let_in = _allowed_to(policies.resource, request) if policies.resource else (Named.NOT, None)
    by_resource = Reason.TRUST if trust else Reason.RESOURCE
    if policies.granted and named < Named.DIRECTLY:
        named, let_in, by_resource = Named.DIRECTLY, None, Reason.GRANT
    if not person:
        # Services, anonymous callers and those whom a provider vouches for have no policies of their own.
        return Decision(named is not Named.NOT, by_resource, let_in is not None, let_in, request)
    if same_account and named is Named.DIRECTLY:
        return Decision(True, by_resource, let_in is not None, let_in, request)
    needed = not same_account or trust or policies.mandatory
    if needed and named is Named.NOT and not repairs:
        return Decision(False, by_resource, False, None, request)

    # The caller's side. A role that the resource policy names needs no identity policy, but its limits hold.
    own: Match | None = None
    reason = Reason.IDENTITY
    if same_account and named is Named.ROLE:
        own, reason = let_in, by_resource
    elif kind == "root":
        reason = Reason.ROOT
    else:
        own = _allowed(identity, action, resource, context)
        if own is None:
            return Decision(False, Reason.IDENTITY, False, None, request)
    if boundary is not None and not _allowed((boundary,), action, resource, context):
        return Decision(False, Reason.BOUNDARY, False, None, request)
    if session is None:
        # A federated user has what its session policies leave of the user's permissions: without any, nothing.
        if kind == "federated-user":
            return Decision(False, Reason.SESSION, False, None, request)
    elif not _allowed(session, action, resource, context):
        return Decision(False, Reason.SESSION, False, None, request)
    return Decision(True, reason, own is not None, own, request)


def _denied(policies: Sequence[Policy], action: str, resource: str, context: Mapping[str, Any]) -> Match | None:
    for policy in policies:
        for statement in policy.about(action)[1]:
            if statement.applies(resource, context):
                return Match(policy, statement)
    return None


def _allowed(policies: Sequence[Policy], action: str, resource: str, context: Mapping[str, Any]) -> Match | None:
    for policy in policies:
        for statement in policy.about(action)[0]:
            if statement.applies(resource, context):
                return Match(policy, statement)
    return None


def _denied_to(policies: Sequence[Policy], request: AuthorizationRequest) -> Match | None:
    principal = request.principal
    for policy in policies:
        for statement in policy.about(request.action)[1]:
            principals = statement.principals
            if (principals is None or principals.apply_to(principal, False)) and statement.applies(
                request.resource, request.context
            ):
                return Match(policy, statement)
    return None


def _allowed_to(policies: Sequence[Policy], request: AuthorizationRequest) -> tuple[Named, Match | None]:
    """How the caller is let in at best, and where. A policy without principals (of an endpoint) is for everyone."""
    principal = request.principal
    best, by = Named.NOT, None
    for policy in policies:
        for statement in policy.about(request.action)[0]:
            principals = statement.principals
            named = Named.DIRECTLY if principals is None else principals.apply_to(principal, True)
            if named > best and statement.applies(request.resource, request.context):
                best, by = named, Match(policy, statement)
                if named is Named.DIRECTLY:
                    return best, by
    return best, by


_POLICY_NAMES = {
    Reason.ENDPOINT: ("a VPC endpoint policy", "VPC endpoint policy"),
    Reason.RCP: ("a resource control policy", "resource control policy"),
    Reason.SCP: ("a service control policy", "service control policy"),
    Reason.RESOURCE: ("a resource-based policy", "resource-based policy"),
    Reason.GRANT: ("a resource-based policy", "resource-based policy"),
    Reason.TRUST: ("the role trust policy", "role trust policy"),
    Reason.IDENTITY: ("an identity-based policy", "identity-based policy"),
    Reason.ROOT: ("an identity-based policy", "identity-based policy"),
    Reason.BOUNDARY: ("a permissions boundary", "permissions boundary"),
    Reason.SESSION: ("a session policy", "session policy"),
}
# Policies that have an ARN, which AWS shows since January 2026 to callers of the same account or organization.
_SHOWN = frozenset((Reason.RCP, Reason.SCP, Reason.IDENTITY, Reason.BOUNDARY, Reason.SESSION))


def denied_message(decision: Decision, *, why: bool = True, quoted: bool = False, action: str = "") -> str:
    """What AWS says to the caller. (IAM User Guide, "Troubleshoot access denied error messages".)

    `why=False` leaves out which policy denied, as services do that know only the older form (STS's AssumeRole).
    `quoted` puts the resource in quotation marks, as S3 does; `action` is the service's own spelling of it.
    """
    request = decision.request
    principal, resource = request.principal, request.resource
    action = action or request.action
    message = f"User: {principal.arn} is not authorized to perform: {action}"
    if resource != "*" and not resource.endswith(":::*"):  # all that a service has is not named
        message += f' on resource: "{resource}"' if quoted else f" on resource: {resource}"
    if not why:
        return message
    one, kind = _POLICY_NAMES[decision.reason]
    if not decision.explicit:
        return f"{message} because no {kind} allows the {action} action"
    message += f" with an explicit deny in {one}"
    arn = decision.by.policy.arn if decision.by else None
    owner = request.resource_account
    if arn and decision.reason in _SHOWN and (owner in (None, principal.account) or request.same_organization):
        message += f": {arn}"
    return message


def explanation(decision: Decision) -> dict[str, Any]:
    """What STS's DecodeAuthorizationMessage makes of the message of a refusal, before it becomes JSON.

    (STS API Reference: whether it is an explicit deny, who, what, on which resource, and the condition keys.)
    """
    request, by = decision.request, decision.by
    matched = []
    if by is not None:
        matched.append(
            {
                "statementId": by.statement.sid,
                "effect": "ALLOW" if by.statement.allow else "DENY",
                "sourcePolicyId": by.policy.arn or by.policy.name or by.policy.id or "",
            }
        )
    principal = request.principal
    conditions = [
        {"key": key, "values": {"items": [{"value": each} for each in ([value] if isinstance(value, str) else value)]}}
        for key, value in sorted(request.context.items())
        if value is not None
    ]
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.explicit and not decision.allowed,
        "matchedStatements": {"items": matched},
        "failures": {"items": []},
        "context": {
            "principal": {"id": principal.user_id, "arn": principal.arn},
            "action": request.action,
            "resource": request.resource,
            "conditions": {"items": conditions},
        },
    }
