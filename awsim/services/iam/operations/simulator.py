"""The policy simulator, and the condition keys that policies ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.auth.credentials import principal as principal_of
from awsim.auth.policy import Policy, Principal, parse
from awsim.services.iam import policies
from awsim.services.iam.exclusions import Exclusions
from awsim.services.iam.operations.reports import ReportOperations
from awsim.services.iam.records import Identity, Role, User
from awsim.services.iam.refusals import invalid, malformed
from awsim.services.iam.simulator import Simulation, Source

Entries = Sequence[Mapping[str, Any]]


class SimulatorOperations(ReportOperations):
    def simulate_custom_policy(
        self,
        PolicyInputList: Sequence[str],
        ActionNames: Sequence[str],
        PermissionsBoundaryPolicyInputList: Sequence[str] = (),
        OrderedOrganizationPolicyInputList: Entries = (),
        ResourceArns: Sequence[str] = (),
        ResourcePolicy: str | None = None,
        ResourceOwner: str | None = None,
        CallerArn: str | None = None,
        ContextEntries: Entries = (),
        ResourceHandlingOption: str | None = None,
        MaxItems: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        """`ResourceHandlingOption` only says which resources an EC2 scenario needs: all that are given are tried."""
        scps = [
            [self._read(text, "scp") for text in level.get("ServiceControlPolicyInputList", ())]
            for level in OrderedOrganizationPolicyInputList
        ]
        if ResourcePolicy is not None and CallerArn is None:
            raise invalid("CallerArn is required when ResourcePolicy is given.")
        who = self._caller(CallerArn, None)
        simulation = Simulation(
            self._inputs("PolicyInputList", PolicyInputList),
            who,
            self._context(who, ContextEntries),
            boundary=self._boundary(PermissionsBoundaryPolicyInputList),
            resource=self._resource_policy(ResourcePolicy),
            owner=_account(ResourceOwner),
            scps=scps,
        )
        return self._simulated(simulation, ActionNames, ResourceArns, Marker, MaxItems)

    def simulate_principal_policy(
        self,
        PolicySourceArn: str,
        ActionNames: Sequence[str],
        PolicyInputList: Sequence[str] = (),
        PermissionsBoundaryPolicyInputList: Sequence[str] = (),
        PolicyExclusionList: Entries = (),
        ResourceArns: Sequence[str] = (),
        ResourcePolicy: str | None = None,
        ResourceOwner: str | None = None,
        CallerArn: str | None = None,
        ContextEntries: Entries = (),
        ResourceHandlingOption: str | None = None,
        MaxItems: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        identity = self.identity_at(PolicySourceArn)
        if ResourcePolicy is not None and CallerArn is None and not isinstance(identity, User):
            raise invalid("CallerArn is required when ResourcePolicy is given.")
        who = self._caller(CallerArn, identity)
        without = Exclusions(PolicyExclusionList)
        boundary = self._boundary(PermissionsBoundaryPolicyInputList)
        if not boundary and identity.boundary is not None and not without.boundary:
            name = policies.read_arn(identity.boundary).name
            boundary = [Source(self._read(self.document_of(identity.boundary), "identity"), name)]
        simulation = Simulation(
            [*self._sources(identity, without), *self._inputs("PolicyInputList", PolicyInputList)],
            who,
            self._context(who, ContextEntries),
            boundary=boundary,
            resource=self._resource_policy(ResourcePolicy),
            owner=_account(ResourceOwner),
            scps=() if without.scps else self._scps(),
        )
        return self._simulated(simulation, ActionNames, ResourceArns, Marker, MaxItems)

    def get_context_keys_for_custom_policy(self, PolicyInputList: Sequence[str]) -> dict[str, Any]:
        return {"ContextKeyNames": _keys(self._read(text, "identity") for text in PolicyInputList)}

    def get_context_keys_for_principal_policy(
        self, PolicySourceArn: str, PolicyInputList: Sequence[str] = ()
    ) -> dict[str, Any]:
        own = [source.policy for source in self._sources(self.identity_at(PolicySourceArn))]
        return {"ContextKeyNames": _keys([*own, *(self._read(text, "identity") for text in PolicyInputList)])}

    # --- what is given

    def _read(self, text: str, kind: str) -> Policy:
        try:
            policies.check(text, kind)
        except Exception as error:
            raise invalid(str(getattr(error, "message", error))) from None
        return parse(text, kind)

    def _inputs(self, member: str, texts: Sequence[str]) -> list[Source]:
        return [Source(self._read(text, "identity"), f"{member}.{n}") for n, text in enumerate(texts, 1)]

    def _boundary(self, texts: Sequence[str]) -> list[Source]:
        if len(texts) > 1:
            raise invalid("Only one permissions boundary can be given.")
        return self._inputs("PermissionsBoundaryPolicyInputList", texts)

    def _resource_policy(self, text: str | None) -> list[Source]:
        return [] if text is None else [Source(self._read(text, "resource"), "ResourcePolicy", "Resource Policy")]

    def _sources(self, identity: Identity, without: Exclusions | None = None) -> list[Source]:
        """The policies of an identity, under the names that results have for them."""
        found = []
        for each in self.granting(identity):
            if without is not None and without.leaves_out(each):
                continue
            kind, name = each.entity
            id = each.name if each.arn is not None else f"{kind.lower()}_{name}_{each.name}"
            found.append(Source(self._read(each.document, "identity"), id))
        return found

    def _scps(self) -> Sequence[Sequence[Policy]]:
        """Those that bind the account, from the root of its organization down."""
        organizations = self.cloud.organizations(self.partition)
        return () if organizations is None else organizations.policies_above(self.account, "SERVICE_CONTROL_POLICY")

    def _caller(self, arn: str | None, identity: Identity | None) -> Principal:
        if arn is not None:
            parts = arn.split(":")
            if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("user/"):
                raise invalid(f"Invalid Caller Arn: {arn}")
            known = self.users.get(arn.rpartition("/")[2].lower())
            if known is not None and known.arn == arn:
                return Principal(arn, self.account, "user", user_id=known.id)
            return Principal.of(principal_of(arn, self.account))
        if isinstance(identity, Role):
            session = f"arn:{self.partition}:sts::{self.account}:assumed-role/{identity.name}/simulated"
            user_id = f"{identity.id}:simulated"
            return Principal(session, self.account, "assumed-role", user_id=user_id, role_arn=identity.arn)
        if isinstance(identity, User):
            return Principal(identity.arn, self.account, "user", user_id=identity.id)
        return Principal(self.arn("user/simulated"), self.account, "user")

    def _context(self, who: Principal, entries: Entries) -> dict[str, Any]:
        now = self.now()
        context: dict[str, Any] = {
            "aws:currenttime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(now),
        }
        if who.user_id:
            context["aws:userid"] = who.user_id
            context["aws:principalarn"] = who.role_arn or who.arn
            context["aws:principalaccount"] = who.account
            context["aws:principaltype"] = "AssumedRole" if who.role_arn else "User"
            if not who.role_arn:
                context["aws:username"] = who.arn.rpartition("/")[2]
        for entry in entries:
            name = entry.get("ContextKeyName", "")
            values, kind = entry.get("ContextKeyValues", ()), entry.get("ContextKeyType", "string")
            if not kind.endswith("List") and len(values) != 1:
                raise invalid(f"Context key {name} of type {kind} must have one value.")
            context[name.lower()] = tuple(values) if kind.endswith("List") else values[0]
        return context

    def _simulated(
        self,
        simulation: Simulation,
        actions: Sequence[str],
        resources: Sequence[str],
        marker: str | None,
        size: int | None,
    ) -> dict[str, Any]:
        for action in actions:
            prefix, colon, name = action.partition(":")
            if not (prefix and colon and name):
                raise malformed(f"Invalid Action Name: {action}")
        wanted = [(action, resource) for action in actions for resource in resources or ("*",)]
        pairs = [(f"{number:09d}", each) for number, each in enumerate(wanted)]
        return self.page("EvaluationResults", pairs, lambda each: simulation.decide(*each), marker, size)


def _keys(found: Iterable[Policy]) -> list[str]:
    return list(dict.fromkeys(key for policy in found for key in policy.context_keys))


def _account(owner: str | None) -> str | None:
    """The account of a ResourceOwner, an ARN."""
    if owner is None:
        return None
    parts = owner.split(":")
    if len(parts) < 6 or not parts[4].isdecimal():
        raise invalid(f"Invalid Resource Owner: {owner}")
    return parts[4]
