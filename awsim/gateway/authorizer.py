"""`Authorizer`: policies decide. Every call under `authorization=True`; otherwise what other accounts and nobody ask.

Identity policies come from IAM's state, resource policies from the service that owns the resource
(`Service.resource_policy`), session policies from the caller's session. Keys that nobody issued stand for the
administrator of their account, who may do whatever a resource's policy does not forbid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from awsim.auth.actions import authorizations_for, prefix_of
from awsim.auth.credentials import Caller
from awsim.auth.policy import (
    EVERYTHING,
    AuthorizationRequest,
    Decision,
    Facts,
    Policy,
    PolicySet,
    Principal,
    build,
    decide,
    decide_for_stranger,
    denied_message,
    parse,
    refusal,
)
from awsim.auth.refusals import Refused
from awsim.errors import AWSError
from awsim.gateway.guardrails import rcps_for, request_tags, scps_for
from awsim.service import ResourceSide

if TYPE_CHECKING:
    from awsim.cloud import Cloud
    from awsim.gateway.call import Call
    from awsim.service import Service

_ADMINISTRATOR = ":user/awsim"
_ASSUMED_ROOT = ":assumed-root"
# Actions on a role that its trust policy has to allow.
_ON_TRUST = frozenset(
    f"sts:{name}"
    for name in (
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "SetContext",
        "SetSourceIdentity",
        "TagSession",
    )
)
_USER_OR_ROLE = re.compile(r"arn:[^:]+:iam::(\d{12}):(user|role)/(?:.+/)?([^/]+)")
# Identity policies, boundary and tags of a caller's user or role.
_Identity = tuple[Sequence[Policy], Policy | None, dict[str, str]]


class Authorizer:
    """The authorize stage of a Cloud with `authorization=True`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, call: Call) -> None:
        caller = call.caller
        if call.plan.model is not None and call.plan.model.auth_type == "none":
            return
        if call.service == "iam" and caller.session is not None and not _may_call_iam(caller):
            raise Refused("token").worded("iam", "query")
        if call.operation in call.plan.cls.itemised:
            return
        partition = call.instance.partition
        needed = authorizations_for(
            call.service,
            call.operation,
            call.params,
            call.account,
            call.region or "",
            partition,
            caller=caller.arn,
            lookup=call.instance.resource_arn,
        )
        if not needed:
            return
        asks = self._identity(call)
        for action, resource, keys in needed:
            decision = self._decision(call, asks, action, resource, keys)
            if decision is not None and not decision.allowed:
                raise denial(call, decision)

    def decision(
        self, call: Call, action: str, resource: str, keys: Mapping[str, Any] | None = None
    ) -> Decision | None:
        """What policies say of one action on one resource; None: they have no say in it."""
        return self._decision(call, self._identity(call), action, resource, keys)

    def by_identity(self, call: Call, action: str, resource: str, keys: Mapping[str, Any] | None = None) -> bool:
        """Whether the caller's own policies let it, whatever a resource's policy says."""
        alone = ResourceSide(call.caller.account)
        decision = self._decision(call, self._identity(call), action, resource, keys, alone)
        return decision is not None and decision.allowed

    def _decision(
        self,
        call: Call,
        asks: _Identity,
        action: str,
        resource: str,
        keys: Mapping[str, Any] | None,
        side: ResourceSide | None = None,
    ) -> Decision | None:
        who = Principal.of(call.caller)
        identity, boundary, tags = asks
        side = side or self._resource_side(call, action, resource)
        rcps = rcps_for(call, action, side.account or call.account)
        if who.service is not None and not (side.policies or side.mandatory or side.closed):
            # What AWS's services do among themselves needs a policy only where the resource can have one.
            if not rcps:
                return None
            side = side._replace(granted=True)
        known = facts(call, side.account, resource, tags)
        here, there = known.organization, known.resource_organization
        same = here is not None and there is not None and here[0] == there[0]
        request = AuthorizationRequest(who, action, resource, build(who, known, keys), side.account, same)
        policies = PolicySet(
            identity=identity,
            boundary=boundary,
            session=self._session(call),
            resource=side.policies,
            scps=scps_for(call),
            rcps=rcps,
            mandatory=side.mandatory,
            granted=side.granted,
        )
        return decide(request, policies)

    def federated(
        self, call: Call, actions: Sequence[str], role: str, provider: str, keys: Mapping[str, Any]
    ) -> Decision | None:
        """What a role's trust policy says to somebody whom an identity provider vouches for: the first refusal.

        `provider` is an ARN of IAM or the host name of a public one; `keys` are what it says of them.
        """
        who = Principal(provider, "", "federated", federated=(provider,))
        for action in actions:
            side = self._resource_side(call, action, role)
            request = AuthorizationRequest(who, action, role, build(who, facts(call, side.account, role), keys))
            rcps = rcps_for(call, action, side.account or call.account)
            decision = decide(request, PolicySet(resource=side.policies, rcps=rcps, mandatory=True))
            if not decision.allowed:
                return decision
        return None

    def check_trust(self, service: Service, role: str, source_arn: str | None) -> None:
        """Refuse a service a role that does not trust it (to assume it is the first thing that it does with one)."""
        account = role.split(":")[4]
        record = self._iam_record(account, service.region, "role", role)
        known = record is not None and record.arn == role
        trust = (self._iam(account, service.region).trust_of(record),) if known else ()
        who = Principal.of(Caller.for_service(f"{prefix_of(service.name)}.amazonaws.com", service.account))
        facts = Facts(
            time=self._cloud.clock.time(),
            region=service.region,
            resource_account=account,
            source_arn=source_arn,
            source_account=service.account,
            source_organization=self._cloud.organization_of(service.account, service.partition),
        )
        context = build(who, facts, service.trust_keys(role))
        request = AuthorizationRequest(who, "sts:AssumeRole", role, context, account)
        decision = decide(request, PolicySet(resource=trust, mandatory=True))
        if not decision.allowed:
            raise AWSError("AccessDenied", denied_message(decision, why=False), status=403)

    def _resource_side(self, call: Call, action: str, resource: str) -> ResourceSide:
        if action in _ON_TRUST and ":role/" in resource:
            account = resource.split(":")[4]
            role = self._iam_record(account, call.region, "role", resource)
            known = role is not None and role.arn == resource
            trust = (self._iam(account, call.region).trust_of(role),) if known else ()
            return ResourceSide(account, trust, mandatory=True)
        if action == "sts:AssumeRoot":
            # No policy stands before a member of an organization: STS knows whom its management lets in.
            return ResourceSide(resource.split(":")[4], granted=True)
        return _owner(call, resource).resource_side(action, resource)

    def _identity(self, call: Call) -> _Identity:
        """Identity policies, boundary and tags of the caller's user or role; of the user who asked for a federated
        user's session."""
        caller = call.caller
        kind, arn = caller.type, caller.arn
        if kind == "federated-user" and caller.session is not None and caller.session.parent is not None:
            arn = caller.session.parent
            kind = "root" if arn.endswith(":root") else "user"
            if kind == "root":
                return (EVERYTHING,), None, {}
        if kind not in ("user", "assumed-role"):
            return (), None, {}
        if arn.endswith(_ADMINISTRATOR):
            return (EVERYTHING,) if kind == "user" else (), None, {}
        record = self._iam_record(caller.account, call.region, "user" if kind == "user" else "role", arn)
        if record is None:
            return (), None, {}
        if kind == "assumed-role" and caller.session is not None and not caller.user_id.startswith(record.id):
            return (), None, {}  # the role of this session is gone; another has its name
        return self._iam(caller.account, call.region).permissions_of(record)

    def _session(self, call: Call) -> Sequence[Policy] | None:
        caller = call.caller
        session = caller.session
        if session is None or not (session.policy or session.policy_arns):
            return None
        found = [parse(session.policy, "session")] if session.policy else []
        if caller.arn.endswith(_ASSUMED_ROOT):
            found.append(EVERYTHING)  # a task's policy only denies
        if session.policy_arns:
            iam = self._iam(caller.account, call.region)
            found += (parse(iam.document_of(arn), "managed").named(arn=arn) for arn in session.policy_arns)
        return found

    def _iam(self, account: str, region: str | None) -> Any:
        return self._cloud.service("iam", account, region or self._cloud.region)

    def _iam_record(self, account: str, region: str | None, kind: str, arn: str) -> Any:
        """The user or role of an ARN (a session's too), None if IAM has none."""
        if not self._cloud.has_service("iam", account, region or self._cloud.region):
            return None
        resource = arn.split(":", 5)[5]
        name = resource.split("/")[1] if resource.startswith("assumed-role/") else resource.rpartition("/")[2]
        try:
            return getattr(self._iam(account, region), kind)(name)
        except AWSError:
            return None


def _may_call_iam(caller: Caller) -> bool:
    """Not with a session of a user without MFA, nor of a federated user (STS API Reference, GetSessionToken and
    GetFederationToken)."""
    session = caller.session
    return caller.type not in ("user", "root", "federated-user") or (
        session is not None and (session.role_arn is not None or session.mfa or caller.arn.endswith(_ASSUMED_ROOT))
    )


def is_known(cloud: Cloud, arn: str, account: str) -> bool:
    """Whether the user or role of a policy's principal exists; `account` is the one that sets the policy.

    What another account holds that this Cloud never saw anything of, nobody can tell: it is taken to be there.
    """
    found = _USER_OR_ROLE.fullmatch(arn)
    if found is None:
        return True
    owner, kind, name = found.groups()
    if (kind, name) == ("user", "awsim"):
        return True  # the administrator, who is there without having been made
    if not cloud.has_service("iam", owner, cloud.region):
        return owner != account
    iam: Any = cloud.service("iam", owner, cloud.region)
    if owner != account and not iam.users and not iam.roles:
        return True
    record = (iam.users if kind == "user" else iam.roles).get(name.lower())
    return record is not None and record.arn == arn


def _owner(call: Call, resource: str) -> Service:
    """The service that knows a resource: the one that is called, or IAM for a role that it is handed."""
    service = call.instance
    if service.name != "iam" and resource.startswith(f"arn:{service.partition}:iam::"):
        account, region = resource.split(":", 5)[4], call.region or call.cloud.region
        if call.cloud.has_service("iam", account, region):
            return call.cloud.service("iam", account, region)
    return service


def _via(call: Call) -> tuple[str, ...]:
    """The services through which a call came, where they go by the rights of who called the first of them."""
    outer = call.outer
    if outer is None or call.http is not None or call.caller.service is not None:
        return ()
    # A role that a service assumes, or a principal of its own, is another caller.
    if outer.caller is not call.caller or outer.instance is None:
        return ()
    return (*_via(outer), f"{prefix_of(outer.service)}.amazonaws.com")


def facts(call: Call, owner: str | None, resource: str, tags: dict[str, str] | None = None) -> Facts:
    """What condition keys can look at."""
    http = call.http
    service = call.instance
    # A bucket's ARN names no account: S3 acts in that of its owner.
    source = (call.source_arn.split(":")[4] or call.caller.account) if call.source_arn else None
    organization_of, partition = call.cloud.organization_of, service.partition
    return Facts(
        time=call.cloud.clock.time(),
        region=call.region,
        secure=http is None or http.url.startswith("https:"),
        user_agent=http.headers.get("user-agent") if http is not None else None,
        referer=http.headers.get("referer") if http is not None else None,
        session=call.caller.session,
        mfa=service.name == "sts" and "TokenCode" in call.params,
        principal_tags=tags,
        via=_via(call),
        organization=organization_of(call.caller.account, partition),
        resource_account=owner,
        resource_organization=organization_of(owner or call.account, partition),
        resource_tags=lambda: _owner(call, resource).tags_of(resource),
        request_tags=request_tags(call.params),
        tag_keys=call.params.get("TagKeys") or call.params.get("tagKeys"),
        more=lambda key: _owner(call, resource).condition_value(key, resource),
        source_arn=call.source_arn,
        source_account=source,
        source_organization=organization_of(source, partition),
        root_session=call.caller.arn.endswith(_ASSUMED_ROOT),
    )


def admits(
    call: Call, action: str, resource: str, side: ResourceSide, keys: Mapping[str, Any] | None = None
) -> Decision:
    """What a resource's own policy says to a caller who may do everything as far as its own account is concerned."""
    known = facts(call, side.account, resource)
    return decide_for_stranger(call.caller, action, resource, side.policies, known, keys, granted=side.granted)


def judged(call: Call, action: str, resource: str, keys: Mapping[str, Any] | None = None) -> Decision | None:
    """Whether the caller may do a further thing than the operation is named for; None where nobody has a say.

    Without `authorization` that is what the resource's side says.
    """
    policies = call.cloud.authorization
    if policies is not None:
        return policies.decision(call, action, resource, keys)
    return admits(call, action, resource, call.instance.resource_side(action, resource), keys)


def check_strangers(call: Call, side: ResourceSide, about: Callable[[str], bool]) -> None:
    """Refuse another account, or nobody, what a resource's policy does not let them do. Without `authorization`.

    `about` says which ARNs are of the resource whose side this is.
    """
    account, partition = side.account or call.account, call.instance.partition
    asked = False
    for action, resource, keys in authorizations_for(
        call.service,
        call.operation,
        call.params,
        account,
        call.region or "",
        partition,
        lookup=call.instance.resource_arn,
    ):
        if not about(resource):
            continue
        asked = True
        decision = admits(call, action, resource, side, dict(keys))
        if not decision.allowed:
            raise denial(call, decision)
    if not asked:
        # What no permission is known for, no policy can have granted.
        raise denial(call, admits(call, f"{call.service}:{call.operation}", "*", ResourceSide(side.account)))


def denial(call: Call, decision: Decision) -> AWSError:
    """The service's own words."""
    protocol = call.codec.protocol if call.codec is not None else ""
    return refusal(call.service, protocol, decision)
