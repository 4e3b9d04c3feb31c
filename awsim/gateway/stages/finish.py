"""What always happens at the end of a call: it is journalled and its answer serialised."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from awsim.calls import ENTRY, LARGE, CallRecord, kept, without_blobs
from awsim.wire.codec import codec_for
from awsim.wire.http import Response

if TYPE_CHECKING:
    from awsim.gateway.call import Call
    from awsim.wire.http import Request


def journal(call: Call) -> None:
    """Under the lock: note the call, refused ones too, under the call that caused it."""
    cloud = call.cloud
    record = call.record = CallRecord(call.service, call.operation, call.region, cloud.clock.time())
    record.by = call.caller
    record.request_id = call.request_id
    http = call.http
    # As the program wrote them.
    params = call.params if call.through is None else call.through.params
    # Small parameters are kept as they are and looked through only when somebody asks for them.
    if http is None:
        record._parameters = without_blobs(params)
    elif call.codec is not None and call.codec.schema.readers and _short(params, http):
        record._text = (call.codec, http.read())
    elif (size := http.size()) <= LARGE:
        record._parameters = params
    else:
        record._parameters = kept(params, size, call.blobs)
    if call.fault is not None:
        record.fault = call.fault.describe()
    if call.error is not None:
        record.error = call.error
    elif http is None:
        record._result = without_blobs(call.result)
    cloud.note(call, record)


def _short(params: dict[str, Any], http: Request) -> bool:
    """Whether the text of a request is less to keep than its parameters, without their blobs, in all their parts."""
    if not params:
        return False  # it could not be read
    size = http.size()
    return size <= LARGE or size <= LARGE + ENTRY * sum(map(_entries, params.values()))


def _entries(value: Any) -> int:
    """How many elements the lists of a parameter have."""
    if isinstance(value, list):
        return len(value)
    return sum([len(item) for item in value.values() if isinstance(item, list)]) if isinstance(value, dict) else 0


# Services that any web page may call.
_ANY_ORIGIN = ("dynamodb",)
# Services whose front end compresses answers larger than their row says, sums and dates them and gives its name.
_FRONTED = ("dynamodb",)
_SPECIAL = frozenset({"", *_ANY_ORIGIN, *_FRONTED})
# Services that date answers and give their name to programs that speak HTTP themselves; SDKs do not look.
_NAMED = {"s3": "AmazonS3"}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
}


def respond(call: Call) -> Response:
    """The answer on the wire."""
    response = _answer(call)
    # A request that no service was found for may still be of one.
    if call.service in _SPECIAL and call.http is not None:
        _dress(call, call.http, response)
    if call.model is None and call.service in _NAMED:
        response.headers["Server"] = _NAMED[call.service]
        response.headers["Date"] = _date(int(call.cloud.clock.time()))
    return response


def _dress(call: Call, http: Request, response: Response) -> None:
    """What the front end of a service adds to its answers."""
    if "origin" in http.headers:
        from awsim.wire.router import services_of

        if call.service or services_of(http)[:1] == [*_ANY_ORIGIN]:
            response.headers.update(_CORS)
    if call.service in _FRONTED:
        if dict.get(http.headers, "accept-encoding", "identity") != "identity":
            _compress(call, http, response)
        headers, body = response.headers, response.body
        if body.__class__ is bytes:
            headers["x-amz-crc32"] = str(crc32(body))  # of what is sent, compressed or not; SDKs check it
        headers["Server"] = "Server"
        headers["Date"] = _date(int(call.cloud.clock.time()))


@lru_cache(maxsize=4)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _compress(call: Call, http: Request, response: Response) -> None:
    """Compress a large answer for a client that accepts it so."""
    body = response.body
    least = call.instance.limits["compressed-response"] if call.instance is not None else None
    if least is None or body.__class__ is not bytes or len(body) <= least:
        return
    from awsim.wire.encodings import accepted, compressed

    encoding = accepted(dict.get(http.headers, "accept-encoding", "identity"))
    if encoding is not None:
        response.body = compressed(body, encoding)
        response.headers["Content-Encoding"] = encoding
        response.headers["Content-Length"] = str(len(response.body))


def _answer(call: Call) -> Response:
    request_id = call.request_id or call.cloud.request_id()
    codec = call.codec
    if codec is None:
        return _unmodelled(call, request_id)
    if call.error is not None:
        return codec.serialise_error(call.error, request_id, call.http)
    response = codec.serialise(call.result, request_id)
    body = response.body
    record = call.record
    if record is not None and body.__class__ is bytes and len(body) <= LARGE:
        if codec.protocol == "json":
            # Text that is read only if somebody asks costs less to keep than the many small objects it tells of.
            record._answer = (codec.operation, body)
        else:
            record._result = call.result
    return response


def _unmodelled(call: Call, request_id: str) -> Response:
    """Answers to requests that no operation of botocore's was found for, or that nobody models."""
    if call.error is None:
        result = dict(call.result or {})
        return Response(result.pop("__status__", 200), result.pop("__headers__", {}), result.pop("Body", b""))
    if call.model is not None:
        return codec_for(call.model).serialise_error(call.error, request_id, call.http)
    from awsim.wire.router import error_response

    assert call.http is not None
    return error_response(call.http, call.error, request_id)
