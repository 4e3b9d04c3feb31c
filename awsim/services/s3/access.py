"""What every operation of S3 begins with: the bucket, who may use it (`permissions`), and whether the request came to
the right place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from awsim.auth.credentials import parse_authorization
from awsim.errors import AWSError
from awsim.service import not_modelled
from awsim.services.s3 import cors, names
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.keys import Keys
from awsim.services.s3.notifications import Notifications
from awsim.services.s3.permissions import Permissions
from awsim.services.s3.versions import NULL, Version, is_version_id
from awsim.state import Dict
from awsim.wire.http import Headers

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

_ACCOUNT = r"\d{12}"
# Header parameters whose values S3 words itself: parameter -> (code, message, name of the argument).
_ARGUMENTS: dict[str, tuple[str, str, str]] = {
    "aCL": ("InvalidArgument", "", "x-amz-acl"),
    "storageClass": ("InvalidStorageClass", "The storage class you specified is not valid", ""),
    "serverSideEncryption": (
        "InvalidArgument",
        "The encryption method specified is not supported",
        "x-amz-server-side-encryption",
    ),
    "metadataDirective": ("InvalidArgument", "Unknown metadata directive.", "x-amz-metadata-directive"),
    "taggingDirective": ("InvalidArgument", "Unknown tagging directive.", "x-amz-tagging-directive"),
    "objectLockMode": ("InvalidArgument", "Unknown wormMode directive.", "x-amz-object-lock-mode"),
    "objectLockLegalHoldStatus": (
        "InvalidArgument",
        "Legal Hold must be either of 'ON' or 'OFF'",
        "x-amz-object-lock-legal-hold",
    ),
    "encodingType": ("InvalidArgument", "Invalid Encoding Method specified in Request", "encoding-type"),
    "objectAttributes": ("InvalidArgument", "Invalid attribute name specified.", "x-amz-object-attributes"),
    "optionalObjectAttributes": (
        "InvalidArgument",
        "Invalid attribute name specified.",
        "x-amz-optional-object-attributes",
    ),
    "expressionType": (
        "InvalidExpressionType",
        "The ExpressionType is invalid. Only SQL expressions are supported.",
        "",
    ),
    "checksumType": ("InvalidRequest", "Value for x-amz-checksum-type header is invalid.", ""),
    "checksumAlgorithm": (
        "InvalidRequest",
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, "
        "CRC64NVME, SHA1, SHA256]",
        "",
    ),
}


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def iso(seconds: float) -> str:
    return when(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


class Access(Permissions, Notifications):
    """The common ground of S3's operations. One instance for all accounts of a partition, whose names they share."""

    name = "s3"
    scope = "partition"
    anonymous = True
    checked = frozenset({"required", "enum"})
    # The model leaves log-delivery-write out.
    unchecked = frozenset({"BucketCannedACL"})

    def setup(self) -> None:
        super().setup()
        self.buckets = Keys()
        self.owned = Dict()  # account -> number of its buckets

    # --- finding

    def bucket_for(self, name: str, expected_owner: str | None = None) -> Bucket:
        """The bucket that a request names, if the caller may use it and asks in its region."""
        call = self.cloud.current
        http = call.http
        bucket = self.buckets.get(name)
        if http is not None:
            if http.query_string:
                self.verify_presigned(bucket)
            if bucket is not None and call.region != bucket.region:
                self._check_region(bucket)
        if bucket is None:
            raise self.no_such_bucket(name)
        self.admit(bucket)
        if expected_owner is not None and expected_owner != bucket.account:
            if not re.fullmatch(_ACCOUNT, expected_owner):
                raise self.error(
                    "InvalidBucketOwnerAWSAccountID",
                    f"The value of the expected bucket owner parameter must be an AWS account ID... [{expected_owner}]",
                )
            raise self.error("AccessDenied", "Access Denied")
        if http is not None and ".s3-accelerate." in http.host:
            self._check_acceleration(bucket)
        return bucket

    def _check_acceleration(self, bucket: Bucket) -> None:
        status = bucket.settings.get("accelerate")
        if status != "Enabled":
            state = "not configured" if status is None else "disabled"
            raise self.error("InvalidRequest", f"S3 Transfer Acceleration is {state} on this bucket")

    def no_such_bucket(self, name: str) -> AWSError:
        if not names.is_bucket_name(name, 3, 255) and not re.fullmatch(r"[A-Za-z0-9._-]{3,255}", name):
            return names.invalid_bucket_name(name)
        return self.error("NoSuchBucket", "The specified bucket does not exist", BucketName=name)

    def _check_region(self, bucket: Bucket) -> None:
        call = self.cloud.current
        http = call.http
        assert http is not None
        kind = parse_authorization(http.headers, http.query_string)[4]
        if kind in ("v4a", "v4a-query"):
            return
        headers = {"x-amz-bucket-region": bucket.region}
        regional = self._is_regional(http.host)
        if not regional and kind in ("v4", "v4-query"):
            wrong = f"the region '{call.region}' is wrong; expecting '{bucket.region}'"
            if kind == "v4":
                code, start = "AuthorizationHeaderMalformed", "The authorization header is malformed"
            else:
                code, start = "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"
            raise AWSError(code, f"{start}; {wrong}", status=400, fields={"Region": bucket.region}, headers=headers)
        if not regional:
            return
        raise AWSError(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
            "future requests to this endpoint.",
            status=301,
            fields={"Endpoint": f"{bucket.name}.s3.{bucket.region}.{self._suffix}", "Bucket": bucket.name},
            headers=headers,
        )

    @property
    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def _is_regional(self, host: str) -> bool:
        """Whether the host is the endpoint of one region (s3.amazonaws.com leads to the bucket's by itself)."""
        return not (host.endswith("s3.amazonaws.com") or "s3-accelerate." in host)

    def verify_presigned(self, bucket: Bucket | None = None) -> None:
        """Check the signature of a presigned URL, once per request."""
        call = self.cloud.current
        http = call.http
        assert http is not None
        if http.headers.get("authorization"):
            return
        access_key, region, _, _, kind = parse_authorization(Headers(), http.query_string)
        if kind == "none":
            return
        if bucket is not None and region is not None and region != bucket.region:
            self._check_region(bucket)
        from awsim.auth import signatures

        signatures.verify_presigned(
            http,
            self.cloud.credentials.secret_of(access_key),
            self.clock.time(),
            limits=self.cloud.limits.for_service("sts", self.request.account, self.region),
            bucket=self._virtual_bucket(),
        )

    def _virtual_bucket(self) -> str | None:
        bucket = self.cloud.current.params.get("Bucket")
        http = self.cloud.current.http
        assert http is not None
        return bucket if bucket and http.host == bucket.lower() else None

    def version_for(self, bucket: Bucket, key: str, version_id: str | None, method: str = "GET") -> Version:
        """The version that a read names, or the newest; raises as S3 does for none and for delete markers."""
        if version_id is None:
            version = bucket.current(key)
            if bucket.recent:
                version = self._seen(bucket, key, version)
            if version is None:
                self.permit(bucket, "s3:ListBucket", keys={"s3:prefix": key})
                raise self.no_such_key(key)
            if version.data is None:
                self.permit(bucket, "s3:ListBucket", keys={"s3:prefix": key})
                error = self.no_such_key(key)
                error.headers = {"x-amz-delete-marker": "true", "x-amz-version-id": version.id}
                raise error
            return version
        self.check_version_id(version_id)
        version = bucket.find(key, version_id)
        if version is None:
            self.permit(bucket, "s3:ListBucketVersions", keys={"s3:prefix": key})
            raise self.error("NoSuchVersion", "The specified version does not exist.", Key=key, VersionId=version_id)
        if version.data is None:
            raise self.marker_error(version, method)
        return version

    def outdate(self, bucket: Bucket, key: str) -> None:
        """Before a write or a delete: what is there now may be read for a while yet, where reads may lag."""
        limits = self.limits
        if limits.quiet:
            return
        seconds = limits.lag("overwrite-visible")
        if seconds:
            version = bucket.current(key)
            # A key that was new has always been readable at once.
            if version is not None:
                bucket.recent[key] = (version, self.clock.time() + seconds)

    def _seen(self, bucket: Bucket, key: str, version: Version | None) -> Version | None:
        """What a read without version id meets: the newest version, or by AWS's choice still the one before."""
        earlier, until = bucket.recent.get(key, (None, 0.0))
        if earlier is None:
            return version
        if self.clock.time() >= until:
            del bucket.recent[key]
            return version
        what = f"read {bucket.name}/{key} as it was before it was last written or deleted"
        return earlier if self.choose("s3.stale-read", [False, True], 0.5, what) else version

    def no_such_key(self, key: str) -> AWSError:
        return AWSError("NoSuchKey", "The specified key does not exist.", status=404, fields={"Key": key})

    def marker_error(self, marker: Version, method: str) -> AWSError:
        error = self.error(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            Method=method,
            ResourceType="DeleteMarker",
        )
        error.headers = {
            "x-amz-delete-marker": "true",
            "x-amz-version-id": marker.id,
            "Last-Modified": when(marker.modified).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Allow": "DELETE",
        }
        return error

    def check_version_id(self, version_id: str) -> None:
        if not is_version_id(version_id):
            if version_id == "":
                raise self.error(
                    "InvalidArgument",
                    "Version id cannot be the empty string",
                    ArgumentName="versionId",
                    ArgumentValue="",
                )
            raise self.error(
                "InvalidArgument",
                "Invalid version id specified",
                ArgumentName="versionId",
                ArgumentValue=version_id,
            )

    def check_key(self, key: str) -> None:
        """Refuse a key that is too long."""
        size = len(key) if key.isascii() else names.key_bytes(key)
        most = self.limits["key-length"]
        if most is not None and size > most:
            self.check("key-length", size, Size=str(size), limit="MaxSizeAllowed")

    # --- helpers

    def shared(self, bucket: Bucket, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer with the headers that let a page of another origin see it, where a rule of the bucket does."""
        headers = self.cors_headers(bucket) if "cors" in bucket.settings else None
        if headers:
            answer["__headers__"] = {**answer.get("__headers__", {}), **headers}
        return answer

    def cors_headers(self, bucket: Bucket) -> dict[str, str]:
        """The headers by which the bucket's rules allow the request of a page of another origin; none where not."""
        rules = bucket.settings.get("cors")
        http = self.cloud.current.http
        origin = http.headers.get("origin") if http is not None and rules is not None else None
        if http is None or rules is None or origin is None:
            return {}
        method = http.headers.get("access-control-request-method") or http.method
        return cors.headers_for(rules, origin, method, ()) or {}

    def check(self, row: str, measured: float, limit: str | None = None, **fields: Any) -> None:
        """As `limits.check`; its error carries `fields`, and the limit under the name `limit`."""
        value = self.limits[row]
        if value is not None and measured > value:
            try:
                self.limits.check(row, measured, **fields)
            except AWSError as error:
                error.fields.update(fields)
                if limit is not None:
                    error.fields[limit] = str(int(value))
                raise

    def shown_id(self, bucket: Bucket, version: Version) -> str | None:
        """The version id that an answer shows: none in a bucket that never had versioning."""
        return version.id if bucket.versioning is not None or version.id != NULL else None

    def read_rate(self, bucket: Bucket, key: str) -> None:
        if self.cloud.throttling or self.limits.active("prefix-reads"):
            self.limits.rate("prefix-reads", f"{bucket.name}/{key.rpartition('/')[0]}", now=self.clock.time())

    def write_rate(self, bucket: Bucket, key: str) -> None:
        if not self.limits.quiet:
            self.limits.rate("prefix-writes", f"{bucket.name}/{key.rpartition('/')[0]}", now=self.clock.time())

    def modelled(self, given: Mapping[str, Any], known: Collection[str]) -> None:
        """Refuse parameters that are accepted as `**` but have no meaning here."""
        for name in given:
            if name not in known:
                raise not_modelled(f"the parameter {name} of s3:{self.cloud.current.operation}")

    def malformed_xml(self) -> AWSError:
        return self.error(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
        )

    def invalid(self, message: str, name: str, value: Any = None) -> AWSError:
        fields = {"ArgumentName": name}
        if value is not None:
            fields["ArgumentValue"] = str(value)
        return self.error("InvalidArgument", message, **fields)

    @property
    def is_secure(self) -> bool:
        """Whether the request came over HTTPS (calls from Python count as such)."""
        http = self.cloud.current.http
        return http is None or not http.url.startswith("http://")

    def refuse_mfa(self) -> NoReturn:
        raise self.error("AccessDenied", "Mfa Authentication must be used for this request")

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        """S3 says of a body only that its schema was violated, and has words of its own for some headers."""
        first = violations[0]
        parameter, nested, _ = first.path.partition(".")
        if first.kind == "required":
            if parameter == "accessControlPolicy" and nested:
                return self.error("MalformedACLError")
            return self.malformed_xml()
        if parameter in _ARGUMENTS:
            code, message, argument = _ARGUMENTS[parameter]
            fields = {"ArgumentName": argument, "ArgumentValue": str(first.value)} if argument else {}
            if code == "InvalidStorageClass":
                fields = {"StorageClassRequested": str(first.value)}
            return self.error(code, message, **fields)
        if parameter == "objectOwnership":
            return self.invalid(f"Invalid x-amz-object-ownership header: {first.value}", "x-amz-object-ownership")
        if parameter == "transitionDefaultMinimumObjectSize":
            return self.error("InvalidRequest", f"Invalid TransitionDefaultMinimumObjectSize found: {first.value}")
        if first.path == "createBucketConfiguration.locationConstraint":
            return self.bad_location(str(first.value))
        if parameter == "accessControlPolicy":
            return self.error("MalformedACLError")
        if parameter == "notificationConfiguration" and (".event" in first.path):
            return self.invalid("The event is not supported for notifications", "Event", first.value)
        if parameter == "notificationConfiguration" and first.path.endswith(".name"):
            return self.invalid("filter rule name must be either prefix or suffix", "FilterRule.Name", first.value)
        if not nested:
            return self.invalid(f"Invalid value: {first.value}", parameter, first.value)
        return self.malformed_xml()

    def bad_location(self, constraint: str) -> AWSError:
        """The refusal of a location constraint that names no region, or not the one that was asked."""
        region = self.cloud.current.region
        if region == "us-east-1":
            return self.error(
                "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
                LocationConstraint=constraint,
            )
        return self.error(
            "IllegalLocationConstraintException",
            f"The {constraint} location constraint is incompatible for the region specific endpoint this request was "
            "sent to.",
        )
