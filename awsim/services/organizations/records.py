"""What an organization is made of: a root, units and accounts in a tree, policies that hang on them, handshakes.

Times are epoch seconds. Whatever decides about permissions or effective policies changes `Organization.revision`, an
object of no content: what is worked out from them is kept for as long as the revision is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from awsim.services.organizations.types import MANAGED, PolicyType
from awsim.state import Dict, Entity, Lifecycle, Tags

ALL = "ALL"


class Node(Entity):
    """A root, unit or account: something that policies are attached to."""

    kind = ""

    def __init__(self, id: str, arn: str, name: str, parent: Container | None) -> None:
        self.id = id
        self.arn = arn
        self.name = name
        self.parent = parent
        self.tags = Tags()
        self.attached = Dict()  # id of a policy -> when it was attached

    @property
    def line(self) -> list[Node]:
        """From the root down to this one."""
        return [*self.parent.line, self] if self.parent is not None else [self]

    @property
    def depth(self) -> int:
        """0 for the root."""
        return len(self.line) - 1

    def as_target(self) -> dict[str, Any]:
        return {"TargetId": self.id, "Arn": self.arn, "Name": self.name, "Type": self.kind}


class Container(Node):
    """What holds units and accounts."""

    def __init__(self, id: str, arn: str, name: str, parent: Container | None) -> None:
        super().__init__(id, arn, name, parent)
        self.units = Dict()
        self.accounts = Dict()


class Root(Container):
    kind = "ROOT"


class Unit(Container):
    kind = "ORGANIZATIONAL_UNIT"


class Account(Node):
    kind = "ACCOUNT"

    def __init__(
        self, id: str, arn: str, name: str, parent: Container, *, email: str, method: str, joined: float
    ) -> None:
        super().__init__(id, arn, name, parent)
        self.email = email
        self.method = method  # INVITED, CREATED
        self.joined = joined
        self.closing: Lifecycle | None = None

    @property
    def state(self) -> str:
        return self.closing.state if self.closing is not None else "ACTIVE"

    def described(self) -> dict[str, Any]:
        state = self.state
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Email": self.email,
            "Name": self.name,
            "Status": "SUSPENDED" if state == "CLOSED" else state,
            "State": state,
            "JoinedMethod": self.method,
            "JoinedTimestamp": self.joined,
        }


class Policy(Entity):
    """A policy of any type; `content` is the text as it was given."""

    def __init__(
        self, id: str, arn: str, type: PolicyType, name: str, description: str, content: str, now: float
    ) -> None:
        self.id = id
        self.arn = arn
        self.type = type
        self.name = name
        self.description = description
        self.content = content
        self.updated = now
        self.tags = Tags()

    @property
    def managed(self) -> bool:
        return self.id in MANAGED

    def summary(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Name": self.name,
            "Description": self.description,
            "Type": self.type.name,
            "AwsManaged": self.managed,
        }

    def described(self) -> dict[str, Any]:
        return {"PolicySummary": self.summary(), "Content": self.content}


class ResourcePolicy(Entity):
    """The policy that lets member accounts manage policies."""

    def __init__(self, id: str, arn: str, content: str) -> None:
        self.id = id
        self.arn = arn
        self.content = content
        self.tags = Tags()

    def described(self) -> dict[str, Any]:
        return {"ResourcePolicySummary": {"Id": self.id, "Arn": self.arn}, "Content": self.content}


class Request(Entity):
    """A request to create an account."""

    def __init__(self, id: str, name: str, email: str, role: str, tags: Tags, now: float, govcloud: bool) -> None:
        self.id = id
        self.name = name
        self.email = email
        self.role = role
        self.tags = tags
        self.requested = now
        self.govcloud = govcloud
        self.state = "IN_PROGRESS"
        self.completed: float | None = None
        self.account: str | None = None
        self.gov_account: str | None = None
        self.failure: str | None = None

    def described(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "AccountName": self.name,
            "State": self.state,
            "RequestedTimestamp": self.requested,
            "CompletedTimestamp": self.completed,
            "AccountId": self.account,
            "GovCloudAccountId": self.gov_account,
            "FailureReason": self.failure,
        }


class Organization(Entity):
    def __init__(self, id: str, arn: str, management: str, features: str, root: Root) -> None:
        self.id = id
        self.arn = arn
        self.management = management
        self.features = features
        self.root = root
        self.types: tuple[str, ...] = ()  # policy types that are enabled
        self.units = Dict()
        self.accounts = Dict()
        self.policies = Dict()
        self.requests = Dict()
        self.services = Dict()  # principal of a trusted service -> since when
        self.delegates = Dict()  # (account, principal of a service) -> since when
        self.resource_policy: ResourcePolicy | None = None
        self.invited: tuple[float, ...] = ()  # when invitations were sent, of the last day
        self.closed: tuple[float, ...] = ()  # when accounts were closed, of the last 30 days
        self.revision: object = object()

    @property
    def all_features(self) -> bool:
        return self.features == ALL

    def changed(self) -> None:
        self.revision = object()

    def node(self, id: str) -> Node | None:
        if id == self.root.id:
            return self.root
        return self.units.get(id) or self.accounts.get(id)

    def container(self, id: str) -> Container | None:
        return self.root if id == self.root.id else self.units.get(id)

    def nodes(self) -> Iterator[Node]:
        yield self.root
        yield from self.units.values()
        yield from self.accounts.values()

    def path(self, node: Node) -> str:
        """As in aws:PrincipalOrgPaths: `o-…/r-…/ou-…/`."""
        return "/".join([self.id, *(each.id for each in node.line), ""])

    def place(self, account: Account) -> str:
        """The path of the unit or root that an account is in."""
        return self.path(account.parent or self.root)

    def attached(self, node: Node, type: str) -> list[Policy]:
        policies = (self.policies[id] for id in node.attached)
        return [policy for policy in policies if policy.type.name == type]

    def services_of(self, account: str) -> dict[str, float]:
        """The services an account is delegated administrator of."""
        return {service: since for (who, service), since in self.delegates.items() if who == account}


class Handshake(Entity):
    """`target` is ("ACCOUNT", id) or ("EMAIL", address), None where the organization shakes hands with itself."""

    def __init__(
        self,
        id: str,
        arn: str,
        action: str,
        organization: str,
        target: tuple[str, str] | None,
        resources: tuple[Any, ...],
        now: float,
        expires: float,
    ) -> None:
        self.id = id
        self.arn = arn
        self.action = action
        self.organization = organization
        self.target = target
        self.resources = resources
        self.requested = now
        self.expires = expires
        self.answer = ""  # how it ended
        self.answered = 0.0
        self.waiting = False  # for the answers of others: the parent of other handshakes
        self.parent: str | None = None
        self.tags = Tags()

    def state(self, now: float) -> str:
        if self.answer:
            return self.answer
        return "EXPIRED" if now >= self.expires else "REQUESTED" if self.waiting else "OPEN"

    def is_open(self, now: float) -> bool:
        return self.state(now) in ("OPEN", "REQUESTED")

    def ended(self, now: float) -> float | None:
        """When it came to its end."""
        return None if self.is_open(now) else self.answered or self.expires

    def described(self, now: float) -> dict[str, Any]:
        parties = [{"Id": self.organization, "Type": "ORGANIZATION"}]
        if self.target is not None:
            parties.append({"Id": self.target[1], "Type": self.target[0]})
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Parties": parties,
            "State": self.state(now),
            "RequestedTimestamp": self.requested,
            "ExpirationTimestamp": self.expires,
            "Action": self.action,
            "Resources": list(self.resources),
        }


class Transfer(Entity):
    """A billing transfer: the organization `target` invited another by a handshake, `source` once that has accepted."""

    def __init__(self, id: str, name: str, type: str, target: str, handshake: Handshake, starts: float) -> None:
        self.id = id
        self.name = name
        self.type = type
        self.target = target
        self.source: str | None = None
        self.handshake = handshake
        self.starts = starts
        self.ends: float | None = None
        self.tags = Tags()

    def status(self, now: float) -> str:
        state = self.handshake.state(now)
        if state == "ACCEPTED" and self.ends is not None:
            return "WITHDRAWN"
        return "REQUESTED" if state == "OPEN" else state
