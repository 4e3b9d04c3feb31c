"""Buckets themselves: made, found, listed and deleted."""

from __future__ import annotations

from typing import Any

from awsim.services.s3 import acl, listing, names
from awsim.services.s3 import tags as tagging
from awsim.services.s3.access import Access, when
from awsim.services.s3.bucket import Bucket
from awsim.wire.models import service_model

_OWNERSHIPS = ("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def regions() -> frozenset[str]:
    """The regions that a bucket can be made in, as location constraints; EU stands for eu-west-1."""
    return frozenset(service_model("s3").shape_for("BucketLocationConstraint").enum) | {"us-east-1"}


class Buckets(Access):
    def create_bucket(
        self,
        Bucket: str,
        ACL: str | None = None,
        CreateBucketConfiguration: dict[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWrite: str | None = None,
        GrantWriteACP: str | None = None,
        ObjectLockEnabledForBucket: bool | None = None,
        ObjectOwnership: str | None = None,
        BucketNamespace: str | None = None,
    ) -> dict[str, Any]:
        call = self.cloud.current
        if call.http is not None:
            if not call.http.headers.get("content-length", "0").isdecimal():
                raise self.error("BadRequest", "An error occurred when parsing the HTTP request.")
            if call.http.query_string:
                self.verify_presigned()
        account = call.caller.account
        if call.caller.is_anonymous:
            raise self.error("AccessDenied", "Access Denied")
        configuration = CreateBucketConfiguration or {}
        constraint = configuration.get("LocationConstraint")
        region = self._location(constraint)
        suffix = f"-{account}-{region}-an" if BucketNamespace == "account-regional" else None
        shortest, longest = self.limits["bucket-name-shortest"] or 1, self.limits["bucket-name-longest"] or 255
        if not names.is_bucket_name(Bucket, shortest, longest, suffix):
            raise names.invalid_bucket_name(Bucket)
        if "Location" in configuration or "Bucket" in configuration:
            self.not_modelled("directory buckets")
        ownership = self._ownership(ObjectOwnership)
        grants = {
            "FULL_CONTROL": GrantFullControl,
            "READ": GrantRead,
            "READ_ACP": GrantReadACP,
            "WRITE": GrantWrite,
            "WRITE_ACP": GrantWriteACP,
        }
        acl_wanted = acl.wanted(account, ACL, grants)
        tags = tagging.from_set(configuration.get("Tags"), self.limits, "bucket-tags")
        existing = self.buckets.get(Bucket)
        if existing is not None:
            return self._again(existing, account, acl_wanted)
        if acl_wanted is not None and acl_wanted != acl.default(account):
            if ownership == "BucketOwnerEnforced":
                raise self.error("InvalidBucketAclWithObjectOwnership")
            above = self.account_block(account) or {}
            if acl.is_public(acl_wanted) and (self.limits["public-access-blocked"] or above.get("BlockPublicAcls")):
                raise self.error("InvalidBucketAclWithBlockPublicAccessError")
        owned = self.owned.get(account, 0)
        self.cloud.limits.for_service("s3", account, region).quota("buckets", owned)
        self.owned[account] = owned + 1
        bucket = self.buckets[Bucket] = self._make(Bucket, account, region)
        if ownership is not None:
            bucket.settings["ownership-controls"] = {"Rules": [{"ObjectOwnership": ownership}]}
        if acl_wanted is not None:
            bucket.settings["acl"] = acl_wanted
        if tags:
            bucket.settings["tagging"] = tags
        if constraint == "EU":
            bucket.settings["location"] = "EU"
        if ObjectLockEnabledForBucket:
            bucket.versioning = "Enabled"
            bucket.settings["object-lock"] = {"ObjectLockEnabled": "Enabled"}
        return {"Location": self._address(bucket, region), "BucketArn": self.bucket_arn(Bucket)}

    def _make(self, name: str, account: str, region: str) -> Bucket:
        bucket = Bucket(name, account, region, int(self.clock.time()), self.ids.bytes)
        if self.limits["public-access-blocked"]:
            bucket.settings["public-access-block"] = _BLOCKED
        bucket.settings["customer-keys-blocked"] = bool(self.limits["customer-keys-blocked"])
        return bucket

    def _location(self, constraint: str | None) -> str:
        """The region that a new bucket belongs to: what is asked for has to fit the endpoint that was asked."""
        region = self.cloud.current.region or self.region
        if constraint is None or constraint == "":
            if region != "us-east-1" and self.cloud.current.http is not None:
                raise self.error(
                    "IllegalLocationConstraintException",
                    "The unspecified location constraint is incompatible for the region specific endpoint this "
                    "request was sent to.",
                )
            return region
        wanted = "eu-west-1" if constraint == "EU" else constraint
        if region == "us-east-1":
            # The oldest endpoint makes buckets anywhere; its own name is no constraint.
            if constraint == "us-east-1" or constraint not in regions():
                raise self.bad_location(constraint)
            return wanted
        if wanted != region:
            raise self.bad_location(constraint)
        return wanted

    def _ownership(self, wanted: str | None) -> str | None:
        """Who is to own the objects of a new bucket; None as before lists were disabled: whoever writes them."""
        if wanted is None:
            return "BucketOwnerEnforced" if self.limits["acls-disabled"] else None
        if wanted not in _OWNERSHIPS:
            raise self.invalid(f"Invalid x-amz-object-ownership header: {wanted}", "x-amz-object-ownership")
        return wanted

    def _again(self, bucket: Bucket, account: str, wanted: acl.Grants | None) -> dict[str, Any]:
        """Making a bucket that exists: in us-east-1 its owner is told that all is well."""
        if bucket.account != account:
            raise self.error(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                BucketName=bucket.name,
            )
        if bucket.region == "us-east-1" and self.cloud.current.region == "us-east-1":
            if not bucket.acls_disabled:
                bucket.settings["acl"] = wanted or acl.default(account)
            return {"Location": self._address(bucket, "us-east-1"), "BucketArn": self.bucket_arn(bucket.name)}
        raise self.error(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            BucketName=bucket.name,
        )

    def _address(self, bucket: Bucket, region: str) -> str:
        if region == "us-east-1":
            return f"/{bucket.name}"
        return f"http://{bucket.name}.s3.{self._suffix}/"

    def bucket_arn(self, name: str) -> str:
        return f"arn:{self.partition}:s3:::{name}"

    def head_bucket(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        return {
            "BucketArn": self.bucket_arn(bucket.name),
            "BucketRegion": bucket.region,
            "AccessPointAlias": False,
            "__headers__": {"Content-Type": "application/xml"},
        }

    def delete_bucket(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        if bucket.keys:
            message = "The bucket you tried to delete is not empty"
            if bucket.versioning is not None:
                message += ". You must delete all versions in the bucket."
            raise self.error("BucketNotEmpty", message, BucketName=Bucket)
        if self.points_of(Bucket):  # type: ignore[attr-defined]
            raise self.error(
                "BucketHasAccessPointsAttached",
                "The bucket you tried to delete has access points attached. Delete your access points before deleting "
                "your bucket.",
                BucketName=Bucket,
            )
        del self.buckets[Bucket]
        self.owned[bucket.account] -= 1
        self.cloud.limits.for_service("s3", bucket.account, bucket.region).used("buckets", self.owned[bucket.account])

    def list_buckets(
        self,
        MaxBuckets: int | None = None,
        ContinuationToken: str | None = None,
        Prefix: str | None = None,
        BucketRegion: str | None = None,
    ) -> dict[str, Any]:
        call = self.cloud.current
        if call.http is not None and call.http.query_string:
            self.verify_presigned()
        if call.caller.is_anonymous:
            raise self.error("AccessDenied", "Access Denied")
        if MaxBuckets is not None:
            most = self.limits["bucket-list-page"]
            if MaxBuckets < 1 or (most is not None and MaxBuckets > most):
                raise self.invalid(
                    f"Argument max-buckets must be an integer between 1 and {int(most or 0)}", "max-buckets", MaxBuckets
                )
        if BucketRegion is not None and BucketRegion not in regions():
            raise self.invalid(f"Argument value {BucketRegion} is not a valid AWS Region", "bucket-region")
        after = ""
        if ContinuationToken is not None:
            marker = listing.marker_of(ContinuationToken)
            if marker is None:
                raise self.invalid(
                    "The continuation token provided is incorrect", "continuation-token", ContinuationToken
                )
            after = marker
        account = call.caller.account

        def wanted(name: str) -> bool:
            bucket = self.buckets[name]
            return bucket.account == account and (BucketRegion is None or bucket.region == BucketRegion)

        size = MaxBuckets if MaxBuckets is not None else len(self.buckets) + 1
        runs = listing.runs(self.buckets, Prefix or "", "", after)
        page = listing.page((run for run in runs if wanted(run[0])), size)
        answer: dict[str, Any] = {
            "Buckets": [self._shown_bucket(self.buckets[name]) for name in page.found],
            "Owner": {"ID": acl.canonical_id(account)},
        }
        if Prefix is not None:
            answer["Prefix"] = Prefix
        if page.last is not None:
            answer["ContinuationToken"] = listing.token(page.last)
        return answer

    def _shown_bucket(self, bucket: Bucket) -> dict[str, Any]:
        return {
            "Name": bucket.name,
            "CreationDate": when(bucket.created),
            "BucketRegion": bucket.region,
            "BucketArn": self.bucket_arn(bucket.name),
        }

    def get_bucket_location(self, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
        bucket = self.bucket_for(Bucket, ExpectedBucketOwner)
        region = bucket.setting("location", bucket.region)
        return {"LocationConstraint": None if region == "us-east-1" else region}
