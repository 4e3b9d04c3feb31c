"""What all operations of RAM share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from awsim.errors import AWSError
from awsim.limits.table import ServiceLimits
from awsim.service import Service
from awsim.services.ram.records import Invitation, Permission, Share
from awsim.state import Dict, Tags
from awsim.state.pages import listed, number
from awsim.state.tags import tag_map

_PRINCIPAL = "ram.amazonaws.com"
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"arn:aws[a-z-]*:organizations::\d{12}:organization/(o-[a-z0-9]{10,32})")
_UNIT = re.compile(r"arn:aws[a-z-]*:organizations::\d{12}:ou/(o-[a-z0-9]{10,32})/(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})")
_IDENTITY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(?:role|user)/.+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_SHARE = re.compile(r"arn:aws[a-z-]*:ram:[a-z0-9-]+:\d{12}:resource-share/.+")
_INVITATION = re.compile(r"arn:aws[a-z-]*:ram:[a-z0-9-]+:\d{12}:resource-share-invitation/.+")
_PERMISSION = re.compile(r"arn:aws[a-z-]*:ram:[a-z0-9-]*:(?:aws|\d{12}):permission/.+")

Method = TypeVar("Method", bound=Callable[..., Any])


class Whom(NamedTuple):
    """Who a principal of a share is: `account` for accounts and IAM identities, `unit` and `organization` else."""

    account: str | None = None
    organization: str | None = None
    unit: str | None = None


def once(operation: Method) -> Method:
    """Answer a repeated client token from memory, and give a token back where none came."""

    @wraps(operation)
    def answered(self: Common, **given: Any) -> dict[str, Any]:
        token = given.get("clientToken") or self.ids.uuid("client-token")
        key = ("ram", self.who, self.where, operation.__name__, token)
        asked = repr(sorted((name, value) for name, value in given.items() if name != "clientToken"))
        known = self.cloud.tokens.get(key)
        if known is not None and known[0] > self.clock.time():
            if known[1] != asked:
                raise self.error(
                    "IdempotentParameterMismatchException",
                    "The client token was used before with other parameters.",
                )
            return {**known[2], "clientToken": token}
        result = operation(self, **given)
        self.cloud.tokens[key] = (self.clock.time() + (self.bounds["client-token"] or 0), asked, result)
        return {**result, "clientToken": token}

    return answered  # type: ignore[return-value]


class Common(Service):
    """One for all accounts of a partition, since what one shares others see."""

    name = "ram"
    scope = "partition"
    validation_error = "InvalidParameterException"

    def setup(self) -> None:
        self.shares: dict[str, Share] = Dict()
        self.invitations: dict[str, Invitation] = Dict()
        self.permissions: dict[str, Permission] = Dict()
        self.trusting: dict[str, bool] = Dict()  # organizations that share among themselves
        self.counter = Dict(made=0)

    def next_number(self) -> int:
        self.counter["made"] += 1
        return int(self.counter["made"])

    @property
    def who(self) -> str:
        """The account that calls."""
        return self.request.account or self.account

    @property
    def where(self) -> str:
        """The Region of the call."""
        return self.request.region or self.region

    @property
    def bounds(self) -> ServiceLimits:
        """The limits of the account and Region of the call."""
        return self.cloud.limits.for_service(self.name, self.who, self.where)

    # --- organizations

    def organization_of(self, account: str) -> Mapping[str, Any] | None:
        """The organization that an account is in."""
        try:
            answer = self.call("organizations", "DescribeOrganization", as_=_PRINCIPAL, account_=account)
        except AWSError:
            return None
        found: dict[str, Any] = answer["Organization"]
        return found

    def units_of(self, account: str, management: str) -> set[str]:
        """The organizational units that an account is in, from its own up to the root."""
        found: set[str] = set()
        child = account
        while True:
            try:
                answer = self.call("organizations", "ListParents", as_=_PRINCIPAL, account_=management, ChildId=child)
            except AWSError:
                return found
            parent = answer["Parents"][0]
            if parent["Type"] == "ROOT":
                return found
            child = parent["Id"]
            found.add(child)

    def shares_within(self, owner: str) -> Mapping[str, Any] | None:
        """The organization of an account, where sharing within it is enabled."""
        organization = self.organization_of(owner)
        return organization if organization is not None and organization["Id"] in self.trusting else None

    # --- principals

    def whom(self, principal: str) -> Whom:
        """Who a principal is; raises for text that is none."""
        if _ACCOUNT.fullmatch(principal):
            return Whom(account=principal)
        if found := _IDENTITY.fullmatch(principal):
            return Whom(account=found[1])
        if found := _ORGANIZATION.fullmatch(principal):
            return Whom(organization=found[1])
        if found := _UNIT.fullmatch(principal):
            return Whom(organization=found[1], unit=found[2])
        if _SERVICE.fullmatch(principal):
            return Whom()
        raise self.error(
            "InvalidParameterException", f"Principal ID {principal} is malformed. Verify the ID and try again."
        )

    def takes_part(self, account: str, share: Share) -> bool:
        """Whether an account is among those that a share is shared with."""
        organization: Mapping[str, Any] | None = None
        units: set[str] | None = None
        for one in share.principals.values():
            if not one.holds:
                continue
            whom = self.whom(one.entity)
            if whom.account == account:
                return True
            if whom.organization is None:
                continue
            organization = organization or self.organization_of(account)
            if organization is None or organization["Id"] != whom.organization or account == share.owner:
                continue
            if whom.unit is None:
                return True
            units = self.units_of(account, organization["MasterAccountId"]) if units is None else units
            if whom.unit in units:
                return True
        return False

    # --- look-ups

    def share_at(self, arn: str) -> Share:
        """A share of the caller's; raises for those of others, which it cannot tell from none."""
        share = self.known_share(arn)
        if share.owner != self.who:
            raise self.unknown_share(arn)
        return share

    def known_share(self, arn: str) -> Share:
        if not _SHARE.fullmatch(arn):
            raise self.malformed(arn)
        share = self.shares.get(arn)
        if share is None or share.gone or share.region != self.where:
            raise self.unknown_share(arn)
        return share

    def unknown_share(self, arn: str) -> AWSError:
        return self.error("UnknownResourceException", f"ResourceShare {arn} could not be found.")

    def malformed(self, arn: str) -> AWSError:
        return self.error(
            "MalformedArnException", f"The specified resource ARN {arn} is not valid. Verify the ARN and try again."
        )

    def invitation_at(self, arn: str) -> Invitation:
        if not _INVITATION.fullmatch(arn):
            raise self.malformed(arn)
        found = self.invitations.get(arn)
        if found is None or found.receiver != self.who:
            raise self.error("ResourceShareInvitationArnNotFoundException", f"The invitation {arn} could not be found.")
        return found

    def permission_at(self, arn: str) -> Permission:
        """A permission of the caller's own."""
        if not _PERMISSION.fullmatch(arn):
            raise self.malformed(arn)
        found = self.permissions.get(arn)
        if found is None or found.owner != self.who:
            if ":aws:permission/" in arn:
                raise self.error(
                    "OperationNotPermittedException", "The operation is not permitted on AWS managed permissions."
                )
            raise self.unknown_permission(arn)
        return found

    def unknown_permission(self, arn: str) -> AWSError:
        return self.error("UnknownResourceException", f"Permission {arn} could not be found.")

    def tagged(self, record: Any, tags: Iterable[Mapping[str, str]]) -> Tags:
        """The record's tags with these beside them."""
        found: Tags = record.tags.with_(self, tag_map(tags), invalid="InvalidParameterException")
        return found

    def page(
        self,
        member: str,
        records: Iterable[Any],
        shown: Callable[[Any], Any],
        token: str | None,
        size: int | None,
        key: Callable[[Any], str] = lambda record: number(record.number),
    ) -> dict[str, Any]:
        def refusal() -> AWSError:
            return self.error("InvalidNextTokenException", "The specified value for NextToken isn't valid.")

        most = size or self.bounds["page-size"]
        return listed(member, records, shown, key, token, most, refusal=refusal, following="nextToken")


def chosen(value: str, among: Sequence[str] | None) -> bool:
    """Whether a filter lets a value through; None and an empty one let all."""
    return not among or value in among
