"""What IAM holds: users, groups, roles, instance profiles and customer managed policies.

Times are whole epoch seconds. Policies are kept as the JSON text that was given; managed ones hang on an identity by
their ARNs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from awsim.services.iam.advisor import Granting
from awsim.services.iam.passwords import LoginProfile
from awsim.state import Dict, Entity, SortedDict, Tags

ROOT = "<root_account>"


class Resource(Entity):
    """Something with a name, a path, an id and tags; names are told apart by letters, not by their case."""

    kind = ""

    def __init__(self, prefix: str, path: str, name: str, id: str, created: int, tags: Tags) -> None:
        self.prefix = prefix  # of the ARN, up to the path
        self.path = path
        self.name = name
        self.id = id
        self.created = created
        self.tags = tags

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def arn(self) -> str:
        return f"{self.prefix}{self.path}{self.name}"

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


class Earlier(NamedTuple):
    """What held for a user or role before its last changes, which may not hold everywhere until a time."""

    granting: tuple[Granting, ...]
    boundary: str | None
    trust: str | None
    until: float


class Identity(Resource):
    """What policies can hang on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.attached = Dict()  # ARN of a managed policy -> its name
        self.inline = SortedDict()  # name of an inline policy -> its text
        self.boundary: str | None = None  # ARN of a managed policy
        self.earlier: Earlier | None = None

    def inline_size(self, without: str | None = None) -> int:
        """Characters of all inline policies together, white space not counted."""
        return sum(size_of(text) for name, text in self.inline.items() if name != without)


class User(Identity):
    kind = "user"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.groups = SortedDict()  # key -> Group
        self.access_keys = Dict()  # id -> AccessKey
        self.login: LoginProfile | None = None
        self.passwords: tuple[str, ...] = ()  # earlier ones, newest first
        self.devices = Dict()  # serial number -> Device
        self.certificates = Dict()  # id -> SigningCertificate
        self.ssh_keys = Dict()  # id -> SSHKey
        self.service_credentials = Dict()  # id -> ServiceCredential

    @property
    def is_root(self) -> bool:
        return self.name == ROOT


class Root(User):
    """The owner of the account, who is no user: no path, no policies, an id that is the account's."""

    kind = "root"

    @property
    def arn(self) -> str:
        return self.prefix


class Group(Identity):
    kind = "group"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.members = SortedDict()  # key -> User


class Role(Identity):
    kind = "role"

    def __init__(self, *given: Any, trust: str, description: str | None, session: int, linked: str = "") -> None:
        super().__init__(*given)
        self.trust = trust
        self.description = description
        self.session = session  # the longest, in seconds
        self.linked = linked  # the service of a service-linked role
        self.profiles = SortedDict()  # key -> InstanceProfile


class InstanceProfile(Resource):
    kind = "instance profile"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.roles = Dict()  # key -> Role


class ManagedPolicy(Resource):
    """A customer managed policy."""

    kind = "policy"

    def __init__(self, *given: Any, document: str, description: str | None) -> None:
        super().__init__(*given)
        self.description = description
        self.updated = self.created
        self.versions = Dict()  # id -> (document, created)
        self.counter = 0
        self.default = self.add(document, self.created)

    def add(self, document: str, now: int) -> str:
        """A further version; returns its id. Numbers of deleted ones do not come back."""
        self.counter += 1
        id = f"v{self.counter}"
        self.versions[id] = (document, now)
        return id

    @property
    def document(self) -> str:
        """The default version's."""
        return self.versions[self.default][0]


def size_of(document: str) -> int:
    """How long IAM counts a document: its characters without white space."""
    return len("".join(document.split()))
