"""S3 Access Grants: who may reach which prefix, and the temporary credentials that this comes to.

Source: S3 User Guide, "Managing access with S3 Access Grants"; S3 API Reference, GetDataAccess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from awsim.errors import AWSError
from awsim.service import ResourceSide
from awsim.services.s3control.common import Common
from awsim.state import Collection, Dict, Entity
from awsim.state.tags import Tags

_PRINCIPAL = "access-grants.s3.amazonaws.com"
_SCHEME = "s3://"
_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl")
_WRITES = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)


class Location(Entity):
    def __init__(self, id: str, arn: str, scope: str, role: str, created: float, tags: Tags) -> None:
        self.id = id
        self.arn = arn
        self.scope = scope
        self.role = role
        self.created = created
        self.tags = tags

    def described(self) -> dict[str, Any]:
        return {
            "CreatedAt": datetime.fromtimestamp(self.created, UTC),
            "AccessGrantsLocationId": self.id,
            "AccessGrantsLocationArn": self.arn,
            "LocationScope": self.scope,
            "IAMRoleArn": self.role,
        }


class Grant(Entity):
    """`told` is what was asked for, as boto3 shows it."""

    def __init__(
        self, id: str, arn: str, location: Location, scope: str, told: Mapping[str, Any], created: float, tags: Tags
    ) -> None:
        self.id = id
        self.arn = arn
        self.location = location
        self.scope = scope
        self.told = told
        self.created = created
        self.tags = tags

    @property
    def permission(self) -> str:
        return str(self.told["Permission"])

    def described(self) -> dict[str, Any]:
        return {
            "CreatedAt": datetime.fromtimestamp(self.created, UTC),
            "AccessGrantId": self.id,
            "AccessGrantArn": self.arn,
            "AccessGrantsLocationId": self.location.id,
            "GrantScope": self.scope,
            **self.told,
        }


class Instance(Entity):
    """The one of an account in a Region."""

    def __init__(self, arn: str, center: str | None, created: float, tags: Tags) -> None:
        self.arn = arn
        self.center = center
        self.created = created
        self.tags = tags
        self.policy: dict[str, Any] | None = None
        self.locations = Dict()
        self.grants = Dict()

    def described(self) -> dict[str, Any]:
        return {
            "AccessGrantsInstanceId": "default",
            "AccessGrantsInstanceArn": self.arn,
            "CreatedAt": datetime.fromtimestamp(self.created, UTC),
            "IdentityCenterArn": self.center,
            "IdentityCenterInstanceArn": self.center,
        }


class Grants(Common):
    access_grants = Collection("access grants instance", key="arn")

    # --- the instance

    def create_access_grants_instance(
        self, AccountId: str, IdentityCenterArn: str | None = None, Tags: Iterable[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        self.own(AccountId)
        if len(self.access_grants):
            raise self.error("AccessGrantsInstanceAlreadyExists", "Access Grants Instance already exists")
        arn = self.arn("access-grants/default")
        instance = Instance(arn, IdentityCenterArn, self.clock.time(), self.tagged({}, Tags))
        self.access_grants.add(instance)
        return instance.described()

    def get_access_grants_instance(self, AccountId: str) -> dict[str, Any]:
        return self._instance(AccountId).described()

    def list_access_grants_instances(
        self, AccountId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        found, token = self.paged(self.access_grants, lambda each: each.arn, NextToken, MaxResults)
        return {"AccessGrantsInstancesList": [each.described() for each in found], "NextToken": token}

    def delete_access_grants_instance(self, AccountId: str) -> None:
        instance = self._instance(AccountId)
        if instance.locations or instance.grants:
            raise self.error("AccessGrantsInstanceNotEmptyError", "Access Grants Instance is not empty")
        self.access_grants.remove(instance.arn)

    def get_access_grants_instance_for_prefix(self, AccountId: str, S3Prefix: str) -> dict[str, Any]:
        instance = self._instance(AccountId)
        return {"AccessGrantsInstanceArn": instance.arn, "AccessGrantsInstanceId": "default"}

    def associate_access_grants_identity_center(self, AccountId: str, IdentityCenterArn: str) -> None:
        self._instance(AccountId).center = IdentityCenterArn

    def dissociate_access_grants_identity_center(self, AccountId: str) -> None:
        self._instance(AccountId).center = None

    def put_access_grants_instance_resource_policy(
        self, AccountId: str, Policy: str, Organization: str | None = None
    ) -> dict[str, Any]:
        from awsim.auth.policy import PolicyError, parse

        instance = self._instance(AccountId)
        try:
            parse(Policy, "resource")
        except PolicyError as error:
            raise self.error("MalformedPolicy", error.message) from None
        created = datetime.fromtimestamp(self.clock.time(), UTC)
        instance.policy = {"Policy": Policy, "Organization": Organization, "CreatedAt": created}
        return dict(instance.policy)

    def get_access_grants_instance_resource_policy(self, AccountId: str) -> dict[str, Any]:
        policy = self._instance(AccountId).policy
        if policy is None:
            raise self.error(
                "NoSuchAccessGrantsInstanceResourcePolicy", "The Access Grants Instance has no resource policy"
            )
        return dict(policy)

    def delete_access_grants_instance_resource_policy(self, AccountId: str) -> None:
        self._instance(AccountId).policy = None

    def _instance(self, account: str) -> Instance:
        self.own(account)
        return self._its_instance()

    def _its_instance(self) -> Instance:
        found: Instance | None = next(iter(self.access_grants), None)
        if found is None:
            raise self.error("AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist")
        return found

    def resource_policy(self, arn: str) -> ResourceSide:
        side = super().resource_policy(arn)
        if ":access-grants/" not in arn or side.account is None:
            return side
        from awsim.auth.policy import parse

        found: Instance | None = next(iter(self.at(account=side.account).access_grants), None)
        if found is None or found.policy is None:
            return side
        return ResourceSide(side.account, (parse(found.policy["Policy"], "resource"),))

    # --- locations

    def create_access_grants_location(
        self, AccountId: str, LocationScope: str, IAMRoleArn: str, Tags: Iterable[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        instance = self._instance(AccountId)
        if not LocationScope.startswith(_SCHEME):
            raise self.invalid("The location scope must begin with s3://")
        if any(each.scope == LocationScope for each in instance.locations.values()):
            raise self.error("AccessGrantsLocationAlreadyExistsError", "Access Grants Location already exists")
        self.limits.quota("grants-locations", len(instance.locations))
        id = "default" if LocationScope == _SCHEME else self.ids.uuid("location")
        location = Location(
            id,
            f"{instance.arn}/location/{id}",
            LocationScope,
            IAMRoleArn,
            self.clock.time(),
            self.tagged({}, Tags),
        )
        instance.locations[id] = location
        return location.described()

    def get_access_grants_location(self, AccountId: str, AccessGrantsLocationId: str) -> dict[str, Any]:
        return self._location(self._instance(AccountId), AccessGrantsLocationId).described()

    def update_access_grants_location(
        self, AccountId: str, AccessGrantsLocationId: str, IAMRoleArn: str
    ) -> dict[str, Any]:
        location = self._location(self._instance(AccountId), AccessGrantsLocationId)
        location.role = IAMRoleArn
        return location.described()

    def delete_access_grants_location(self, AccountId: str, AccessGrantsLocationId: str) -> None:
        instance = self._instance(AccountId)
        location = self._location(instance, AccessGrantsLocationId)
        if any(grant.location is location for grant in instance.grants.values()):
            raise self.error("AccessGrantsLocationNotEmptyError", "Access Grants Location is not empty")
        del instance.locations[location.id]

    def list_access_grants_locations(
        self,
        AccountId: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        LocationScope: str | None = None,
    ) -> dict[str, Any]:
        instance = self._instance(AccountId)
        wanted = (each for each in instance.locations.values() if LocationScope in (None, each.scope))
        found, token = self.paged(wanted, lambda each: each.id, NextToken, MaxResults)
        return {"AccessGrantsLocationsList": [each.described() for each in found], "NextToken": token}

    def _location(self, instance: Instance, id: str) -> Location:
        found: Location | None = instance.locations.get(id)
        if found is None:
            raise self.error("NoSuchAccessGrantsLocationError", "The specified Access Grants Location does not exist")
        return found

    # --- grants

    def create_access_grant(
        self,
        AccountId: str,
        AccessGrantsLocationId: str,
        Grantee: Mapping[str, str],
        Permission: str,
        AccessGrantsLocationConfiguration: Mapping[str, str] | None = None,
        ApplicationArn: str | None = None,
        S3PrefixType: str | None = None,
        Tags: Iterable[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        instance = self._instance(AccountId)
        location = self._location(instance, AccessGrantsLocationId)
        sub = (AccessGrantsLocationConfiguration or {}).get("S3SubPrefix") or ""
        if location.scope == _SCHEME and not sub:
            raise self.invalid("A sub-prefix is required for the default location.")
        scope = location.scope.removesuffix("*") + sub
        if S3PrefixType != "Object" and not scope.endswith("*"):
            scope += "*" if "/" in scope.removeprefix(_SCHEME) else "/*"
        if S3PrefixType == "Object" and scope.endswith("*"):
            raise self.invalid("The scope of a grant for an object must not end with *.")
        told: dict[str, Any] = {"Grantee": dict(Grantee), "Permission": Permission, "ApplicationArn": ApplicationArn}
        if AccessGrantsLocationConfiguration:
            told["AccessGrantsLocationConfiguration"] = dict(AccessGrantsLocationConfiguration)
        for grant in instance.grants.values():
            known = grant.told
            if grant.scope == scope and known["Grantee"] == told["Grantee"] and grant.permission == Permission:
                raise self.error("AccessGrantAlreadyExists", "Access Grant already exists")
        self.limits.quota("grants", len(instance.grants))
        id = self.ids.uuid("grant")
        arn = f"{instance.arn}/grant/{id}"
        grant = Grant(id, arn, location, scope, told, self.clock.time(), self.tagged({}, Tags))
        instance.grants[id] = grant
        return grant.described()

    def get_access_grant(self, AccountId: str, AccessGrantId: str) -> dict[str, Any]:
        return self._grant(self._instance(AccountId), AccessGrantId).described()

    def delete_access_grant(self, AccountId: str, AccessGrantId: str) -> None:
        instance = self._instance(AccountId)
        del instance.grants[self._grant(instance, AccessGrantId).id]

    def list_access_grants(
        self,
        AccountId: str,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        GranteeType: str | None = None,
        GranteeIdentifier: str | None = None,
        Permission: str | None = None,
        GrantScope: str | None = None,
        ApplicationArn: str | None = None,
    ) -> dict[str, Any]:
        instance = self._instance(AccountId)
        wanted = (
            grant
            for grant in instance.grants.values()
            if GranteeType in (None, grant.told["Grantee"].get("GranteeType"))
            and GranteeIdentifier in (None, grant.told["Grantee"].get("GranteeIdentifier"))
            and Permission in (None, grant.permission)
            and GrantScope in (None, grant.scope)
            and ApplicationArn in (None, grant.told.get("ApplicationArn"))
        )
        found, token = self.paged(wanted, lambda each: each.id, NextToken, MaxResults)
        return {"AccessGrantsList": [each.described() for each in found], "NextToken": token}

    def _grant(self, instance: Instance, id: str) -> Grant:
        found: Grant | None = instance.grants.get(id)
        if found is None:
            raise self.error("NoSuchAccessGrantError", "The specified Access Grant does not exist")
        return found

    # --- using them

    def list_caller_access_grants(
        self,
        AccountId: str,
        GrantScope: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
        AllowedByApplication: bool | None = None,
    ) -> dict[str, Any]:
        instance = self._of(AccountId)
        wanted = (
            grant
            for grant in instance.grants.values()
            if self._is_callers(grant) and (GrantScope is None or grant.scope.startswith(GrantScope.removesuffix("*")))
        )
        found, token = self.paged(wanted, lambda each: each.id, NextToken, MaxResults)
        listed = [
            {
                "Permission": grant.permission,
                "GrantScope": grant.scope,
                "ApplicationArn": grant.told.get("ApplicationArn"),
            }
            for grant in found
        ]
        return {"CallerAccessGrantsList": listed, "NextToken": token}

    def get_data_access(
        self,
        AccountId: str,
        Target: str,
        Permission: str,
        DurationSeconds: int | None = None,
        Privilege: str | None = None,
        TargetType: str | None = None,
    ) -> dict[str, Any]:
        instance = self._of(AccountId)
        seconds = DurationSeconds if DurationSeconds is not None else int(self.limits["data-access-default"])
        row = self.limits.row("data-access-duration")
        if seconds < int(row.minimum or 0):
            raise self.limits.error("data-access-duration", measured=seconds)
        self.limits.check("data-access-duration", seconds)
        grants = [
            grant
            for grant in instance.grants.values()
            if self._is_callers(grant)
            and grant.permission in (Permission, "READWRITE")
            and (Target == grant.scope or fnmatchcase(Target.removesuffix("*"), _literal(grant.scope)))
        ]
        if not grants:
            raise self.error(
                "AccessDenied", f"You do not have {Permission} permissions to the requested S3 Prefix: {Target}"
            )
        # The most specific one.
        grant = max(grants, key=lambda each: len(each.scope))
        scope = Target if Privilege == "Minimal" else grant.scope
        try:
            session = self.call(
                "sts",
                "AssumeRole",
                as_=_PRINCIPAL,
                account_=grant.location.role.split(":")[4],
                source_arn_=instance.arn,
                RoleArn=grant.location.role,
                RoleSessionName=f"access-grants-{self.ids.hex('session', 32)}",
                DurationSeconds=seconds,
                Policy=self._session_policy(scope, Permission),
            )
        except AWSError as error:
            raise self.error("AccessDenied", f"Access Grants could not assume the role: {error.message}") from None
        return {
            "Credentials": session["Credentials"],
            "MatchedGrantTarget": grant.scope,
            "Grantee": dict(grant.told["Grantee"]),
        }

    def _session_policy(self, scope: str, permission: str) -> str:
        """What the credentials may do: objects of the scope, and seeing which there are."""
        path = scope.removeprefix(_SCHEME)
        bucket, _, prefix = path.partition("/")
        arn = f"arn:{self.partition}:s3:::{bucket}"
        actions = [*(_READS if "READ" in permission else ()), *(_WRITES if "WRITE" in permission else ())]
        statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": actions, "Resource": f"{arn}/{prefix}"}]
        if "READ" in permission:
            listed: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn}
            if prefix.rstrip("*"):
                listed["Condition"] = {"StringLike": {"s3:prefix": prefix}}
            statements.append(listed)
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))

    def _of(self, account: str) -> Instance:
        """The instance of an account, which may be another that lets the caller in."""
        if account == self.account:
            return self._its_instance()
        instance: Instance = self.at(account=account)._its_instance()
        if self.cloud.authorization is None:
            from awsim.gateway.authorizer import check_strangers

            check_strangers(self.request, self.resource_policy(instance.arn), instance.arn.__eq__)
        return instance

    def _is_callers(self, grant: Grant) -> bool:
        grantee = grant.told["Grantee"]
        if grantee.get("GranteeType") != "IAM":
            # Users and groups of directories come with tokens of Identity Center, which nobody has here.
            return False
        caller = self.caller
        role = caller.session.role_arn if caller.session is not None else None
        return grantee.get("GranteeIdentifier") in (caller.arn, role)


def _literal(scope: str) -> str:
    return scope.replace("[", "[[]").replace("?", "[?]")
