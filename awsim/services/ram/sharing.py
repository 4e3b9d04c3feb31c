"""Resource shares: who shares what with whom, and invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.ram.catalogue import ResourceType, type_of
from awsim.services.ram.common import Whom, once
from awsim.services.ram.permitting import Permitting
from awsim.services.ram.records import Association, Invitation, Share
from awsim.state import Lifecycle

TagList = Sequence[Mapping[str, str]]
_WITHIN = (
    "The resource you are attempting to share can only be shared within your AWS Organization. This error may also "
    "occur if you have not enabled sharing with your AWS organization, or that onboarding process is still in progress."
)
_CREATED = [("ASSOCIATING", "association"), ("ASSOCIATED", None)]


class Sharing(Permitting):
    """Within an organization that shares among its accounts a share holds at once; others are invited."""

    @once
    def create_resource_share(
        self,
        name: str,
        resourceArns: Sequence[str] = (),
        principals: Sequence[str] = (),
        tags: TagList = (),
        allowExternalPrincipals: bool = True,
        clientToken: str | None = None,
        permissionArns: Sequence[str] = (),
        sources: Sequence[str] = (),
        resourceShareConfiguration: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        own = [share for share in self.shares.values() if (share.owner, share.region) == (self.who, self.where)]
        self.bounds.quota("resource-shares", sum(not share.gone for share in own))
        now = self.clock.time()
        arn = self.arn(f"resource-share/{self.ids.uuid('share')}", region=self.where, account=self.who)
        state = Lifecycle(self, [("PENDING", "share-creation"), ("ACTIVE", None)])
        share = Share(arn, name, self.who, self.where, allowExternalPrincipals, self.next_number(), now, state)
        share.tags = self.tagged(share, tags)
        share.configuration = resourceShareConfiguration
        for permission in permissionArns:
            self.give(share, permission)
        self._associate(share, resourceArns, principals, sources)
        self.shares[arn] = share
        return {"resourceShare": {**share.described(), "status": "ACTIVE"}}

    @once
    def update_resource_share(
        self,
        resourceShareArn: str,
        name: str | None = None,
        allowExternalPrincipals: bool | None = None,
        clientToken: str | None = None,
    ) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        if allowExternalPrincipals is False and any(one.external for one in share.principals.values()):
            raise self.error(
                "OperationNotPermittedException",
                "External principals are associated with the resource share; disassociate them first.",
            )
        share.name = name or share.name
        if allowExternalPrincipals is not None:
            share.external = allowExternalPrincipals
        share.updated = self.clock.time()
        return {"resourceShare": share.described()}

    @once
    def delete_resource_share(self, resourceShareArn: str, clientToken: str | None = None) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        share.gone = True
        share.updated = self.clock.time()
        share.state = Lifecycle(self, [("DELETING", "share-deletion"), ("DELETED", None)])
        for one in share.associations():
            one.state = Lifecycle(self, [("DISASSOCIATING", "association"), ("DISASSOCIATED", None)])
        for arn in [each.arn for each in self.invitations.values() if each.share is share]:
            del self.invitations[arn]
        self.later(self.bounds["deleted-share"] or 0, "_forget", arn=share.arn)
        return {"returnValue": True}

    def _forget(self, arn: str) -> None:
        self.shares.pop(arn, None)

    @once
    def associate_resource_share(
        self,
        resourceShareArn: str,
        resourceArns: Sequence[str] = (),
        principals: Sequence[str] = (),
        clientToken: str | None = None,
        sources: Sequence[str] = (),
    ) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        made = self._associate(share, resourceArns, principals, sources)
        return {"resourceShareAssociations": [share.association(one) for one in made]}

    @once
    def disassociate_resource_share(
        self,
        resourceShareArn: str,
        resourceArns: Sequence[str] = (),
        principals: Sequence[str] = (),
        clientToken: str | None = None,
        sources: Sequence[str] = (),
    ) -> dict[str, Any]:
        """An account that takes part can leave by itself."""
        share = self.known_share(resourceShareArn)
        if share.owner != self.who:
            leaving = list(principals) == [self.who] and not resourceArns and not sources
            if not leaving or self.who not in share.principals:
                raise self.unknown_share(resourceShareArn)
        gone: list[Association] = []
        for records, wanted in (
            (share.resources, resourceArns),
            (share.principals, principals),
            (share.sources, sources),
        ):
            for entity in wanted:
                if entity not in records:
                    raise self.error(
                        "UnknownResourceException",
                        f"{entity} is not associated with the resource share {share.arn}.",
                    )
                gone.append(records[entity])
        shown = [share.association(one, "DISASSOCIATING") for one in gone]
        for one in gone:
            del share.of_kind(one.kind)[one.entity]
            for arn in [
                each.arn for each in self.invitations.values() if (each.share, each.principal) == (share, one.entity)
            ]:
                del self.invitations[arn]
        self._count(share)
        share.updated = self.clock.time()
        return {"resourceShareAssociations": shown}

    # --- associating

    def _associate(
        self, share: Share, resources: Sequence[str], principals: Sequence[str], sources: Sequence[str]
    ) -> list[Association]:
        """Let resources, principals and sources into a share: all of them, or none."""
        self.bounds.check("resources-per-call", len(resources))
        kinds = [self._checked(share, arn) for arn in resources]
        within = self.shares_within(share.owner)
        known = [each for each in map(type_of, share.resources) if each is not None]
        organization_only = any(each.organization for each in (*kinds, *known))
        added = [(each, self._judged(share, each, within, organization_only)) for each in principals]
        inviting = [whom for _, (whom, external) in added if external and whom.account is not None]
        self._check_room(share, len(resources), len(principals), len(inviting))

        now = self.clock.time()
        made: list[Association] = []
        for kind, arn in zip(kinds, resources, strict=True):
            share.permissions.setdefault(kind.name, (self.arn_of_managed(kind), 1))
            made.append(self._put(share, "RESOURCE", arn, False, now))
        for principal, (whom, external) in added:
            new = not _current(share.principals.get(principal))
            one = self._put(share, "PRINCIPAL", principal, external, now)
            if external and whom.account is not None and new:
                one.state = Lifecycle.settled(self, "ASSOCIATING")
                self._invite(share, principal, whom.account, now)
            made.append(one)
        made += [self._put(share, "SOURCE", source, False, now) for source in sources]
        self._count(share)
        share.updated = now
        return made

    def _checked(self, share: Share, arn: str) -> ResourceType:
        kind = type_of(arn)
        if kind is None:
            raise self.malformed(arn)
        _, partition, _, region, account, _ = arn.split(":", 5)
        if partition != self.partition or region not in (share.region, ""):
            raise self.malformed(arn)
        if account != share.owner:
            raise self.error(
                "OperationNotPermittedException", f"The resource {arn} is not owned by account {share.owner}."
            )
        return kind

    def _judged(
        self, share: Share, principal: str, within: Mapping[str, Any] | None, organization_only: bool
    ) -> tuple[Whom, bool]:
        """Who a principal is, and whether outside of the owner's organization."""
        whom = self.whom(principal)
        if whom.organization is not None:
            if within is None or within["Id"] != whom.organization:
                raise self._not_within(share, whom)
            return whom, False
        if whom.account is None:
            return whom, False
        if whom.account == share.owner and principal == share.owner:
            raise self.error("InvalidParameterException", "A resource share cannot be shared with its owner.")
        external = whom.account != share.owner and not self._same(within, whom.account)
        if external and organization_only:
            raise self.error("OperationNotPermittedException", _WITHIN)
        if external and not share.external:
            raise self.error(
                "OperationNotPermittedException",
                "The resource share does not allow principals outside of your organization.",
            )
        return whom, external

    def _not_within(self, share: Share, whom: Whom) -> Exception:
        own = self.organization_of(share.owner)
        if own is not None and own["Id"] == whom.organization:
            return self.error("OperationNotPermittedException", _WITHIN)
        if whom.unit is not None:
            return self.error(
                "UnknownResourceException",
                f"OrganizationalUnit {whom.unit} in unknown organization could not be found.",
            )
        return self.error("UnknownResourceException", f"Organization {whom.organization} could not be found.")

    def _same(self, within: Mapping[str, Any] | None, account: str) -> bool:
        if within is None:
            return False
        other = self.organization_of(account)
        return other is not None and other["Id"] == within["Id"]

    def _check_room(self, share: Share, resources: int, principals: int, invitations: int) -> None:
        bounds = self.bounds
        used_resources, used_principals, pending = self._used(share)
        for row, used, adding in (
            ("resource-associations", used_resources, resources),
            ("principal-associations", used_principals, principals),
            ("pending-invitations", pending, invitations),
        ):
            if adding:
                bounds.quota(row, used, adding=adding)

    def _used(self, share: Share) -> tuple[int, int, int]:
        """Resources, principals and pending invitations of the account in the Region."""
        mine = [
            each
            for each in self.shares.values()
            if not each.gone and (each.owner, each.region) == (share.owner, share.region)
        ]
        now = self.clock.time()
        pending = sum(
            each.share.owner == share.owner and each.status(now) == "PENDING" for each in self.invitations.values()
        )
        return sum(len(each.resources) for each in mine), sum(len(each.principals) for each in mine), pending

    def _count(self, share: Share) -> None:
        resources, principals, _ = self._used(share)
        self.bounds.used("resource-associations", resources)
        self.bounds.used("principal-associations", principals)

    def _put(self, share: Share, kind: str, entity: str, external: bool, now: float) -> Association:
        """An association, or the one that is there already."""
        records = share.of_kind(kind)
        if not _current(records.get(entity)):
            state = Lifecycle(self, _CREATED)
            records[entity] = Association(kind, entity, external, share.number_of_next(), now, state)
        found: Association = records[entity]
        return found

    # --- invitations

    def _invite(self, share: Share, principal: str, account: str, now: float) -> None:
        resource = f"resource-share-invitation/{self.ids.uuid('invitation')}"
        arn = self.arn(resource, region=share.region, account=share.owner)
        expires = now + (self.bounds["invitation-lifetime"] or 0)
        invitation = Invitation(arn, share, account, self.next_number(), now, expires)
        invitation.receiver_arn = principal if principal != account else None
        self.invitations[arn] = invitation
        self.at_time(expires, "_expire", arn=arn)

    def _expire(self, arn: str) -> None:
        invitation = self.invitations.get(arn)
        if invitation is not None and invitation.answer is None:
            self._refuse(invitation, "EXPIRED", "FAILED")

    @once
    def accept_resource_share_invitation(
        self, resourceShareInvitationArn: str, clientToken: str | None = None
    ) -> dict[str, Any]:
        invitation = self._pending(resourceShareInvitationArn)
        invitation.answer = "ACCEPTED"
        one = invitation.share.principals.get(invitation.principal)
        if one is not None:
            one.state = Lifecycle(self, _CREATED)
            one.updated = self.clock.time()
        return {"resourceShareInvitation": invitation.described(self.clock.time())}

    @once
    def reject_resource_share_invitation(
        self, resourceShareInvitationArn: str, clientToken: str | None = None
    ) -> dict[str, Any]:
        invitation = self._pending(resourceShareInvitationArn)
        self._refuse(invitation, "REJECTED", "DISASSOCIATED")
        return {"resourceShareInvitation": invitation.described(self.clock.time())}

    def _pending(self, arn: str) -> Invitation:
        invitation = self.invitation_at(arn)
        status = invitation.status(self.clock.time())
        if status != "PENDING":
            adjective = {"EXPIRED": "Expired"}.get(status, f"Already{status.title()}")
            said = {"EXPIRED": "has expired"}.get(status, f"was already {status.lower()}")
            raise self.error(f"ResourceShareInvitation{adjective}Exception", f"The invitation {arn} {said}.")
        return invitation

    def _refuse(self, invitation: Invitation, answer: str, state: str) -> None:
        invitation.answer = answer
        one = invitation.share.principals.get(invitation.principal)
        if one is not None:
            one.state = Lifecycle.settled(self, state)
            one.message = f"The invitation was {answer.lower()}." if answer == "REJECTED" else "The invitation expired."
            one.updated = self.clock.time()

    # --- for the organization

    def enable_sharing_with_aws_organization(self) -> dict[str, Any]:
        organization = self.organization_of(self.who)
        if organization is None or organization["MasterAccountId"] != self.who:
            raise self.error(
                "OperationNotPermittedException",
                "Unable to enable sharing with AWS Organizations: the caller must be the management account of an "
                "organization.",
            )
        self.call(
            "organizations",
            "EnableAWSServiceAccess",
            as_=self.caller,
            account_=self.who,
            ServicePrincipal="ram.amazonaws.com",
        )
        self.trusting[organization["Id"]] = True
        return {"returnValue": True}

    # --- what operations share

    def arn_of_managed(self, kind: ResourceType) -> str:
        return self.arn(f"permission/{kind.permission}", region="", account="aws")


def _current(one: Association | None) -> bool:
    """Whether an association stands, rather than having failed or ended."""
    return one is not None and one.state.state not in ("FAILED", "DISASSOCIATED")
