"""What browsers ask and no SDK does: form uploads (PostObject) and CORS preflights (OptionsObject)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from awsim.auth.refusals import Refused
from awsim.errors import AWSError
from awsim.services.s3 import cors
from awsim.services.s3.bucket import Bucket
from awsim.services.s3.checksums import MEMBERS
from awsim.services.s3.settings import Settings
from awsim.services.s3.versions import Version
from awsim.wire.hosts import bucket_of
from awsim.wire.rest_xml import host_id

# Form field -> parameter of PutObject.
_FIELDS = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-type": "ContentType",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "expires": "Expires",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-context": "SSEKMSEncryptionContext",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-object-lock-mode": "ObjectLockMode",
    "x-amz-object-lock-retain-until-date": "ObjectLockRetainUntilDate",
    "x-amz-object-lock-legal-hold": "ObjectLockLegalHoldStatus",
    **{algorithm.header: member for member, algorithm in MEMBERS.items()},
}
_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


class Browser(Settings):
    def _target(self) -> tuple[str, str]:
        """(bucket, key) that the URL of a request without a model names."""
        http = self.cloud.current.http
        if http is None:
            self.not_modelled(f"{self.cloud.current.operation} without an HTTP request")
        hosted = bucket_of(http.host)
        path = unquote(http.path[1:])
        if hosted is not None:
            return hosted, path
        bucket, _, key = path.partition("/")
        return bucket, key

    def _ids(self) -> dict[str, str]:
        request_id = self.cloud.current.request_id
        return {"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)}

    @contextmanager
    def judged_as(self, operation: str, params: dict[str, Any]) -> Iterator[None]:
        """What is done inside counts, for policies, as an operation of the REST API."""
        call = self.cloud.current
        before = call.operation, call.params
        call.operation, call.params = operation, params
        try:
            if self.cloud.authorization is not None:
                self.cloud.authorization(call)
            yield
        finally:
            call.operation, call.params = before

    # --- form uploads

    def post_object(self) -> dict[str, Any]:
        from awsim.services.s3 import posts

        name, _ = self._target()
        call = self.cloud.current
        http = call.http
        assert http is not None
        form = posts.parse(http.headers.get("content-type", ""), http.read())
        most = self.limits["post-fields"]
        if most is not None and form.size > most:
            raise self.error(
                "MaxPostPreDataLengthExceededError",
                "Your POST request fields preceding the upload file were too large.",
                MaxPostPreDataLengthBytes=str(int(most)),
            )
        fields = form.fields
        document = self._signer(fields)
        if "key" not in fields:
            raise self.invalid(
                "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the "
                "fields.",
                "key",
                "",
            )
        if form.file is None:
            raise self.invalid("POST requires exactly one file upload per request.", "file", "0")
        key = fields["key"].replace("${filename}", form.filename)
        if document is not None:
            posts.check(document, {**fields, "key": key}, name, len(form.file))
        given: dict[str, Any] = {_FIELDS[field]: value for field, value in fields.items() if field in _FIELDS}
        metadata = {field[11:]: value for field, value in fields.items() if field.startswith("x-amz-meta-")}
        if metadata:
            given["Metadata"] = metadata
        tags = self._tags(fields.get("tagging"))
        if tags:
            given["Tagging"] = tags
        call.params = {"Bucket": name, "Key": key}
        with self.judged_as("PutObject", {**call.params, **given}):
            bucket = self.bucket_for(name)
        if not key:
            raise self.error("UserKeyMustBeSpecified")
        self.check_key(key)
        self.write_rate(bucket, key)
        version = self.write(bucket, key, form.file, given)
        self.emit(bucket, "ObjectCreated:Post", key, version)
        return self._posted(bucket, key, version, fields)

    def _signer(self, fields: Mapping[str, str]) -> dict[str, Any] | None:
        """Who signed the form becomes the caller; the policy document, None for a form that is not signed."""
        from awsim.auth import post

        access_key, token = post.post_credentials(fields)
        if not access_key:
            if "policy" in fields:
                raise self.error("AccessDenied", "Access Denied")
            return None
        call = self.cloud.current
        credentials = self.cloud.credentials
        try:
            call.caller = credentials.identify(access_key, token, self.partition)
            if self.cloud.authorization is not None and credentials.secret_of(access_key) is None:
                raise Refused("unknown", access_key)
        except Refused as refused:
            raise refused.worded("s3", "rest-xml") from None
        return post.verify_post(fields, credentials.secret_of(access_key), self.clock.time())

    def _tags(self, text: str | None) -> str:
        """The `tagging` field, an XML tag set, as the header that PutObject takes."""
        if not text:
            return ""
        from xml.etree import ElementTree

        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            raise self.malformed_xml() from None
        tags = [(tag.findtext("{*}Key", ""), tag.findtext("{*}Value", "")) for tag in root.findall("{*}TagSet/{*}Tag")]
        return urlencode(tags)

    def _posted(self, bucket: Bucket, key: str, version: Version, fields: Mapping[str, str]) -> dict[str, Any]:
        host = f"{bucket.name}.s3.{bucket.region}.{self._suffix}"
        address = f"https://{host}/{quote(key, safe='')}"
        etag = f'"{version.etag}"'
        headers = {**self._ids(), "ETag": etag, "Location": address}
        members = self.stored_members(bucket, version)
        for member, header in (
            ("ServerSideEncryption", "x-amz-server-side-encryption"),
            ("SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"),
            ("VersionId", "x-amz-version-id"),
        ):
            if member in members:
                headers[header] = members[member]
        if version.checksum is not None:
            headers[version.checksum.algorithm.header] = version.checksum.value
            headers["x-amz-checksum-type"] = version.checksum.type
        redirect = fields.get("success_action_redirect") or fields.get("redirect")
        if redirect:
            try:
                parts = urlsplit(redirect)
            except ValueError:  # brackets that hold no address: it is as if there was none
                parts = urlsplit("")
            if parts.scheme and parts.netloc:
                query = urlencode({"bucket": bucket.name, "key": key, "etag": etag})
                joined = f"{parts.query}&{query}" if parts.query else query
                headers["Location"] = urlunsplit(parts._replace(query=joined))
                return {"__status__": 303, "__headers__": headers}
        status = fields.get("success_action_status")
        if status == "201":
            from xml.sax.saxutils import escape

            headers["Content-Type"] = "application/xml"
            text = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>{escape(address)}</Location>'
                f"<Bucket>{escape(bucket.name)}</Bucket><Key>{escape(key)}</Key><ETag>{escape(etag)}</ETag>"
                "</PostResponse>"
            )
            return {"__status__": 201, "__headers__": headers, "Body": text.encode()}
        return {"__status__": 200 if status == "200" else 204, "__headers__": headers}

    # --- pages of other origins

    def completed(self, error: AWSError) -> AWSError:
        """Pages of other origins that may see a bucket's answers may see its refusals."""
        error = super().completed(error)
        call = self.cloud.running
        http = call.http if call is not None else None
        if call is not None and http is not None and "origin" in http.headers:
            bucket = self.buckets.get(call.params.get("Bucket") or "")
            if bucket is not None and http.method != "OPTIONS":
                error.headers.update(self.cors_headers(bucket))
        return error

    # --- preflights

    def options_object(self) -> dict[str, Any]:
        name, key = self._target()
        http = self.cloud.current.http
        assert http is not None
        self.cloud.current.params = {"Bucket": name, "Key": key}
        origin = http.headers.get("origin")
        method = http.headers.get("access-control-request-method")
        if origin is None:
            raise self.error("BadRequest", "Insufficient information. Origin request header needed.")
        bucket = self.buckets.get(name)
        if bucket is None:
            raise self._forbidden("CORSResponse: Bucket not found", "OPTIONS", "BUCKET")
        if method is None or method not in cors.METHODS:
            raise self.error("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}")
        kind = "OBJECT" if key else "BUCKET"
        rules = bucket.settings.get("cors")
        if rules is None:
            raise self._forbidden("CORSResponse: CORS is not enabled for this bucket.", method, kind)
        wanted = [part.strip() for part in http.headers.get("access-control-request-headers", "").split(",")]
        wanted = [part.lower() for part in wanted if part]
        headers = cors.headers_for(rules, origin, method, wanted)
        if headers is None:
            raise self._forbidden(_NOT_ALLOWED, method, kind)
        return {"__status__": 200, "__headers__": {**self._ids(), **headers, "Content-Length": "0"}}

    def _forbidden(self, message: str, method: str, kind: str) -> AWSError:
        return self.error("AccessForbidden", message, Method=method, ResourceType=kind)
