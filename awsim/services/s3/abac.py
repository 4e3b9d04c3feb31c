"""Tags of a bucket as a ground for access to it (attribute-based access control).

Source: S3 User Guide, "Enabling ABAC in general purpose buckets".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsim.services.s3.access import Access


class Abac(Access):
    def put_bucket_abac(
        self,
        Bucket: str,
        AbacStatus: dict[str, Any],
        ContentMD5: str | None = None,
        ChecksumAlgorithm: str | None = None,
        ExpectedBucketOwner: str | None = None,
    ) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        if not AbacStatus.get("Status"):
            raise self.malformed_xml()
        bucket.settings["abac"] = AbacStatus["Status"]

    def get_bucket_abac(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        return {"AbacStatus": {"Status": bucket.setting("abac", "Disabled")}}

    def tags_of(self, arn: str) -> Mapping[str, str] | None:
        bucket, key = self.place(arn)
        if bucket is None or key or bucket.setting("abac") != "Enabled":
            return None
        return dict(bucket.setting("tagging", ()))
