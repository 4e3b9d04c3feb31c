"""Access points: other names of buckets, each with a policy and a block of public access of its own.

s3control makes them; S3 is told of each (`open_point`, `close_point`) and takes its ARN, its alias or its host for a
bucket. What is asked through one needs the permission of its policy and of the bucket's.

Sources: S3 User Guide, "Using access points", "Configuring IAM policies for using access points", "Access point
compatibility with AWS services and operations", "Multi-Region Access Points".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, unquote

from awsim.lazily import lazily
from awsim.service import ResourceSide
from awsim.services.s3.access import Access
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.permissions import is_public, parsed
from awsim.state import Dict

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.services.s3 import policies
else:
    policies = lazily("awsim.services.s3.policies")

_ALIAS_END = "-s3alias"
_ARN = r"arn:[a-z-]+:(s3|s3-object-lambda|s3-outposts):([a-z0-9-]*):(\d{12}|):accesspoint[:/]([^/]+)"
# What works through an access point; everything else is about the bucket itself.
_SUPPORTED = frozenset(
    (
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "GetBucketAcl",
        "GetBucketCors",
        "GetBucketLocation",
        "GetBucketNotificationConfiguration",
        "GetBucketPolicy",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectLegalHold",
        "GetObjectRetention",
        "GetObjectTagging",
        "HeadBucket",
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectVersions",
        "ListObjects",
        "ListObjectsV2",
        "ListParts",
        "OptionsObject",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RestoreObject",
        "UploadPart",
        "UploadPartCopy",
    )
)


class Point(Protocol):
    """An access point, or one over buckets of several Regions, as s3control keeps it."""

    @property
    def arn(self) -> str: ...
    @property
    def alias(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def network_origin(self) -> str: ...
    @property
    def policy(self) -> str | None: ...
    @property
    def block(self) -> Mapping[str, bool]: ...
    def bucket_in(self, region: str | None) -> str | None:
        """The bucket that a request from a Region reaches; None where no route leads to one."""


class Through(NamedTuple):
    """By which access point a call came; `params` as the caller wrote them."""

    point: Point
    bucket: str
    params: Mapping[str, Any]

    def resource(self, key: str) -> str:
        return f"{self.point.arn}/object/{key}" if key else self.point.arn

    def lets_in(self, call: Call, action: str, bucket: Bucket, key: str) -> bool:
        """Whether the caller, of the bucket's own account, may by policies of its own that name the access point."""
        policies = call.cloud.authorization
        if policies is None or bucket.name != self.bucket or call.caller.account != bucket.account:
            return False
        return policies.by_identity(call, action, self.resource(key))

    def judge(self, call: Call, action: str, bucket: Bucket, key: str, keys: Mapping[str, Any] | None) -> None:
        """Refuse what the access point's policy does not let the caller do."""
        from awsim.gateway.authorizer import denial, judged

        if bucket.name != self.bucket:
            return
        decision = judged(call, action, self.resource(key), keys)
        if decision is not None and not decision.allowed:
            raise denial(call, decision)


class AccessPoints(Access):
    aliased = True

    def setup(self) -> None:
        super().setup()
        self.points = Dict()  # ARN -> Point
        self.point_aliases = Dict()  # alias -> ARN

    def open_point(self, point: Point) -> None:
        """Let an access point stand for its bucket from now on."""
        self.points[point.arn] = point
        self.point_aliases[point.alias] = point.arn

    def close_point(self, point: Point) -> None:
        self.points.pop(point.arn, None)
        self.point_aliases.pop(point.alias, None)

    def points_of(self, bucket: str) -> list[Point]:
        """The access points that lead to a bucket."""
        return [point for point in self.points.values() if point.bucket_in(None) == bucket]

    # --- names

    def by_other_names(self, call: Call) -> None:
        params = call.params
        name, source = params.get("Bucket"), params.get("CopySource")
        changed: dict[str, Any] = {}
        point = self._named(name) if name is not None else None
        if point is not None:
            bucket = self._enter(call, point)
            changed["Bucket"] = bucket
            call.through = Through(point, bucket, params)
            self._check_access(call, {**params, "Bucket": point.arn})
        if source is not None:
            found = self._source(source)
            if found is not None:
                point, key, query = found
                bucket = self._bucket_of(point, call.region)
                changed["CopySource"] = f"{quote(bucket)}/{quote(key)}{query}"
                call.through = call.through or Through(point, bucket, params)
                asked = {"Bucket": point.arn, "Key": key, "VersionId": query.partition("=")[2] or None}
                self._check_access(call, {**params, "CopySource": asked}, Through(point, bucket, params))
        if changed:
            call.params = {**params, **changed}

    def _named(self, name: str) -> Point | None:
        """The access point that a bucket's name stands for; None where it is a bucket's indeed."""
        if name.endswith(_ALIAS_END):
            arn = self.point_aliases.get(name)
            return None if arn is None else self.points[arn]
        if not name.startswith("arn:"):
            return None
        found = re.fullmatch(_ARN, name)
        if found is None:
            return None
        service, region, account, short = found.groups()
        if service != "s3":
            self.not_modelled("requests to S3 on Outposts")
        if not account:
            # The host of a Multi-Region Access Point does not say whose it is.
            point = next((each for each in self.points.values() if each.alias == f"{short}.mrap"), None)
        else:
            point = self.points.get(f"arn:{self.partition}:s3:{region}:{account}:accesspoint/{short}")
        if point is None:
            raise self.error("NoSuchAccessPoint", "The specified accesspoint does not exist", AccessPointName=short)
        return point

    def _source(self, source: Any) -> tuple[Point, str, str] | None:
        """(access point, key, "?versionId=…") of what a copy reads, where that is named by an access point."""
        if isinstance(source, Mapping):
            name, key, version = source["Bucket"], source["Key"], source.get("VersionId")
            query = f"?versionId={version}" if version else ""
        else:
            path, mark, version = source.partition("?versionId=")
            query = mark + version
            path = unquote(path).lstrip("/")
            name, _, key = path.partition("/object/" if path.startswith("arn:") else "/")
        point = self._named(name)
        return None if point is None else (point, key, query)

    def _enter(self, call: Call, point: Point) -> str:
        """The bucket behind an access point, if the request can be made through one and comes from where it must."""
        if call.operation not in _SUPPORTED:
            raise self.error(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                Method=call.http.method if call.http is not None else "",
                ResourceType="ACCESSPOINT",
            )
        return self._bucket_of(point, call.region)

    def _bucket_of(self, point: Point, region: str | None) -> str:
        if point.network_origin == "VPC" and self.cloud.authorization is not None:
            # Nothing here comes through an endpoint of a VPC.
            raise self.error("AccessDenied", "Access Denied")
        bucket = point.bucket_in(region)
        if bucket is None:
            raise self.error("NoSuchBucket", "The specified bucket does not exist")
        return bucket

    # --- permissions

    def _check_access(self, call: Call, params: Mapping[str, Any], through: Through | None = None) -> None:
        """Refuse what the access point's policy does not let the caller do; the bucket's is asked later."""
        from awsim.gateway.authorizer import denial, judged

        point = (through or call.through).point
        caller = call.caller
        if self.cloud.authorization is None and caller.account == point.account and not caller.is_anonymous:
            return
        if call.operation in self.itemised:
            return
        from awsim.auth.actions import authorizations_for

        needed = authorizations_for(
            "s3", call.operation, params, call.account, call.region or "", self.partition, caller=caller.arn
        )
        for action, resource, keys in needed:
            if resource != point.arn and not resource.startswith(f"{point.arn}/"):
                continue
            decision = judged(call, action, resource, keys)
            if decision is not None and not decision.allowed:
                raise denial(call, decision)

    def resource_policy(self, arn: str) -> ResourceSide:
        """The owner and the policy of an access point."""
        point = self._point_of(arn)
        if point is None:
            return super().resource_policy(arn)
        text = point.policy
        return ResourceSide(point.account, parsed(text, self._is_closed(point, text)) if text else ())

    def _is_closed(self, point: Point, text: str) -> bool:
        """Whether a public policy opens an access point to its own account only, and the caller is of another."""
        caller = self.caller
        if caller.account == point.account and not caller.is_anonymous:
            return False
        above = self.account_block(point.account) or {}
        restricted = point.block.get("RestrictPublicBuckets") or above.get("RestrictPublicBuckets")
        return bool(restricted) and is_public(text)

    def place(self, arn: str) -> tuple[Bucket | None, str]:
        point = self._point_of(arn)
        if point is None:
            return super().place(arn)
        bucket = self.buckets.get(point.bucket_in(self.cloud.current.region))
        return bucket, arn.partition("/object/")[2]

    def _point_of(self, arn: str) -> Point | None:
        return self.points.get(arn.partition("/object/")[0]) if ":accesspoint/" in arn else None

    def check_point_policy(self, text: str, arn: str, prefix: str = "s3") -> None:
        """Refuse what is no policy of the access point `arn`. Raises MalformedPolicy."""
        self.check_principals(policies.check_of_access_point(text, arn, prefix))

    @staticmethod
    def is_public(text: str) -> bool:
        """Whether a policy lets everybody in."""
        return is_public(text)
