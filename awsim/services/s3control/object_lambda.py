"""Object Lambda access points and their configurations; S3 answers what is read through them.

Source: S3 User Guide, "Transforming objects with S3 Object Lambda"; closed to new customers since November 7, 2025.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from awsim.services.s3control.common import Common
from awsim.state import Collection, Entity

_BASE36 = "abcdefghijklmnopqrstuvwxyz0123456789"


class LambdaPoint(Entity):
    def __init__(self, name: str, arn: str, alias: str, configuration: Mapping[str, Any], created: float) -> None:
        self.name = name
        self.arn = arn
        self.alias = alias
        self.configuration = configuration
        self.created = created
        self.policy: str | None = None

    def shown_alias(self) -> dict[str, str]:
        return {"Value": self.alias, "Status": "READY"}


class ObjectLambda(Common):
    lambda_points = Collection("Object Lambda access point", quota="object-lambda-access-points")

    def create_access_point_for_object_lambda(
        self, AccountId: str, Name: str, Configuration: Mapping[str, Any]
    ) -> dict[str, Any]:
        self.own(AccountId)
        if self.limits["object-lambda-closed"]:
            raise self.error("MethodNotAllowed", ResourceType="OBJECTLAMBDAACCESSPOINT")
        self.check_name(Name, "accesspointforobjectlambda", self.limits["object-lambda-name-longest"])
        if Name in self.lambda_points:
            raise self.error(
                "AccessPointAlreadyOwnedByYou",
                "Your previous request to create the named accesspoint succeeded and you already own it.",
                AccessPointName=Name,
            )
        self._check_configuration(Configuration)
        arn = f"arn:{self.partition}:s3-object-lambda:{self.region}:{self.account}:accesspoint/{Name}"
        alias = f"{Name[:20]}-{self.ids.text('lambda-point', 34, _BASE36)}--ol-s3"
        point = LambdaPoint(Name, arn, alias, dict(Configuration), self.clock.time())
        self.lambda_points.add(point)
        self.s3.open_lambda_point(point)
        return {"ObjectLambdaAccessPointArn": arn, "Alias": point.shown_alias()}

    def _check_configuration(self, configuration: Mapping[str, Any]) -> None:
        supporting = configuration["SupportingAccessPoint"]
        point = self.s3.points.get(supporting)
        if point is None or point.account != self.account:
            raise self.invalid("The supporting access point does not exist.")
        if not configuration["TransformationConfigurations"]:
            raise self.malformed()

    def get_access_point_for_object_lambda(self, AccountId: str, Name: str) -> dict[str, Any]:
        point = self._lambda_point(AccountId, Name)
        return {
            "Name": Name,
            "PublicAccessBlockConfiguration": self.blocked(None, True),
            "CreationDate": datetime.fromtimestamp(point.created, UTC),
            "Alias": point.shown_alias(),
        }

    def list_access_points_for_object_lambda(
        self, AccountId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        found, token = self.paged(self.lambda_points, lambda point: point.name, NextToken, MaxResults)
        listed = [
            {"Name": point.name, "ObjectLambdaAccessPointArn": point.arn, "Alias": point.shown_alias()}
            for point in found
        ]
        return {"ObjectLambdaAccessPointList": listed, "NextToken": token}

    def delete_access_point_for_object_lambda(self, AccountId: str, Name: str) -> None:
        point = self._lambda_point(AccountId, Name)
        self.lambda_points.remove(point.name)
        self.s3.close_lambda_point(point)

    def get_access_point_configuration_for_object_lambda(self, AccountId: str, Name: str) -> dict[str, Any]:
        return {"Configuration": dict(self._lambda_point(AccountId, Name).configuration)}

    def put_access_point_configuration_for_object_lambda(
        self, AccountId: str, Name: str, Configuration: Mapping[str, Any]
    ) -> None:
        point = self._lambda_point(AccountId, Name)
        self._check_configuration(Configuration)
        point.configuration = dict(Configuration)

    def put_access_point_policy_for_object_lambda(self, AccountId: str, Name: str, Policy: str) -> None:
        point = self._lambda_point(AccountId, Name)
        self.limits.check("policy-size", len(Policy.encode()))
        self.s3.check_point_policy(Policy, point.arn, "s3-object-lambda")
        if self.s3.is_public(Policy):
            raise self.error("AccessDenied", "Access Denied")
        point.policy = Policy

    def get_access_point_policy_for_object_lambda(self, AccountId: str, Name: str) -> dict[str, Any]:
        return {"Policy": self._lambda_policy(AccountId, Name)}

    def delete_access_point_policy_for_object_lambda(self, AccountId: str, Name: str) -> None:
        self._lambda_point(AccountId, Name).policy = None

    def get_access_point_policy_status_for_object_lambda(self, AccountId: str, Name: str) -> dict[str, Any]:
        return {"PolicyStatus": {"IsPublic": self.s3.is_public(self._lambda_policy(AccountId, Name))}}

    def _lambda_policy(self, account: str, name: str) -> str:
        policy = self._lambda_point(account, name).policy
        if policy is None:
            raise self.error("NoSuchAccessPointPolicy", AccessPointName=name)
        return policy

    def _lambda_point(self, account: str, name: str) -> LambdaPoint:
        self.own(account)
        found: LambdaPoint | None = self.lambda_points.get(name)
        if found is None:
            raise self.error("NoSuchAccessPoint", AccessPointName=name)
        return found
