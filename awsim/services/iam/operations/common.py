"""What all operations of IAM stand on: state, look-ups, pages, tags."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from awsim.auth.credentials import administrator, named_id, unique_id
from awsim.errors import AWSError
from awsim.service import Service
from awsim.services.iam import policies, refusals
from awsim.services.iam.account import Account
from awsim.services.iam.journal import Uses
from awsim.services.iam.records import (
    ROOT,
    Group,
    InstanceProfile,
    ManagedPolicy,
    Resource,
    Role,
    Root,
    User,
    size_of,
)
from awsim.services.iam.refusals import exists, malformed, no_such
from awsim.state import Dict, SortedDict, Tags

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

R = TypeVar("R", bound=Resource)
TagList = Sequence[Mapping[str, str]]

_NAMES = frozenset(
    {"userName", "newUserName", "groupName", "newGroupName", "roleName", "instanceProfileName", "policyName"}
    | {"serverCertificateName", "newServerCertificateName", "virtualMFADeviceName", "name"}
)


class Operations(Service):
    """State and look-ups of the IAM of one account."""

    name = "iam"
    scope = "account"
    validation_error = "ValidationError"

    def setup(self) -> None:
        now = int(self.clock.time())
        self.settings = Account(now)
        self.root = Root(self.arn("root"), "", ROOT, self.account, now, Tags())
        # Who unknown keys stand for: a user that is there without having been made, and in no list.
        known = administrator(self.account, partition=self.partition)
        self.administrator = User(self.arn("user"), "/", known.arn.rpartition("/")[2], known.user_id, now, Tags())
        # By their keys: names in lower case.
        self.users: SortedDict = SortedDict()
        self.groups: SortedDict = SortedDict()
        self.roles: SortedDict = SortedDict()
        self.profiles: SortedDict = SortedDict()
        self.policies: SortedDict = SortedDict()
        self.server_certificates: SortedDict = SortedDict()
        # ARN of a managed policy -> id of an identity -> the identity that it is attached to, or that it bounds.
        self.attached: Dict = Dict()
        self.bounded: Dict = Dict()
        self.devices: SortedDict = SortedDict()  # serial number -> Device
        self.saml: SortedDict = SortedDict()  # ARN -> SAMLProvider
        self.oidc: SortedDict = SortedDict()  # ARN -> OIDCProvider
        self.jobs: Dict = Dict()  # id -> Job of the access advisor
        self.access_reports: Dict = Dict()  # id -> Access, on an organization
        self.deletions: Dict = Dict()  # id of a task -> Deletion of a service-linked role
        self.used_ids: Dict = Dict()  # names of which somebody has had the id that goes by the name
        self.aliases: Dict = Dict()  # alias -> account; see `create_account_alias`
        self.uses = Uses(self.cloud)

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """Names, paths and documents with wrong characters have sentences of their own."""
        if len(violations) == 1 and violations[0].kind == "pattern":
            name = violations[0].path
            if name in _NAMES:
                return refusals.specified(name, refusals.NAME)
            if name in ("path", "newPath"):
                return refusals.specified(name, refusals.PATH)
            if name in ("policyDocument", "assumeRolePolicyDocument"):
                return refusals.specified(name, refusals.DOCUMENT)
        return super().violation(violations)

    def now(self) -> int:
        """IAM tells times in whole seconds."""
        return int(self.clock.time())

    def new_id(self, prefix: str, name: str = "") -> str:
        """A unique id. The first thing of a `name` has the id by which callers know it who are named by ARN alone."""
        if name and name not in self.used_ids:
            self.used_ids[name] = True
            return named_id(prefix, self.account, name)
        return unique_id(prefix, self.account, int(self.ids.hex("id", 11), 16))

    # --- look-ups

    def user(self, name: str) -> User:
        return _named(self.users, name, "The user with name {name} cannot be found.")

    def group(self, name: str) -> Group:
        return _named(self.groups, name, "The group with name {name} cannot be found.")

    def role(self, name: str) -> Role:
        return _named(self.roles, name, "The role with name {name} cannot be found.")

    def profile(self, name: str) -> InstanceProfile:
        return _named(self.profiles, name, "Instance Profile {name} cannot be found.")

    def own_role(self, name: str) -> Role:
        """A role that its owner may change: not a service-linked one."""
        role = self.role(name)
        if role.linked:
            raise refusals.protected(role.name)
        return role

    def user_or_caller(self, name: str | None) -> User:
        """The user of a name, or who calls where none is given: a user or the root."""
        caller, administrator = self.caller, self.administrator
        if caller.arn == administrator.arn and name in (None, administrator.name):
            made: User = self.users.get(administrator.key, administrator)
            return made
        if name is not None:
            return self.user(name)
        if caller.type == "root":
            return self.root
        if caller.type != "user":
            raise malformed("Must specify userName when calling with non-User credentials")
        return self.user(caller.arn.rpartition("/")[2])

    def policy(self, arn: str) -> ManagedPolicy | None:
        """The customer managed policy with an ARN, if there is one."""
        found = self.policies.get(arn.rpartition("/")[2].lower())
        return found if found is not None and found.arn == arn else None

    def taken(self, store: SortedDict, name: str, message: str) -> None:
        """Refuse a name that something has already, whatever the case of its letters."""
        if name.lower() in store:
            raise exists(message)

    def visible(self, record: Resource, message: str) -> None:
        """Under eventual consistency, something just made may not be known everywhere yet. Services know it."""
        seconds = self.limits.lag("propagation")
        if not seconds or self.clock.time() >= record.created + seconds or self.caller.service is not None:
            return
        if self.choose(
            "iam.propagation", (False, True), 0.2, f"did not know yet of the {record.kind} {record.name}, just created"
        ):
            raise no_such(message)

    # --- documents

    def check_trust(self, text: str) -> None:
        """Refuse what is no trust policy, or names users or roles that do not exist.

        What an account holds that this Cloud never saw anything of, nobody can tell: it is taken to be there.
        """
        policies.check(text, "trust")
        self.limits.check("trust-policy-size", size_of(text))
        for account, kind, name, arn in policies.named_principals(text):
            owner = self
            if account != self.account:
                if not self.cloud.has_service(self.name, account, self.region):
                    continue
                owner = self.at(account=account)
                if not owner.users and not owner.roles:
                    continue
            found = (owner.users if kind == "user" else owner.roles).get(name.lower())
            if found is None or found.arn != arn:
                if (kind, name) == ("user", "awsim"):
                    continue  # the administrator, who is there without having been made
                raise policies.unknown_principal(arn)
            try:
                self.visible(found, "")
            except AWSError:
                raise policies.unknown_principal(arn) from None

    def shown_document(self, text: str) -> Any:
        """A document in an answer: encoded for the wire, read for callers in Python, as boto3 would show it."""
        return policies.on_the_wire(text) if self.request.http is not None else json.loads(text)

    # --- answers

    def page(
        self,
        member: str,
        items: Mapping[str, Any] | Iterable[tuple[str, Any]],
        show: Callable[[Any], Any],
        marker: str | None,
        size: int | None,
        having: Callable[[Any], bool] | None = None,
    ) -> dict[str, Any]:
        """A page of what `items` holds in the order of its keys: a SortedDict, or pairs of key and item.

        A marker is the last key that was shown, packed.
        """
        last = None if marker is None else read_marker(marker)
        if isinstance(items, SortedDict):
            keys = items.irange() if last is None else items.irange(last, inclusive=(False, True))
            pairs: Iterable[tuple[str, Any]] = ((key, items[key]) for key in keys)
        else:
            given = items.items() if isinstance(items, Mapping) else items
            pairs = sorted((pair for pair in given if last is None or pair[0] > last), key=lambda pair: pair[0])
        if having is not None:
            pairs = (pair for pair in pairs if having(pair[1]))
        size = size or self.limits["page-size"] or 100
        found = list(islice(pairs, size + 1))
        answer: dict[str, Any] = {member: [show(item) for _, item in found[:size]], "IsTruncated": len(found) > size}
        if len(found) > size:
            answer["Marker"] = write_marker(found[size - 1][0])
        return answer

    # --- tags

    def tagged(self, tags: Tags, new: TagList) -> Tags:
        """`tags` with `new` ones; keys that differ by case alone are the same."""
        keys = [tag["Key"].lower() for tag in new]
        if len(set(keys)) < len(keys):
            raise refusals.invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if any(key.startswith("aws:") for key in keys):
            raise refusals.invalid("Tag keys starting with 'aws:' are reserved for system use.")
        kept = {key: value for key, value in tags.items() if key.lower() not in keys}
        merged = {**kept, **{tag["Key"]: tag["Value"] for tag in new}}
        self.limits.check("tags-per-resource", len(merged))
        return Tags(merged)

    def tag(self, record: Any, new: TagList) -> None:
        record.tags = self.tagged(record.tags, new)

    @staticmethod
    def untag(record: Any, keys: Sequence[str]) -> None:
        gone = {key.lower() for key in keys}
        record.tags = Tags({key: value for key, value in record.tags.items() if key.lower() not in gone})

    def list_tags(self, record: Any, marker: str | None, size: int | None) -> dict[str, Any]:
        pairs = [(tag["Key"], tag) for tag in record.tags.as_list()]
        return self.page("Tags", pairs, lambda tag: tag, marker, size)


def write_marker(key: str) -> str:
    return b64encode(key.encode()).decode()


def read_marker(marker: str) -> str:
    try:
        return b64decode(marker, validate=True).decode()
    except ValueError:
        raise malformed("Invalid Marker.") from None


def starting(prefix: str | None) -> Callable[[Any], bool] | None:
    """The condition of a PathPrefix."""
    return None if prefix in (None, "/") else lambda record: record.path.startswith(prefix)


def none_if_empty(items: Any) -> Any:
    """Members that IAM leaves out where there is nothing in them."""
    return items or None


def shown_boundary(arn: str | None) -> dict[str, str] | None:
    if arn is None:
        return None
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def _named(store: SortedDict, name: str, message: str) -> Any:
    record = store.get(name.lower())
    if record is None or record.name != name:
        raise no_such(message.format(name=name))
    return record
