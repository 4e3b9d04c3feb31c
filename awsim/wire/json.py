"""The json protocol (AWS JSON 1.0 and 1.1), query-compatible errors included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.codec import Codec, ErrorShape, finish
from awsim.wire.http import Request, Response
from awsim.wire.json_values import dumps, dumps_by_member, loads, structure_reader, structure_writer
from awsim.wire.values import Unreadable, write_epoch

# The namespace that a service puts before its own errors' names in `__type`; the others send the bare name.
_NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "sqs": "com.amazonaws.sqs",
    "swf": "com.amazonaws.swf.base.model",
}
# Where AWS's framework, not the service, refuses: the name carries the framework's namespace.
_CORAL_VALIDATE = {"ValidationException"}
_CORAL_SERVICE = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
}
# Of the framework's own errors these spell it "Message".
_CAPITAL = {"AccessDeniedException", "SerializationException", "UnknownOperationException"}
# Services that take a compressed body in every operation, and fail where it cannot be read.
_COMPRESSED = {"dynamodb"}


def type_of(service: str, shape: ErrorShape) -> str:
    """The `__type` of an error."""
    name = shape.name
    namespace = _NAMESPACES.get(service)
    if namespace is None:
        return name
    if shape.reference is None or name in _CORAL_VALIDATE or name in _CORAL_SERVICE:
        if name in _CORAL_VALIDATE:
            return f"com.amazon.coral.validate#{name}"
        if name in _CORAL_SERVICE:
            return f"com.amazon.coral.service#{name}"
    return f"{namespace}#{name}"


def error_members(codec: Codec, error: AWSError, shape: ErrorShape) -> dict[str, Any]:
    """The members of an error as JSON, its message under the name the shape gives it."""
    body: dict[str, Any] = {}
    if error.fields:
        if shape.reference is not None:
            body = dict(structure_writer(codec.schema, shape.name)(error.fields))
        for name, value in error.fields.items():
            if value is not None and name not in shape.members:
                body[name] = write_epoch(value) if hasattr(value, "timetuple") else value
    if shape.message is not None:
        message = codec.schema.resolve(shape.members[shape.message]).get("locationName", shape.message)
    else:
        message = "Message" if shape.name in _CAPITAL else "message"
    if error.message or message != "Message":
        body.setdefault(message, error.message)
    return body


class JSONCodec(Codec):
    protocol = "json"

    @property
    def content_type(self) -> str:
        return f"application/x-amz-json-{self.schema.metadata.get('jsonVersion', '1.0')}"

    def compile_parse(self) -> Callable[[Request], dict[str, Any]]:
        if self.input is None:
            return lambda request: {}
        shape = self.schema.resolve(self.input)
        read = structure_reader(self.schema, self.input["shape"])
        always = self.schema.name in _COMPRESSED
        compressed = not always and bool(self.operation._operation_model.get("requestcompression"))
        host_labels = [
            name
            for name, member in shape.get("members", {}).items()
            if "hostLabel" in member and "endpoint" in self.operation._operation_model
        ]
        members = shape.get("members", {})
        events = next((name for name, ref in members.items() if self.schema.resolve(ref).get("eventstream")), None)
        if events is not None:
            from awsim.wire.eventstream import json_events_reader

            return json_events_reader(self, events)

        def parse(request: Request) -> dict[str, Any]:
            body = request.read()
            if always and (encoding := dict.get(request.headers, "content-encoding")):
                from awsim.wire.chunked import decompressed

                try:
                    body = decompressed(body, encoding)
                except Unreadable:
                    raise AWSError("InternalServerError", "Internal server error", status=500) from None
                request.replace(body)
            elif compressed and dict.get(request.headers, "content-encoding") == "gzip":
                from awsim.wire.chunked import gunzip

                body = gunzip(body)
            try:
                params = read(loads(body)) if body else {}
            except Unreadable as problem:
                raise AWSError("SerializationException", str(problem), status=400) from None
            if host_labels:
                from awsim.wire.rest import labels_of_host

                labels_of_host(self.operation, request.host, host_labels, params)
            return params

        return parse

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        content_type = self.content_type
        if self.output is None:

            def serialise_nothing(result: dict[str, Any] | None, request_id: str) -> Response:
                headers = {"x-amzn-RequestId": request_id, "Content-Type": content_type, "Content-Length": "0"}
                return finish(Response(200, headers, b""), result)

            return serialise_nothing
        members = self.schema.resolve(self.output).get("members", {})
        events = next((name for name, ref in members.items() if self.schema.resolve(ref).get("eventstream")), None)
        if events is not None:
            from awsim.wire.eventstream import rpc_events_writer

            return rpc_events_writer(self, events)
        write = structure_writer(self.schema, self.output["shape"])
        # Only these may be `Columns` or `Written`.
        exact = any(member["shape"] in self.schema.exact for member in members.values())
        dump = dumps_by_member if exact else dumps

        def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
            body = dump(write(result)) if result else b"{}"
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
            }
            if result and ("__headers__" in result or "__status__" in result):
                return finish(Response(200, headers, body), result)
            return Response(200, headers, body)

        return serialise

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        content_type = self.content_type
        query_compatible = "awsQueryCompatible" in self.schema.metadata
        service = self.schema.name

        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            body = dumps({"__type": type_of(service, shape), **error_members(self, error, shape)})
            headers = {
                "x-amzn-RequestId": request_id,
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
            }
            if query_compatible:
                headers["x-amzn-query-error"] = f"{shape.code};{shape.fault_of(error)}"
            headers.update(error.headers)
            return Response(shape.status_of(error), headers, body)

        return serialise_error
