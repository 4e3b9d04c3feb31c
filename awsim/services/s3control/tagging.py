"""Tags of whatever S3 Control has, by ARN; of buckets too.

Source: S3 API Reference, TagResource, UntagResource, ListTagsForResource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awsim.errors import AWSError
from awsim.services.s3control.access_points import AccessPoints
from awsim.services.s3control.grants import Grants
from awsim.services.s3control.jobs import Jobs
from awsim.services.s3control.storage_lens import StorageLens


class Tagging(AccessPoints, Grants, StorageLens, Jobs):
    def tag_resource(self, AccountId: str, ResourceArn: str, Tags: Iterable[Mapping[str, str]]) -> dict[str, Any]:
        self.own(AccountId)
        bucket = self._bucket(ResourceArn)
        if bucket is not None:
            self._tag_bucket(bucket, self.tagged(self._tags_of_bucket(bucket), Tags).as_list())
            return {}
        found = self._holder(ResourceArn)
        found.tags = self.tagged(found.tags, Tags)
        return {}

    def untag_resource(self, AccountId: str, ResourceArn: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        self.own(AccountId)
        bucket = self._bucket(ResourceArn)
        if bucket is not None:
            kept = {key: value for key, value in self._tags_of_bucket(bucket).items() if key not in TagKeys}
            self._tag_bucket(bucket, [{"Key": key, "Value": value} for key, value in kept.items()])
            return {}
        found = self._holder(ResourceArn)
        found.tags = found.tags.without(TagKeys)
        return {}

    def list_tags_for_resource(self, AccountId: str, ResourceArn: str) -> dict[str, Any]:
        self.own(AccountId)
        bucket = self._bucket(ResourceArn)
        if bucket is not None:
            return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags_of_bucket(bucket).items()]}
        return {"Tags": self._holder(ResourceArn).tags.as_list()}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        try:
            tags: Mapping[str, str] = self._holder(arn).tags
        except AWSError:
            return None
        return tags

    def _holder(self, arn: str) -> Any:
        """The record that an ARN names."""
        resource = arn.split(":", 5)[5] if arn.count(":") >= 5 else ""
        kind, _, name = resource.partition("/")
        found: Any = None
        if kind == "accesspoint":
            found = self.access_points.get(name)
        elif kind == "storage-lens-group":
            found = self.lens_groups.get(name)
        elif kind == "storage-lens":
            found = self.dashboards.get(name)
        elif kind == "job":
            found = self.jobs.get(name)
        elif kind == "access-grants":
            instance = next(iter(self.access_grants), None)
            _, _, rest = name.partition("/")
            sort, _, id = rest.partition("/")
            if instance is not None:
                known = {"": {"": instance}, "grant": instance.grants, "location": instance.locations}
                found = known.get(sort, {}).get(id)
        if found is None or (kind != "storage-lens" and found.arn != arn):
            raise self.error("NoSuchResource")
        return found

    def _bucket(self, arn: str) -> str | None:
        start = f"arn:{self.partition}:s3:::"
        return arn.removeprefix(start) if arn.startswith(start) else None

    def _tags_of_bucket(self, name: str) -> dict[str, str]:
        try:
            found = self.call("s3", "GetBucketTagging", as_=self.caller, Bucket=name)
        except AWSError as error:
            if error.code != "NoSuchTagSet":
                raise
            return {}
        return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}

    def _tag_bucket(self, name: str, tags: Sequence[Mapping[str, str]]) -> None:
        if tags:
            self.call("s3", "PutBucketTagging", as_=self.caller, Bucket=name, Tagging={"TagSet": list(tags)})
        else:
            self.call("s3", "DeleteBucketTagging", as_=self.caller, Bucket=name)
