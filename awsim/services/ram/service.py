"""AWS Resource Access Manager (regional; one for all accounts)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awsim.services.ram.catalogue import managed, type_of, types
from awsim.services.ram.common import chosen
from awsim.services.ram.records import Association, Invitation, Share
from awsim.services.ram.sharing import Sharing
from awsim.state.pages import number

TagList = Sequence[Mapping[str, str]]


class ResourceAccessManager(Sharing):
    """Resources that accounts share with others. Whether a resource exists is known to its own service alone.

    Source: AWS RAM API Reference and User Guide.
    """

    # --- shares

    def get_resource_shares(
        self,
        resourceOwner: str,
        resourceShareArns: Sequence[str] = (),
        resourceShareStatus: str | None = None,
        name: str | None = None,
        tagFilters: Sequence[Mapping[str, Any]] = (),
        nextToken: str | None = None,
        maxResults: int | None = None,
        permissionArn: str | None = None,
        permissionVersion: int | None = None,
    ) -> dict[str, Any]:
        found = [
            share
            for share in self._seen(resourceOwner)
            if chosen(share.arn, resourceShareArns)
            and resourceShareStatus in (None, share.state.state)
            and name in (None, share.name)
            and all(_has(share, wanted) for wanted in tagFilters)
            and (permissionArn is None or _uses(share, permissionArn, permissionVersion))
        ]
        for arn in resourceShareArns:
            if arn not in {share.arn for share in found}:
                self.known_share(arn)
        return self.page("resourceShares", found, Share.described, nextToken, maxResults)

    def get_resource_share_associations(
        self,
        associationType: str,
        resourceShareArns: Sequence[str] = (),
        resourceArn: str | None = None,
        principal: str | None = None,
        associationStatus: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        if (associationType == "PRINCIPAL" and resourceArn) or (associationType == "RESOURCE" and principal):
            raise self.error(
                "InvalidParameterException",
                f"You cannot specify {'resourceArn' if resourceArn else 'principal'} for the association type "
                f"{associationType}.",
            )
        for arn in resourceShareArns:
            self.share_at(arn)
        wanted = resourceArn or principal
        found = [
            (share, one)
            for share in self._seen("SELF")
            if chosen(share.arn, resourceShareArns)
            for one in share.of_kind(associationType).values()
            if wanted in (None, one.entity) and associationStatus in (None, one.state.state)
        ]
        return self._associations("resourceShareAssociations", found, nextToken, maxResults)

    def list_source_associations(
        self,
        resourceShareArns: Sequence[str] = (),
        sourceId: str | None = None,
        sourceType: str | None = None,
        associationStatus: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        found = [
            (share, one)
            for share in self._seen("SELF")
            if chosen(share.arn, resourceShareArns)
            for one in share.sources.values()
            if sourceId in (None, one.entity)
            and sourceType in (None, _source_type(one.entity))
            and associationStatus in (None, one.state.state)
        ]

        def shown(pair: tuple[Share, Association]) -> dict[str, Any]:
            share, one = pair
            return {
                "resourceShareArn": share.arn,
                "sourceId": one.entity,
                "sourceType": _source_type(one.entity),
                "status": one.state.state,
                "creationTime": one.created,
                "lastUpdatedTime": one.updated,
            }

        return self.page("sourceAssociations", found, shown, nextToken, maxResults, _place)

    def get_resource_share_invitations(
        self,
        resourceShareInvitationArns: Sequence[str] = (),
        resourceShareArns: Sequence[str] = (),
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        for arn in resourceShareInvitationArns:
            self.invitation_at(arn)
        now = self.clock.time()
        found = [
            each
            for each in self.invitations.values()
            if each.receiver == self.who
            and each.share.region == self.where
            and chosen(each.arn, resourceShareInvitationArns)
            and chosen(each.share.arn, resourceShareArns)
        ]

        def shown(each: Invitation) -> dict[str, Any]:
            return each.described(now)

        return self.page("resourceShareInvitations", found, shown, nextToken, maxResults)

    def list_pending_invitation_resources(
        self,
        resourceShareInvitationArn: str,
        nextToken: str | None = None,
        maxResults: int | None = None,
        resourceRegionScope: str | None = None,
    ) -> dict[str, Any]:
        invitation = self._pending(resourceShareInvitationArn)
        found = [(invitation.share, one) for one in invitation.share.resources.values()]
        return self._resources(_scoped(found, resourceRegionScope), nextToken, maxResults)

    # --- resources and principals

    def list_resources(
        self,
        resourceOwner: str,
        principal: str | None = None,
        resourceType: str | None = None,
        resourceArns: Sequence[str] = (),
        resourceShareArns: Sequence[str] = (),
        nextToken: str | None = None,
        maxResults: int | None = None,
        resourceRegionScope: str | None = None,
    ) -> dict[str, Any]:
        self._check_type(resourceType)
        found = [
            (share, one)
            for share in self._open(resourceOwner)
            if chosen(share.arn, resourceShareArns) and self._about(share, resourceOwner, principal)
            for one in share.resources.values()
            if chosen(one.entity, resourceArns) and _is(one.entity, resourceType)
        ]
        return self._resources(_scoped(found, resourceRegionScope), nextToken, maxResults)

    def list_principals(
        self,
        resourceOwner: str,
        resourceArn: str | None = None,
        principals: Sequence[str] = (),
        resourceType: str | None = None,
        resourceShareArns: Sequence[str] = (),
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        self._check_type(resourceType)
        found: list[tuple[Share, str, Association]] = []
        for share in self._open(resourceOwner):
            if not chosen(share.arn, resourceShareArns) or (resourceArn and resourceArn not in share.resources):
                continue
            if resourceType and not any(_is(arn, resourceType) for arn in share.resources):
                continue
            if resourceOwner == "SELF":
                found += [(share, one.entity, one) for one in share.principals.values()]
            else:
                one = next(one for one in share.principals.values() if one.holds)
                found.append((share, share.owner, one))

        def shown(item: tuple[Share, str, Association]) -> dict[str, Any]:
            share, identifier, one = item
            return {
                "id": identifier,
                "resourceShareArn": share.arn,
                "creationTime": one.created,
                "lastUpdatedTime": one.updated,
                "external": one.external,
            }

        wanted = [item for item in found if chosen(item[1], principals)]
        return self.page(
            "principals", wanted, shown, nextToken, maxResults, lambda item: _place((item[0], item[2])) + item[1]
        )

    def list_resource_types(
        self, nextToken: str | None = None, maxResults: int | None = None, resourceRegionScope: str | None = None
    ) -> dict[str, Any]:
        found = [kind for kind in types().values() if resourceRegionScope in (None, "ALL", kind.scope)]
        return self.page(
            "resourceTypes",
            found,
            lambda kind: {
                "resourceType": kind.name,
                "serviceName": kind.service,
                "resourceRegionScope": kind.scope,
            },
            nextToken,
            maxResults,
            lambda kind: kind.name,
        )

    def get_resource_policies(
        self,
        resourceArns: Sequence[str],
        principal: str | None = None,
        nextToken: str | None = None,
        maxResults: int | None = None,
    ) -> dict[str, Any]:
        """The policies that RAM has put on resources of the caller's."""
        policies: list[tuple[str, str]] = []
        for arn in resourceArns:
            if type_of(arn) is None:
                raise self.malformed(arn)
            shares = [share for share in self._open("SELF") if arn in share.resources]
            if not shares:
                raise self.error("ResourceArnNotFoundException", f"The resource {arn} could not be found.")
            policies += [(arn, self._policy(share, arn)) for share in shares if principal in (None, *share.principals)]
        return self.page(
            "policies",
            enumerate(policies),
            lambda item: item[1][1],
            nextToken,
            maxResults,
            lambda item: number(item[0]),
        )

    def _policy(self, share: Share, arn: str) -> str:
        kind = type_of(arn)
        assert kind is not None
        permission, version = share.permissions[kind.name]
        own = managed(permission.rpartition("/")[2]) if ":aws:permission/" in permission else None
        template = json.loads(own.policy if own else self.permissions[permission].versions[version][0])
        principals = [one.entity for one in share.principals.values() if one.holds]
        statement = {
            **template,
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Resource": arn,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    # --- shares that policies made

    def promote_resource_share_created_from_policy(self, resourceShareArn: str) -> dict[str, Any]:
        share = self.share_at(resourceShareArn)
        raise self.error(
            "InvalidStateTransitionException", f"The resource share {share.arn} was not created from a policy."
        )

    def promote_permission_created_from_policy(
        self, permissionArn: str, name: str, clientToken: str | None = None
    ) -> dict[str, Any]:
        found = self.permission_at(permissionArn)
        raise self.error("OperationNotPermittedException", f"The permission {found.arn} was not created from a policy.")

    # --- tags

    def tag_resource(
        self, tags: TagList, resourceShareArn: str | None = None, resourceArn: str | None = None
    ) -> dict[str, Any]:
        record = self._tagged(resourceShareArn or resourceArn)
        record.tags = self.tagged(record, tags)
        return {}

    def untag_resource(
        self, tagKeys: Sequence[str], resourceShareArn: str | None = None, resourceArn: str | None = None
    ) -> dict[str, Any]:
        record = self._tagged(resourceShareArn or resourceArn)
        record.tags = record.tags.without(tagKeys)
        return {}

    def _tagged(self, arn: str | None) -> Any:
        if arn is None:
            raise self.error("InvalidParameterException", "A resource ARN must be given.")
        return self.permission_at(arn) if ":permission/" in arn else self.share_at(arn)

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a share or permission, for aws:ResourceTag."""
        record: Any = self.shares.get(arn) or self.permissions.get(arn)
        return record.tags.as_dict() if record is not None else {}

    # --- what operations share

    def _seen(self, owner: str) -> Iterator[Share]:
        """The shares in the Region that are the caller's, or that others share with it; deleted ones too."""
        for share in self.shares.values():
            if share.region != self.where:
                continue
            if owner == "SELF":
                if share.owner == self.who:
                    yield share
            elif share.owner != self.who and not share.gone and self.takes_part(self.who, share):
                yield share

    def _open(self, owner: str) -> Iterator[Share]:
        return (share for share in self._seen(owner) if not share.gone)

    def _about(self, share: Share, owner: str, principal: str | None) -> bool:
        if principal is None:
            return True
        return principal in share.principals if owner == "SELF" else principal == share.owner

    def _check_type(self, name: str | None) -> None:
        if name is not None and name.lower() not in {each.lower() for each in types()}:
            raise self.error("InvalidParameterException", f"The resource type {name} is not valid.")

    def _associations(
        self, member: str, found: list[tuple[Share, Association]], token: str | None, size: int | None
    ) -> dict[str, Any]:
        return self.page(member, found, lambda pair: pair[0].association(pair[1]), token, size, _place)

    def _resources(self, found: list[tuple[Share, Association]], token: str | None, size: int | None) -> dict[str, Any]:
        return self.page("resources", found, _resource, token, size, _place)


def _place(pair: tuple[Share, Association]) -> str:
    return number(pair[0].number) + number(pair[1].number)


def _resource(pair: tuple[Share, Association]) -> dict[str, Any]:
    share, one = pair
    kind = type_of(one.entity)
    assert kind is not None
    return {
        "arn": one.entity,
        "type": kind.name,
        "resourceShareArn": share.arn,
        "status": "AVAILABLE",
        "creationTime": one.created,
        "lastUpdatedTime": one.updated,
        "resourceRegionScope": kind.scope,
    }


def _scoped(found: list[tuple[Share, Association]], scope: str | None) -> list[tuple[Share, Association]]:
    return [pair for pair in found if scope in (None, "ALL", _resource(pair)["resourceRegionScope"])]


def _is(arn: str, name: str | None) -> bool:
    kind = type_of(arn)
    return name is None or (kind is not None and kind.name.lower() == name.lower())


def _has(share: Share, wanted: Mapping[str, Any]) -> bool:
    value = share.tags.get(wanted.get("tagKey", ""))
    return value is not None and chosen(value, wanted.get("tagValues"))


def _uses(share: Share, permission: str, version: int | None) -> bool:
    return any(arn == permission and version in (None, used) for arn, used in share.permissions.values())


def _source_type(source: str) -> str:
    if source.isdecimal():
        return "ACCOUNT"
    if source.startswith("arn:"):
        return "ARN"
    return "ORGANIZATION_PATH" if "/" in source else "ORGANIZATION"
