"""The identity store of IAM Identity Center (regional)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from awsim.service import Service
from awsim.services.identitystore.attributes import (
    check_extensions,
    check_group,
    check_user,
    group_after,
    invalid,
    user_after,
)
from awsim.services.identitystore.store import Resource, Store, conflict, missing
from awsim.state import Dict
from awsim.state.pages import BadToken, number, page


class IdentityStore(Service):
    """Users and groups of the identity stores that instances of IAM Identity Center have.

    A store comes with its instance (sso-admin CreateInstance) and goes with it. It belongs to the instance's account;
    accounts of the same organization may look into it, and change it where they administer Identity Center for it.
    Source: Identity Store API Reference.
    """

    name = "identitystore"
    scope = "region"

    def setup(self) -> None:
        self.stores = Dict()

    # --- stores

    def list_identity_stores(self, MaxResults: int | None = None, NextToken: str | None = None) -> dict[str, Any]:
        stores = self._center().identity_stores(self.region)
        found, token = self._page(stores.items(), lambda each: each[0], NextToken, MaxResults, "stores")
        shown = [
            {"IdentityStoreId": store, "IdentityStoreArn": self._store_arn(store, owner)} for store, owner in found
        ]
        return {"IdentityStores": shown, "NextToken": token}

    def describe_identity_store(self, IdentityStoreId: str) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        owner, _ = self._center().store_home(store.id, self.region)
        return {
            "IdentityStoreId": store.id,
            "IdentityStoreArn": self._store_arn(store.id, owner),
            "NetworkConfiguration": store.network,
        }

    def update_identity_store(
        self, IdentityStoreId: str, NetworkConfiguration: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        if NetworkConfiguration is not None:
            if NetworkConfiguration.get("VpceAccessRequired") is None:
                raise invalid("VpceAccessRequired must be set when NetworkConfiguration is provided.")
            store.network = dict(NetworkConfiguration)
        owner, _ = self._center().store_home(store.id, self.region)
        return {"IdentityStoreId": store.id, "IdentityStoreArn": self._store_arn(store.id, owner)}

    # --- users

    def create_user(
        self,
        IdentityStoreId: str,
        UserName: str | None = None,
        Name: Mapping[str, str] | None = None,
        DisplayName: str | None = None,
        NickName: str | None = None,
        ProfileUrl: str | None = None,
        Emails: Sequence[Mapping[str, Any]] | None = None,
        Addresses: Sequence[Mapping[str, Any]] | None = None,
        PhoneNumbers: Sequence[Mapping[str, Any]] | None = None,
        UserType: str | None = None,
        Title: str | None = None,
        PreferredLanguage: str | None = None,
        Locale: str | None = None,
        Timezone: str | None = None,
        Photos: Sequence[Mapping[str, Any]] | None = None,
        Website: str | None = None,
        Birthdate: str | None = None,
        Roles: Sequence[Mapping[str, Any]] | None = None,
        Extensions: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        given = {key: value for key, value in locals().items() if key not in ("self", "IdentityStoreId")}
        attributes = {key: value for key, value in given.items() if value is not None}
        store = self._store(IdentityStoreId, change=True)
        check_user(attributes)
        check_extensions(Extensions)
        store.claim_user("", attributes)
        self.limits.quota("users", len(store.users), store.id)
        user = self._put(store, "USER", "user", attributes)
        return {**self._identified(store, "User", user), "Revision": str(user.revision)}

    def describe_user(
        self, IdentityStoreId: str, UserId: str, Extensions: Sequence[str] | None = None
    ) -> dict[str, Any]:
        check_extensions(Extensions)
        store = self._store(IdentityStoreId)
        return self._user(store, store.user(_identifier(UserId)), Extensions)

    def update_user(
        self, IdentityStoreId: str, UserId: str, Operations: Sequence[Mapping[str, Any]], Revision: str | None = None
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        user = store.user(_identifier(UserId))
        user.check_revision(Revision)
        attributes = user_after(user.attributes, Operations)
        check_user(attributes)
        store.claim_user(user.id, attributes)
        self._change(store, user, attributes)
        return {**self._identified(store, "User", user), "Revision": str(user.revision)}

    def delete_user(self, IdentityStoreId: str, UserId: str, Revision: str | None = None) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        user = store.user(_identifier(UserId))
        user.check_revision(Revision)
        store.delete_user(user)
        self.limits.used("users", len(store.users), store.id)
        return {}

    def list_users(
        self,
        IdentityStoreId: str,
        Extensions: Sequence[str] | None = None,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        check_extensions(Extensions)
        store = self._store(IdentityStoreId)
        found: Iterable[Resource] = self._filtered(store.users, store.user_names, Filters, "UserName")
        listed, token = self._resources(found, NextToken, MaxResults, "users")
        return {"Users": [self._user(store, user, Extensions) for user in listed], "NextToken": token}

    def get_user_id(self, IdentityStoreId: str, AlternateIdentifier: Mapping[str, Any]) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        paths = {"username": store.user_names, "emails.value": store.emails}
        return self._identified(store, "User", store.user(self._alternate("USER", AlternateIdentifier, paths)))

    # --- groups

    def create_group(
        self, IdentityStoreId: str, DisplayName: str | None = None, Description: str | None = None
    ) -> dict[str, Any]:
        given = {"DisplayName": DisplayName, "Description": Description}
        attributes = {key: value for key, value in given.items() if value is not None}
        store = self._store(IdentityStoreId, change=True)
        check_group(attributes)
        store.claim_group("", attributes)
        self.limits.quota("groups", len(store.groups), store.id)
        group = self._put(store, "GROUP", "group", attributes)
        return {**self._identified(store, "Group", group), "Revision": str(group.revision)}

    def describe_group(self, IdentityStoreId: str, GroupId: str) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        return self._group(store, store.group(_identifier(GroupId)))

    def update_group(
        self, IdentityStoreId: str, GroupId: str, Operations: Sequence[Mapping[str, Any]], Revision: str | None = None
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        group = store.group(_identifier(GroupId))
        group.check_revision(Revision)
        attributes = group_after(group.attributes, Operations)
        check_group(attributes)
        store.claim_group(group.id, attributes)
        self._change(store, group, attributes)
        return {**self._identified(store, "Group", group), "Revision": str(group.revision)}

    def delete_group(self, IdentityStoreId: str, GroupId: str, Revision: str | None = None) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        group = store.group(_identifier(GroupId))
        group.check_revision(Revision)
        store.delete_group(group)
        self.limits.used("groups", len(store.groups), store.id)
        return {}

    def list_groups(
        self,
        IdentityStoreId: str,
        MaxResults: int | None = None,
        NextToken: str | None = None,
        Filters: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        found = self._filtered(store.groups, store.group_names, Filters, "DisplayName")
        listed, token = self._resources(found, NextToken, MaxResults, "groups")
        return {"Groups": [self._group(store, group) for group in listed], "NextToken": token}

    def get_group_id(self, IdentityStoreId: str, AlternateIdentifier: Mapping[str, Any]) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        paths = {"displayname": store.group_names}
        return self._identified(store, "Group", store.group(self._alternate("GROUP", AlternateIdentifier, paths)))

    # --- memberships

    def create_group_membership(
        self, IdentityStoreId: str, GroupId: str, MemberId: Mapping[str, str]
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        group, user = store.group(_identifier(GroupId)), store.user(_member(MemberId))
        if (group.id, user.id) in store.members:
            raise conflict("Member and Group relationship already exists.")
        self.limits.quota("groups-per-user", len(store.of_user.get(user.id, ())), user.id)
        membership = self._new(store, "GROUP_MEMBERSHIP", "membership", {"GroupId": group.id, "UserId": user.id})
        store.join(membership)
        return self._identified(store, "Membership", membership)

    def describe_group_membership(self, IdentityStoreId: str, MembershipId: str) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        return self._membership(store, store.membership(_identifier(MembershipId)))

    def get_group_membership_id(
        self, IdentityStoreId: str, GroupId: str, MemberId: Mapping[str, str]
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        group, user = store.group(_identifier(GroupId)), store.user(_member(MemberId))
        found = store.members.get((group.id, user.id))
        if found is None:
            raise missing("GROUP_MEMBERSHIP", f"{group.id}/{user.id}")
        return self._identified(store, "Membership", store.membership(found))

    def delete_group_membership(self, IdentityStoreId: str, MembershipId: str) -> dict[str, Any]:
        store = self._store(IdentityStoreId, change=True)
        store.leave(store.membership(_identifier(MembershipId)))
        return {}

    def list_group_memberships(
        self, IdentityStoreId: str, GroupId: str, MaxResults: int | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        group = store.group(_identifier(GroupId))
        return self._memberships(store, store.memberships_of_group(group.id), NextToken, MaxResults, group.id)

    def list_group_memberships_for_member(
        self,
        IdentityStoreId: str,
        MemberId: Mapping[str, str],
        MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        user = store.user(_member(MemberId))
        return self._memberships(store, store.memberships_of_user(user.id), NextToken, MaxResults, user.id)

    def is_member_in_groups(
        self, IdentityStoreId: str, MemberId: Mapping[str, str], GroupIds: Sequence[str]
    ) -> dict[str, Any]:
        store = self._store(IdentityStoreId)
        user = store.user(_member(MemberId))
        groups = [store.group(_identifier(group)).id for group in GroupIds]
        return {
            "Results": [
                {
                    "GroupId": group,
                    "MemberId": {"UserId": user.id},
                    "MembershipExists": (group, user.id) in store.members,
                }
                for group in groups
            ]
        }

    # --- what operations share

    def _center(self) -> Any:
        """IAM Identity Center of this account and region, which says what stores there are."""
        return self.cloud.service("sso-admin", self.account, self.region)

    def _store(self, identifier: str, *, change: bool = False) -> Store:
        """The store of an id or ARN; raises ResourceNotFoundException, or AccessDeniedException where only its owner
        and delegated administrators may make a change."""
        identifier = identifier.rpartition("/")[2]
        home = self._center().store_home(identifier, self.region)
        if home is None:
            raise missing("IDENTITY_STORE", identifier)
        owner, region = home
        if owner != self.account and change and not self._center().administers():
            raise self.error(
                "AccessDeniedException",
                f"User: {self.caller.arn} is not authorized to perform: identitystore:{self.request.operation} on "
                f"resource: {self._store_arn(identifier, owner)}",
            )
        found: Store = self.at(account=owner, region=region).own_store(identifier)
        return found

    def own_store(self, identifier: str) -> Store:
        """A store that an instance of this account has."""
        store: Store | None = self.stores.get(identifier)
        if store is None:
            store = self.stores[identifier] = Store(identifier)
        return store

    def _store_arn(self, identifier: str, owner: str) -> str:
        return self.arn(f"identitystore/{identifier}", region="", account=owner)

    def _new(self, store: Store, kind: str, noun: str, attributes: Mapping[str, Any]) -> Resource:
        resource = Resource(kind, self.ids.uuid(noun), store.number(), attributes)
        resource.touch(self.clock.time(), self.caller.arn)
        return resource

    def _put(self, store: Store, kind: str, noun: str, attributes: Mapping[str, Any]) -> Resource:
        resource = self._new(store, kind, noun, attributes)
        store.put(resource, attributes)
        return resource

    def _change(self, store: Store, resource: Resource, attributes: Mapping[str, Any]) -> None:
        store.put(resource, attributes)
        resource.touch(self.clock.time(), self.caller.arn)

    def _identified(self, store: Store, kind: str, resource: Resource) -> dict[str, Any]:
        arn = self.arn(f"{kind.lower()}/{resource.id}", region="", account="")
        return {"IdentityStoreId": store.id, f"{kind}Id": resource.id, f"{kind}Arn": arn}

    def _user(self, store: Store, user: Resource, extensions: Sequence[str] | None) -> dict[str, Any]:
        attributes = {key: value for key, value in user.attributes.items() if key != "Extensions"}
        wanted = {
            name: value
            for name, value in (user.attributes.get("Extensions") or {}).items()
            if extensions and name in extensions
        }
        return {
            **self._identified(store, "User", user),
            **attributes,
            "UserStatus": "ENABLED",
            "Revision": str(user.revision),
            "Extensions": wanted or None,
            **user.history(),
        }

    def _group(self, store: Store, group: Resource) -> dict[str, Any]:
        shown = {**self._identified(store, "Group", group), **group.attributes, "Revision": str(group.revision)}
        return {**shown, **group.history()}

    def _membership(self, store: Store, membership: Resource) -> dict[str, Any]:
        return {
            **self._identified(store, "Membership", membership),
            "GroupId": membership.attributes["GroupId"],
            "MemberId": {"UserId": membership.attributes["UserId"]},
            **membership.history(),
        }

    def _memberships(
        self, store: Store, found: Iterable[Resource], token: str | None, size: int | None, salt: str
    ) -> dict[str, Any]:
        listed, token = self._resources(found, token, size, salt)
        return {"GroupMemberships": [self._membership(store, each) for each in listed], "NextToken": token}

    def _filtered(
        self, records: Mapping[str, Resource], names: Mapping[str, str], filters: Sequence[Mapping[str, str]], path: str
    ) -> Iterable[Resource]:
        if not filters:
            return records.values()
        asked = filters[0]["AttributePath"]
        if asked.lower() != path.lower():
            raise invalid(f"{asked} is not a valid attribute path")
        found = names.get(filters[0]["AttributeValue"].casefold())
        return [] if found is None else [records[found]]

    def _alternate(self, kind: str, identifier: Mapping[str, Any], paths: Mapping[str, Mapping[str, str]]) -> str:
        """The id that an alternate identifier stands for."""
        if len(identifier) != 1:
            raise invalid("AlternateIdentifier must have exactly one of ExternalId and UniqueAttribute.")
        # External ids come with users that an identity provider brings by SCIM, never by this API.
        if (external := identifier.get("ExternalId")) is not None:
            raise missing(kind, external["Id"])
        path, value = identifier["UniqueAttribute"]["AttributePath"], identifier["UniqueAttribute"]["AttributeValue"]
        names = paths.get(path.lower())
        if names is None or not isinstance(value, str):
            raise invalid(f"{path} is not a valid attribute path")
        found = names.get(value.casefold())
        if found is None:
            raise missing(kind, value)
        return found

    def _resources(
        self, records: Iterable[Resource], token: str | None, size: int | None, salt: str
    ) -> tuple[list[Resource], str | None]:
        return self._page(records, lambda each: number(each.number), token, size, salt)

    def _page(
        self, records: Iterable[Any], key: Callable[[Any], str], token: str | None, size: int | None, salt: str
    ) -> tuple[list[Any], str | None]:
        try:
            return page(records, key, token, size or self.limits["page-size"], salt)
        except BadToken:
            raise self.error("ValidationException", "Invalid NextToken provided.") from None


def _identifier(given: str) -> str:
    """An id, also where an ARN was given."""
    return given.rpartition("/")[2]


def _member(member: Mapping[str, str]) -> str:
    if member.get("UserId") is None:
        raise invalid("MemberId must have UserId.")
    return _identifier(member["UserId"])
