"""Access points: endpoints of their own for buckets, each with a policy and a block of public access.

Source: S3 User Guide, "Managing access with access points", "Access points restrictions and limitations".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3control.common import Common
from awsim.state import Collection, Entity
from awsim.state.tags import Tags

_BASE36 = "abcdefghijklmnopqrstuvwxyz0123456789"
_RANDOM_PART = 34
_LONGEST_ALIAS = 63
_ALIAS_END = "-s3alias"


class AccessPoint(Entity):
    """As S3 knows it too: see `Point` of its access points."""

    def __init__(self, name: str, arn: str, alias: str, account: str, bucket: str, bucket_account: str) -> None:
        self.name = name
        self.arn = arn
        self.alias = alias
        self.account = account
        self.bucket = bucket
        self.bucket_account = bucket_account
        self.vpc: str | None = None
        self.block: Mapping[str, bool] = {}
        self.policy: str | None = None
        self.created = 0.0
        self.tags = Tags()

    @property
    def network_origin(self) -> str:
        return "Internet" if self.vpc is None else "VPC"

    def bucket_in(self, region: str | None) -> str | None:
        return self.bucket

    def listed(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "NetworkOrigin": self.network_origin,
            "VpcConfiguration": None if self.vpc is None else {"VpcId": self.vpc},
            "Bucket": self.bucket,
            "AccessPointArn": self.arn,
            "Alias": self.alias,
            "BucketAccountId": self.bucket_account,
        }


class AccessPoints(Common):
    access_points = Collection("access point", quota="access-points")

    def create_access_point(
        self,
        AccountId: str,
        Name: str,
        Bucket: str,
        VpcConfiguration: Mapping[str, str] | None = None,
        PublicAccessBlockConfiguration: Mapping[str, bool] | None = None,
        BucketAccountId: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        self.own(AccountId)
        self.check_name(Name, "accesspoint", self.limits["name-longest"])
        tags = self.tagged({}, Tags)
        bucket = self.s3.buckets.get(Bucket)
        if bucket is None or bucket.region != self.region:
            raise self.invalid("Amazon S3 AccessPoint can only be created for existing bucket")
        if bucket.account != (BucketAccountId or self.account):
            raise self.error("AccessDenied", "Access Denied")
        if Name in self.access_points:
            raise self.error(
                "AccessPointAlreadyOwnedByYou",
                "Your previous request to create the named accesspoint succeeded and you already own it.",
                AccessPointName=Name,
            )
        random = self.ids.text("access-point", _RANDOM_PART, _BASE36)
        start = Name[: _LONGEST_ALIAS - _RANDOM_PART - len(_ALIAS_END) - 1]
        alias = f"{start}-{random}{_ALIAS_END}"
        point = AccessPoint(Name, self.arn(f"accesspoint/{Name}"), alias, self.account, Bucket, bucket.account)
        point.vpc = (VpcConfiguration or {}).get("VpcId")
        point.block = self.blocked(PublicAccessBlockConfiguration, True)
        point.created = self.clock.time()
        point.tags = tags
        self.access_points.add(point)
        self.s3.open_point(point)
        return {"AccessPointArn": point.arn, "Alias": alias}

    def get_access_point(self, AccountId: str, Name: str) -> dict[str, Any]:
        point = self._point(AccountId, Name)
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return {
            **point.listed(),
            "PublicAccessBlockConfiguration": dict(point.block),
            "CreationDate": datetime.fromtimestamp(point.created, UTC),
            "Endpoints": {
                "ipv4": f"s3-accesspoint.{self.region}.{suffix}",
                "fips": f"s3-accesspoint-fips.{self.region}.{suffix}",
                "fips_dualstack": f"s3-accesspoint-fips.dualstack.{self.region}.{suffix}",
                "dualstack": f"s3-accesspoint.dualstack.{self.region}.{suffix}",
            },
        }

    def list_access_points(
        self,
        AccountId: str,
        Bucket: str | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        self.own(AccountId)
        wanted = (point for point in self.access_points if Bucket in (None, point.bucket))
        found, token = self.paged(wanted, lambda point: point.name, NextToken, MaxResults)
        return {"AccessPointList": [point.listed() for point in found], "NextToken": token}

    def delete_access_point(self, AccountId: str, Name: str) -> None:
        point = self._point(AccountId, Name)
        self.access_points.remove(Name)
        self.s3.close_point(point)

    def _point(self, account: str, name: str) -> AccessPoint:
        self.own(account)
        # Its ARN stands for its name.
        short = name.rpartition("/")[2] if name.startswith("arn:") else name
        found: AccessPoint | None = self.access_points.get(short)
        if found is None:
            self.check_name(short, "accesspoint", self.limits["name-longest"])
            raise self.error("NoSuchAccessPoint", AccessPointName=short)
        return found

    # --- policies

    def put_access_point_policy(self, AccountId: str, Name: str, Policy: str) -> None:
        point = self._point(AccountId, Name)
        self.limits.check("policy-size", len(Policy.encode()))
        self.s3.check_point_policy(Policy, point.arn)
        above = self.s3.account_block(self.account) or {}
        blocked = point.block.get("BlockPublicPolicy") or above.get("BlockPublicPolicy")
        if blocked and self.s3.is_public(Policy):
            raise self.public_refused(point.arn)
        point.policy = Policy

    def public_refused(self, arn: str) -> AWSError:
        return self.error(
            "AccessDenied",
            f"User: {self.caller.arn} is not authorized to perform: s3:{self.request.operation} on resource: "
            f'"{arn}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public '
            "Access.",
        )

    def get_access_point_policy(self, AccountId: str, Name: str) -> dict[str, Any]:
        return {"Policy": self._policy(self._point(AccountId, Name))}

    def delete_access_point_policy(self, AccountId: str, Name: str) -> None:
        self._point(AccountId, Name).policy = None

    def get_access_point_policy_status(self, AccountId: str, Name: str) -> dict[str, Any]:
        return {"PolicyStatus": {"IsPublic": self.s3.is_public(self._policy(self._point(AccountId, Name)))}}

    def _policy(self, point: AccessPoint) -> str:
        if point.policy is None:
            raise self.error("NoSuchAccessPointPolicy", AccessPointName=point.name)
        return point.policy
