"""Multi-Region Access Points: one name over buckets of several Regions, made and changed by asynchronous requests.

Source: S3 User Guide, "Multi-Region Access Points in Amazon S3". All that is known of them is in us-west-2, where AWS
has their control plane; here every Region answers for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from awsim.services.s3control.access_points import AccessPoints
from awsim.state import Collection, Dict, Entity

_HOME = "us-west-2"
_NAME = re.compile(r"[a-z0-9][-a-z0-9]{1,48}[a-z0-9]")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALL = 100


class Route(NamedTuple):
    """One bucket of a Multi-Region Access Point. `dial`: 100 where requests go there, 0 where not."""

    bucket: str
    region: str
    account: str
    dial: int = _ALL


class MultiRegionPoint(Entity):
    """As S3 knows it too: see `Point` of its access points."""

    network_origin = "Internet"

    def __init__(
        self, name: str, arn: str, alias: str, account: str, routes: tuple[Route, ...], created: float
    ) -> None:
        self.name = name
        self.arn = arn
        self.alias = alias
        self.account = account
        self.routes = routes
        self.created = created
        self.block: Mapping[str, bool] = {}
        self.policy: str | None = None
        self.proposed: str | None = None
        self.status = "CREATING"

    def bucket_in(self, region: str | None) -> str | None:
        """The bucket in the Region asked from, if requests go there; else the first that they go to."""
        open_ = [route for route in self.routes if route.dial]
        near = next((route for route in open_ if route.region == region), None) or next(iter(open_), None)
        return None if near is None else near.bucket

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Alias": self.alias,
            "CreatedAt": datetime.fromtimestamp(self.created, UTC),
            "PublicAccessBlock": dict(self.block),
            "Status": self.status,
            "Regions": [
                {"Bucket": route.bucket, "Region": route.region, "BucketAccountId": route.account}
                for route in self.routes
            ],
        }


class Asked(NamedTuple):
    """An asynchronous request. `details` are its parameters."""

    arn: str
    operation: str
    details: Mapping[str, Any]
    created: float
    status: str


class MultiRegion(AccessPoints):
    idempotent = dict.fromkeys(
        (
            "CreateJob",
            "CreateMultiRegionAccessPoint",
            "DeleteMultiRegionAccessPoint",
            "PutMultiRegionAccessPointPolicy",
        ),
        ("client-token", "IdempotencyException", "The client token was used before with other parameters."),
    )

    multi_region_points = Collection("Multi-Region Access Point", quota="multi-region-access-points")

    def setup(self) -> None:
        super().setup()
        self.asked = Dict()  # ARN -> Asked

    @property
    def home(self) -> MultiRegion:
        if self.region == _HOME or self.partition != "aws":
            return self
        found: MultiRegion = self.at(region=_HOME)
        return found

    def _ask(self, kind: str, operation: str, details: Mapping[str, Any], row: str) -> dict[str, Any]:
        """Take a request on, to be done later."""
        arn = self.arn(f"async-request/mrap/{kind}/{self.ids.text('async', 44)}")
        self.asked[arn] = Asked(arn, operation, details, self.clock.time(), "NEW")
        self.later(self.limits.duration(row), "finish_request", arn=arn)
        return {"RequestTokenARN": arn}

    def finish_request(self, arn: str) -> None:
        """Scheduled: what was asked for is done."""
        asked: Asked = self.asked[arn]
        self.asked[arn] = asked._replace(status="SUCCEEDED")
        point: MultiRegionPoint | None = self.multi_region_points.get(asked.details["Name"])
        if point is None:
            return
        if asked.operation == "CreateMultiRegionAccessPoint":
            point.status = "READY"
            self.s3.open_point(point)
        elif asked.operation == "DeleteMultiRegionAccessPoint":
            self.multi_region_points.remove(point.name)
            self.s3.close_point(point)
        else:
            point.policy = asked.details["Policy"]
            if point.proposed == point.policy:
                point.proposed = None

    # --- made and deleted

    def create_multi_region_access_point(
        self, AccountId: str, Details: Mapping[str, Any], ClientToken: str | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        return self.home.create_point(Details)

    def create_point(self, details: Mapping[str, Any]) -> dict[str, Any]:
        name = details["Name"]
        if not _NAME.fullmatch(name):
            raise self.error("InvalidURI", "Couldn't parse the specified URI.", URI=name)
        if name in self.multi_region_points:
            raise self.error(
                "MultiRegionAccessPointAlreadyOwnedByYou",
                "Your previous request to create the named Multi-Region Access Point succeeded and you already own it.",
            )
        routes = tuple(self._route(given) for given in details["Regions"])
        self.limits.check("multi-region-buckets", len(routes))
        if not routes:
            raise self.malformed()
        if len({route.region for route in routes}) != len(routes):
            raise self.invalid("A Multi-Region Access Point has one bucket for each Region.")
        alias = f"{self.ids.text('mrap', 13, _LETTERS)}.mrap"
        arn = self.arn(f"accesspoint/{alias}", region="")
        point = MultiRegionPoint(name, arn, alias, self.account, routes, self.clock.time())
        point.block = self.blocked(details.get("PublicAccessBlock"), True)
        self.multi_region_points.add(point)
        return self._ask("create", "CreateMultiRegionAccessPoint", details, "multi-region-creation")

    def _route(self, given: Mapping[str, Any]) -> Route:
        bucket = self.s3.buckets.get(given["Bucket"])
        if bucket is None:
            raise self.error("NoSuchBucket", "The specified bucket does not exist", BucketName=given["Bucket"])
        if bucket.account != (given.get("BucketAccountId") or self.account):
            raise self.error("AccessDenied", "Access Denied")
        return Route(bucket.name, bucket.region, bucket.account)

    def delete_multi_region_access_point(
        self, AccountId: str, Details: Mapping[str, Any], ClientToken: str | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        return self.home.delete_point(Details)

    def delete_point(self, details: Mapping[str, Any]) -> dict[str, Any]:
        point = self._settled(details["Name"])
        point.status = "DELETING"
        return self._ask("delete", "DeleteMultiRegionAccessPoint", details, "multi-region-deletion")

    def get_multi_region_access_point(self, AccountId: str, Name: str) -> dict[str, Any]:
        self.own(AccountId)
        return {"AccessPoint": self.home._multi_region_point(Name).described()}

    def list_multi_region_access_points(
        self, AccountId: str, NextToken: str | None = None, MaxResults: int | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        found, token = self.paged(self.home.multi_region_points, lambda point: point.name, NextToken, MaxResults)
        return {"AccessPoints": [point.described() for point in found], "NextToken": token}

    def describe_multi_region_access_point_operation(self, AccountId: str, RequestTokenARN: str) -> dict[str, Any]:
        self.own(AccountId)
        asked: Asked | None = self.home.asked.get(RequestTokenARN)
        if asked is None:
            raise self.error("NoSuchAsyncRequest", "The specified async request does not exist")
        told: dict[str, Any] = {
            "CreationTime": datetime.fromtimestamp(asked.created, UTC),
            "Operation": asked.operation,
            "RequestTokenARN": asked.arn,
            "RequestParameters": {f"{asked.operation}Request": dict(asked.details)},
            "RequestStatus": asked.status,
        }
        point: MultiRegionPoint | None = self.home.multi_region_points.get(asked.details["Name"])
        if asked.status == "SUCCEEDED" and point is not None:
            regions = [{"Name": route.region, "RequestStatus": asked.status} for route in point.routes]
            told["ResponseDetails"] = {"MultiRegionAccessPointDetails": {"Regions": regions}}
        return {"AsyncOperation": told}

    def _multi_region_point(self, name: str) -> MultiRegionPoint:
        found: MultiRegionPoint | None = self.multi_region_points.get(name)
        if found is None:
            raise self.error("NoSuchMultiRegionAccessPoint")
        return found

    def _settled(self, name: str) -> MultiRegionPoint:
        point = self._multi_region_point(name)
        if point.status != "READY":
            raise self.invalid(f"The Multi-Region Access Point is {point.status}.")
        return point

    # --- policies

    def put_multi_region_access_point_policy(
        self, AccountId: str, Details: Mapping[str, Any], ClientToken: str | None = None
    ) -> dict[str, Any]:
        self.own(AccountId)
        return self.home.put_policy(Details)

    def put_policy(self, details: Mapping[str, Any]) -> dict[str, Any]:
        point = self._settled(details["Name"])
        policy = details["Policy"]
        self.limits.check("policy-size", len(policy.encode()))
        self.s3.check_point_policy(policy, point.arn)
        above = self.s3.account_block(self.account) or {}
        if (point.block.get("BlockPublicPolicy") or above.get("BlockPublicPolicy")) and self.s3.is_public(policy):
            raise self.public_refused(point.arn)
        point.proposed = policy
        return self._ask("put-policy", "PutMultiRegionAccessPointPolicy", details, "multi-region-policy")

    def get_multi_region_access_point_policy(self, AccountId: str, Name: str) -> dict[str, Any]:
        self.own(AccountId)
        point = self.home._multi_region_point(Name)
        proposed = point.proposed or point.policy
        return {
            "Policy": {
                "Established": None if point.policy is None else {"Policy": point.policy},
                "Proposed": None if proposed is None else {"Policy": proposed},
            }
        }

    def get_multi_region_access_point_policy_status(self, AccountId: str, Name: str) -> dict[str, Any]:
        self.own(AccountId)
        policy = self.home._multi_region_point(Name).policy
        return {"Established": {"IsPublic": policy is not None and self.s3.is_public(policy)}}

    # --- routes

    def get_multi_region_access_point_routes(self, AccountId: str, Mrap: str) -> dict[str, Any]:
        self.own(AccountId)
        point = self._by_arn(Mrap)
        return {
            "Mrap": point.arn,
            "Routes": [
                {"Bucket": route.bucket, "Region": route.region, "TrafficDialPercentage": route.dial}
                for route in point.routes
            ],
        }

    def submit_multi_region_access_point_routes(
        self, AccountId: str, Mrap: str, RouteUpdates: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.own(AccountId)
        point = self._by_arn(Mrap)
        routes = list(point.routes)
        for update in RouteUpdates:
            dial = update["TrafficDialPercentage"]
            places = [
                at
                for at, route in enumerate(routes)
                if (update.get("Bucket") or update.get("Region")) is not None
                and update.get("Bucket") in (None, route.bucket)
                and update.get("Region") in (None, route.region)
            ]
            if not places or dial not in (0, _ALL):
                raise self.invalid("A route update names a bucket or a Region, and a traffic dial of 0 or 100.")
            routes[places[0]] = routes[places[0]]._replace(dial=dial)
        if not any(route.dial for route in routes):
            raise self.invalid("At least one Region must be active.")
        point.routes = tuple(routes)
        return {}

    def _by_arn(self, mrap: str) -> MultiRegionPoint:
        for point in self.home.multi_region_points:
            if mrap in (point.arn, point.alias, point.name) and point.status == "READY":
                found: MultiRegionPoint = point
                return found
        raise self.error("NoSuchMultiRegionAccessPoint")
