"""What users, groups and roles may do: the policies on them and their boundaries, as they hold now.

Under eventual consistency a change of policies may not hold everywhere for a while; what held before it is kept for as
long.
"""

from __future__ import annotations

from functools import lru_cache

from awsim.auth.policy import Policy, parse
from awsim.errors import AWSError
from awsim.services.iam import policies
from awsim.services.iam.advisor import Granting
from awsim.services.iam.aws_policies import SERVICE_LINKED, AwsPolicy, aws_policy
from awsim.services.iam.operations.common import Operations
from awsim.services.iam.records import Earlier, Group, Identity, ManagedPolicy, Role, User
from awsim.services.iam.refusals import malformed, no_such
from awsim.state import Dict


class PermissionOperations(Operations):
    # --- policies

    def any_policy(self, arn: str) -> ManagedPolicy | AwsPolicy:
        """The policy of an ARN, the account's or AWS's; raises NoSuchEntity."""
        parts = policies.read_arn(arn)
        found = aws_policy(parts.path, parts.name) if parts.account == "aws" else self.policy(arn)
        if found is None:
            raise no_such(f"Policy {arn} was not found.")
        return found

    def document_of(self, arn: str) -> str:
        """The default version's document; answers NotImplemented for a policy that is known by name alone."""
        policy = self.any_policy(arn)
        if policy.document is None:
            self.not_modelled(f"the document of AWS's managed policy {policy.name}, of which only the name is known")
        return policy.document

    def granting(self, identity: Identity) -> list[Granting]:
        """The policies of an identity, those of a user's groups too."""
        found: list[Granting] = []
        groups = identity.groups.values() if isinstance(identity, User) else ()
        for each in (identity, *groups):
            entity = (each.kind.upper(), each.name)
            found += [Granting(name, None, text, entity) for name, text in each.inline.items()]
            found += [Granting(name, arn, self.document_of(arn), entity) for arn, name in each.attached.items()]
        return found

    def permissions_of(self, identity: Identity) -> tuple[list[Policy], Policy | None, dict[str, str]]:
        """What decides for a user or role: its policies, those of its groups too, its boundary and its tags."""
        granting, boundary = self.granting(identity), identity.boundary
        earlier = self._unsettled(identity)
        if earlier is not None:
            granting, boundary = list(earlier.granting), earlier.boundary
        found = [_compiled(each.document, each.name, each.arn) for each in granting]
        bound = None
        if boundary is not None:
            bound = _compiled(self.document_of(boundary), boundary.rpartition("/")[2], boundary)
        return found, bound, identity.tags.as_dict()

    def trust_of(self, role: Role) -> Policy:
        """The policy that says who may assume a role."""
        earlier = self._unsettled(role)
        return parse(role.trust if earlier is None or earlier.trust is None else earlier.trust, "trust")

    def changing(self, *identities: Identity) -> None:
        """What holds for users and roles, and for the members of groups, is about to change: remember it."""
        seconds = self.limits.lag("propagation")
        if not seconds:
            return
        now = self.clock.time()
        for each in identities:
            if isinstance(each, Group):
                self.changing(*each.members.values())
            elif each.earlier is None or now >= each.earlier.until:
                trust = each.trust if isinstance(each, Role) else None
                each.earlier = Earlier(tuple(self.granting(each)), each.boundary, trust, now + seconds)

    def changing_policy(self, arn: str) -> None:
        """As `changing`, for all that a managed policy is attached to."""
        self.changing(*self.attached.get(arn, {}).values())

    def _unsettled(self, identity: Identity) -> Earlier | None:
        """What held before the last changes, where they do not hold yet."""
        earlier = identity.earlier
        if earlier is None or self.clock.time() >= earlier.until:
            return None
        what = f"still went by the permissions that the {identity.kind} {identity.name} had before they were changed"
        return earlier if self.choose("iam.propagation", (False, True), 0.2, what) else None

    # --- boundaries

    def check_boundary(self, arn: str) -> None:
        self.attachable(arn, malformed(f"Scope ARN: {arn} does not exist or is not attachable."))

    def attachable(self, arn: str, refusal: AWSError | None = None) -> str:
        """The name of a managed policy that may be attached; raises NoSuchEntity, PolicyNotAttachable."""
        parts = policies.read_arn(arn)
        if parts.account == "aws":
            known = aws_policy(parts.path, parts.name)
            if known is not None:
                if known.path == SERVICE_LINKED:
                    raise self.error("PolicyNotAttachable")
                return known.name
        elif (own := self.policy(arn)) is not None:
            return own.name
        raise refusal or no_such(f"Policy {arn} does not exist or is not attachable.")

    def bound(self, identity: Identity, arn: str | None) -> None:
        """Set or take away the permissions boundary."""
        self.changing(identity)
        if identity.boundary is not None:
            self.bounded[identity.boundary].pop(identity.id)
        identity.boundary = arn
        if arn is not None:
            self.bounded.setdefault(arn, Dict())[identity.id] = identity


@lru_cache(4096)
def _compiled(text: str, name: str, arn: str | None) -> Policy:
    return parse(text, "identity" if arn is None else "managed").named(name, arn)
