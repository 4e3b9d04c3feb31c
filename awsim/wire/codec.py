"""`codec_for(operation)`: what turns an operation's HTTP requests into parameters and its results into responses.

One Codec per operation and protocol, shared by the whole process; each of its parts is compiled on first use and then
replaces the method that compiled it, so that a call costs no look-up of what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from awsim.errors import AWSError
from awsim.wire.http import Request, Response
from awsim.wire.models import Readers, Schema, schema_of

if TYPE_CHECKING:
    from botocore.model import OperationModel

_codecs: dict[tuple[str, str, str | None, frozenset[str], Readers], Codec] = {}
_NOTHING: frozenset[str] = frozenset()


class Codec:
    """One operation in one protocol. Subclasses, one per protocol, give the `compile_…` parts."""

    protocol: str = ""

    def __init__(self, operation: OperationModel, schema: Schema) -> None:
        self.operation = operation
        self.schema = schema
        raw = operation._operation_model
        self.name: str = operation.name
        self.input: dict[str, Any] | None = raw.get("input")
        self.output: dict[str, Any] | None = raw.get("output")
        self.http: dict[str, Any] = raw.get("http", {})
        #: The only protocol of its service: whatever comes in is parsed by it.
        self.alone = len(schema.metadata.get("protocols") or ()) < 2 and schema.name not in _QUERY_TOO
        self._errors: dict[str, ErrorShape] = {}

    # --- what the gateway uses ---

    def parse(self, request: Request) -> dict[str, Any]:
        """The parameters of a request; raises AWSError when it can not be read."""
        self.parse = parse = self.compile_parse()  # type: ignore[method-assign]
        return parse(request)

    def serialise(self, result: dict[str, Any] | None, request_id: str) -> Response:
        """The response for a result."""
        self.serialise = serialise = self.compile_serialise()  # type: ignore[method-assign]
        return serialise(result, request_id)

    def serialise_error(self, error: AWSError, request_id: str, request: Request | None = None) -> Response:
        """The response for an error."""
        self.serialise_error = serialise_error = self.compile_serialise_error()  # type: ignore[method-assign]
        return serialise_error(error, request_id, request)

    @property
    def idempotency_tokens(self) -> tuple[str, ...]:
        """The members that the model marks as idempotency tokens."""
        tokens = self.__dict__.get("_tokens")
        if tokens is None:
            members = self.schema.resolve(self.input).get("members", {}) if self.input else {}
            tokens = tuple(
                name for name, member in members.items() if self.schema.resolve(member).get("idempotencyToken")
            )
            self._tokens = tokens
        return tokens

    @property
    def has_blobs(self) -> bool:
        """Whether any blob or stream is in the input or the output."""
        blobs = self.__dict__.get("_blobs")
        if blobs is None:
            blobs = self._blobs = self.schema.holds(self.input, "blob") or self.schema.holds(self.output, "blob")
        return blobs

    # --- what a protocol gives ---

    def compile_parse(self) -> Callable[[Request], dict[str, Any]]:
        raise NotImplementedError

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        raise NotImplementedError

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        raise NotImplementedError

    # --- shared ---

    def error_of(self, error: AWSError) -> ErrorShape:
        """What the model says of an error, cached by code."""
        found = self._errors.get(error.code)
        if found is None:
            found = self._errors[error.code] = ErrorShape(self.schema, error.code)
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.schema.name}:{self.name}>"


class ErrorShape:
    """An error code as the model knows it: shape name, code, members, status. A code no model has stands for itself."""

    __slots__ = ("code", "fault", "members", "message", "name", "reference", "status")

    def __init__(self, schema: Schema, code: str) -> None:
        name = schema.error_name(code)
        #: {"shape": name} where the model has it.
        self.reference: dict[str, Any] | None = None
        self.name = self.code = code
        self.members: dict[str, Any] = {}
        self.message: str | None = None
        self.status = 400
        self.fault = "sender"
        if name is None:
            return
        self.name = name
        self.code = schema.error_code(name)
        shape = schema.shapes.get(name)
        if shape is None:
            return
        self.reference = {"shape": name}
        self.members = shape.get("members", {})
        self.message = next((member for member in self.members if member.lower() == "message"), None)
        trait = shape.get("error", {})
        status = trait.get("httpStatusCode")
        if status is None:
            status = 500 if shape.get("fault") or trait.get("fault") else 400
        self.status = status
        if status >= 500 or trait.get("senderFault") is False:
            self.fault = "receiver"

    def status_of(self, error: AWSError) -> int:
        if error.status is not None:
            return error.status
        if self.reference is None and error.fault == "receiver":
            return 500
        return self.status

    def fault_of(self, error: AWSError) -> str:
        """ "Sender" or "Receiver"."""
        fault = error.fault or (self.fault if error.status is None else "sender" if error.status < 500 else "receiver")
        return "Receiver" if fault == "receiver" else "Sender"


# Services whose models speak only JSON today and which still answer the query protocol they had.
_QUERY_TOO = {"sqs"}


def codec_for(
    operation: OperationModel,
    protocol: str | None = None,
    exact: frozenset[str] = _NOTHING,
    readers: Readers = (),
) -> Codec:
    """The codec of an operation; without `protocol` the one botocore itself would speak.

    `exact` are shapes whose values in results are just as the wire has them, which a protocol need not walk; `readers`
    make readers of their own for shapes, see `Service.readers`.
    """
    key = (operation._service_model.service_name, operation.name, protocol, exact, readers)
    codec = _codecs.get(key)
    if codec is None:
        schema = schema_of(operation.service_model, exact, readers)
        codec = _codecs.setdefault(key, new_codec(operation, protocol, schema))
    return codec


def codec_of(request: Request, operation: OperationModel) -> Codec:
    """The codec of an operation in the protocol that the request speaks."""
    codec = codec_for(operation)
    if codec.alone:
        return codec
    protocol = protocol_of(request, operation)
    return codec if protocol == codec.protocol else codec_for(operation, protocol)


def protocol_of(request: Request, operation: OperationModel) -> str:
    """The protocol a request speaks, of those its service has."""
    model = operation._service_model
    protocols = model.metadata.get("protocols") or ()
    headers = request.headers
    if len(protocols) > 1 or model.service_name in _QUERY_TOO:
        if dict.get(headers, "smithy-protocol") == "rpc-v2-cbor":
            return "smithy-rpc-v2-cbor"
        if dict.get(headers, "x-amz-target") is not None:
            return "json"
        if dict.get(headers, "content-type", "").startswith("application/x-www-form-urlencoded") or (
            "Action=" in request.query_string
        ):
            return "query"
    return resolved_protocol(model)


def finish(response: Response, result: dict[str, Any] | None) -> Response:
    """Apply a result's own `__headers__` and `__status__`."""
    if result:
        extra = result.get("__headers__")
        if extra:
            for name, value in extra.items():
                if value is not None:
                    response.headers[name] = value if type(value) is str else str(value)
        status = result.get("__status__")
        if status is not None:
            response.status = status
    return response


def resolved_protocol(model: Any) -> str:
    """The protocol botocore speaks; older versions know only `protocol`."""
    return getattr(model, "resolved_protocol", None) or model.metadata["protocol"]


def new_codec(operation: OperationModel, protocol: str | None = None, schema: Schema | None = None) -> Codec:
    """A codec that is not shared: for models that are not of a service, as in tests."""
    if protocol is None:
        protocol = resolved_protocol(operation.service_model)
    if schema is None:
        schema = schema_of(operation.service_model)
    if protocol == "json":
        from awsim.wire.json import JSONCodec as kind
    elif protocol == "query":
        from awsim.wire.query import QueryCodec as kind  # type: ignore[assignment]
    elif protocol == "ec2":
        from awsim.wire.ec2 import EC2Codec as kind  # type: ignore[assignment]
    elif protocol == "rest-xml":
        from awsim.wire.rest_xml import RestXMLCodec as kind  # type: ignore[assignment]
    elif protocol == "rest-json":
        from awsim.wire.rest_json import RestJSONCodec as kind  # type: ignore[assignment]
    elif protocol == "smithy-rpc-v2-cbor":
        from awsim.wire.rpc_v2_cbor import CBORCodec as kind  # type: ignore[assignment]
    else:
        raise ValueError(f"unknown protocol {protocol!r} of {operation.service_model.service_name}")
    return kind(operation, schema)
