"""The rest-xml protocol, S3's own ways included."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.chunked import Incomplete
from awsim.wire.http import Request, Response
from awsim.wire.rest import Misplaced, RestCodec
from awsim.wire.values import WRITE_TIMESTAMP, Unreadable, write_iso8601_millis
from awsim.wire.xml import HEADER, Append, Readers, Writers, escape, local_name, message_element, parse_xml

_S3_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"

# The root elements S3 answers with, where they are not the output shape's name (S3 API reference, response syntax).
_S3_ROOTS = {
    "CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
    "CreateMultipartUploadOutput": "InitiateMultipartUploadResult",
    "CreateSessionOutput": "CreateSessionResult",
    "DeleteObjectsOutput": "DeleteResult",
    "GetBucketAccelerateConfigurationOutput": "AccelerateConfiguration",
    "GetBucketAclOutput": "AccessControlPolicy",
    "GetBucketCorsOutput": "CORSConfiguration",
    "GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
    "GetBucketLifecycleOutput": "LifecycleConfiguration",
    "GetBucketLocationOutput": "LocationConstraint",
    "GetBucketLoggingOutput": "BucketLoggingStatus",
    "GetBucketRequestPaymentOutput": "RequestPaymentConfiguration",
    "GetBucketTaggingOutput": "Tagging",
    "GetBucketVersioningOutput": "VersioningConfiguration",
    "GetBucketWebsiteOutput": "WebsiteConfiguration",
    "GetObjectAclOutput": "AccessControlPolicy",
    "GetObjectAttributesOutput": "GetObjectAttributesResponse",
    "GetObjectTaggingOutput": "Tagging",
    "ListBucketAnalyticsConfigurationsOutput": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurationsOutput": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurationsOutput": "ListMetricsConfigurationsResult",
    "ListBucketsOutput": "ListAllMyBucketsResult",
    "ListDirectoryBucketsOutput": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploadsOutput": "ListMultipartUploadsResult",
    "ListObjectVersionsOutput": "ListVersionsResult",
    "ListObjectsOutput": "ListBucketResult",
    "ListObjectsV2Output": "ListBucketResult",
    "ListPartsOutput": "ListPartsResult",
}

# Conditions that S3 takes as not given when their date can not be read, and the one header it keeps as it was written.
_S3_LENIENT = {
    "IfModifiedSince",
    "IfUnmodifiedSince",
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
}
_S3_VERBATIM = {"Expires", "ResponseExpires"}


class RestXMLCodec(RestCodec):
    protocol = "rest-xml"
    content_type = "application/xml"

    def __init__(self, operation: Any, schema: Any) -> None:
        super().__init__(operation, schema)
        self.is_s3 = schema.name == "s3"

    # --- requests ---

    def unreadable(self, problem: Unreadable) -> AWSError:
        if not self.is_s3:
            return AWSError("MalformedInput", str(problem), status=400)
        if isinstance(problem, Incomplete):
            return AWSError(
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
                status=400,
            )
        if isinstance(problem, Misplaced):
            if problem.location == "querystring":
                message = f"Provided {problem.name} not an integer or within integer range"
            else:
                message = f"The value of {problem.name} is invalid"
            fields = {"ArgumentName": problem.name, "ArgumentValue": problem.value}
            return AWSError("InvalidArgument", message, status=400, fields=fields)
        return AWSError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
            status=400,
        )

    def bad_header(self, params: dict[str, Any], member: str, name: str, value: str) -> None:
        if self.is_s3:
            if member in _S3_LENIENT:
                return
            if member in _S3_VERBATIM:
                params[member] = value
                return
        super().bad_header(params, member, name, value)

    def body_reader(self, members: dict[str, Any]) -> Callable[[bytes], dict[str, Any]]:
        read = Readers(self.schema).structure(self.input["shape"], members)  # type: ignore[index]
        return lambda content: read(parse_xml(content))

    def payload_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        read = Readers(self.schema).value(reference)
        root_tag = self.schema.resolve(reference).get("locationName") if self.is_s3 else None

        def read_payload(content: bytes) -> Any:
            if not content:
                return None
            root = parse_xml(content)
            if root_tag is not None and local_name(root.tag) != root_tag:
                raise Unreadable(f"Unexpected root element {local_name(root.tag)}")
            return read(root)

        return read_payload

    def events_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        from awsim.wire.eventstream import events_reader

        return events_reader(self.schema, reference, "xml")

    # --- responses ---

    @property
    def writers(self) -> Writers:
        return Writers(self.schema, write_iso8601_millis if self.is_s3 else WRITE_TIMESTAMP["iso8601"])

    @property
    def xmlns(self) -> str:
        """` xmlns="…"` of the service's answers; "" when the model names none."""
        if self.is_s3:
            return f' xmlns="{_S3_XMLNS}"'
        found = self.schema.memo.get("xmlns")
        if found is None:
            uri = self.schema.metadata.get("xmlNamespace")
            for operation in self.schema.operations.values():
                if uri:
                    break
                uri = operation.get("input", {}).get("xmlNamespace")
            if isinstance(uri, dict):
                uri = uri.get("uri")
            found = self.schema.memo["xmlns"] = f' xmlns="{uri}"' if uri else ""
        return found

    def request_ids(self, request_id: str) -> dict[str, str]:
        if self.is_s3:
            return {"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)}
        return {"x-amzn-RequestId": request_id}

    def writes_empty(self, shape: dict[str, Any]) -> bool:
        return False

    def body_writer(self, members: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
        name = self.output["shape"]  # type: ignore[index]
        if self.is_s3 and name == "GetBucketLocationOutput":
            return _write_location
        write = self.writers.structure(name, members)
        root = self.schema.resolve(self.output).get("locationName") or (  # type: ignore[arg-type]
            _S3_ROOTS.get(name, name) if self.is_s3 else name
        )
        element = self.writers.with_tags(root, self.xmlns, write, name)

        def write_body(value: dict[str, Any]) -> bytes:
            parts = [HEADER]
            element(parts.append, value)
            return "".join(parts).encode()

        return write_body

    def payload_writer(self, name: str, reference: dict[str, Any]) -> Callable[[Any], bytes]:
        shape = self.schema.resolve(reference)
        root = shape.get("locationName") or (reference["shape"] if shape["type"] == "structure" else name)
        if "xmlNamespace" not in shape:
            xmlns = self.xmlns
            if xmlns:
                shape = {**shape, "xmlNamespace": {"uri": xmlns[8:-1]}}
        write = self.writers.element(root, reference, shape)

        def write_payload(value: Any) -> bytes:
            parts = [HEADER]
            write(parts.append, value)
            return "".join(parts).encode()

        return write_payload

    def events_writer(self, reference: dict[str, Any]) -> Callable[[Any], Iterable[bytes]]:
        from awsim.wire.eventstream import events_writer

        return events_writer(self.schema, reference, "xml")

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        head = self.http.get("method") == "HEAD"
        if self.is_s3:
            opening, closing = f"{HEADER}<Error>", "</Error>"
        else:
            opening, closing = f"{HEADER}<ErrorResponse{self.xmlns}><Error>", "</ErrorResponse>"

        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            located, fields = self.split_error(error)
            headers = {**self.request_ids(request_id), **located}
            content = b""
            status = shape.status_of(error)
            # A 304 has no content either (RFC 9110, section 15.4.5).
            if not head and status != 304 and (request is None or request.method != "HEAD"):
                parts = [opening]
                if not self.is_s3:
                    parts.append(f"<Type>{shape.fault_of(error)}</Type>")
                parts.append(f"<Code>{escape(shape.code)}</Code>{message_element(error)}")
                self._write_fields(shape, fields, parts.append)
                if self.is_s3:
                    parts.append(f"<RequestId>{request_id}</RequestId><HostId>{host_id(request_id)}</HostId>")
                else:
                    parts.append(f"</Error><RequestId>{request_id}</RequestId>")
                parts.append(closing)
                content = "".join(parts).encode()
                headers["Content-Type"] = "application/xml" if self.is_s3 else "text/xml"
                headers["Content-Length"] = str(len(content))
            headers.update(error.headers)
            return Response(status, headers, content)

        return serialise_error

    def _write_fields(self, shape: Any, fields: dict[str, Any], append: Append) -> None:
        fields = {name: value for name, value in fields.items() if name.lower() not in ("message", "code", "type")}
        if not fields:
            return
        if shape.reference is not None:
            self.writers.structure(shape.name)(append, fields)
        for name, value in fields.items():
            if name not in shape.members:
                append(f"<{name}>{escape(value)}</{name}>")


def _write_location(value: dict[str, Any]) -> bytes:
    region = value.get("LocationConstraint")
    if not region:
        return f'{HEADER}<LocationConstraint xmlns="{_S3_XMLNS}"/>'.encode()
    return f'{HEADER}<LocationConstraint xmlns="{_S3_XMLNS}">{escape(region)}</LocationConstraint>'.encode()


def host_id(request_id: str) -> str:
    """S3's x-amz-id-2: opaque base64, one per request id."""
    return binascii.b2a_base64((request_id * 4)[:57].encode(), newline=False).decode("ascii")
