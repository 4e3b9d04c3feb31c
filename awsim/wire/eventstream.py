"""Event streams (application/vnd.amazon.eventstream): framed messages of typed headers and a payload, both ways.

A stream of results is an iterable of `{"EventName": {...}}`; each is encoded when the reader asks for it. An AWSError
raised on the way becomes the stream's last message.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from awsim.errors import AWSError
from awsim.wire.codec import Codec, finish
from awsim.wire.http import Request, Response
from awsim.wire.models import Schema
from awsim.wire.values import Unreadable, bytes_of, read_epoch, write_epoch

_CONTENT = {"json": "application/json", "xml": "text/xml", "cbor": "application/cbor"}

# --- messages --------------------------------------------------------------------------------------------------------


def encode_message(headers: Iterable[tuple[str, Any, str]], payload: bytes = b"") -> bytes:
    """One message. Headers are (name, value, model type); "string" is what the protocol's own headers are."""
    block = bytearray()
    for name, value, kind in headers:
        data = name.encode()
        block.append(len(data))
        block += data
        block += _header_value(value, kind)
    total = 16 + len(block) + len(payload)
    prelude = struct.pack(">II", total, len(block))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + bytes(block) + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header_value(value: Any, kind: str) -> bytes:
    if kind == "boolean":
        return b"\x00" if value else b"\x01"
    if kind == "byte":
        return struct.pack(">Bb", 2, value)
    if kind == "short":
        return struct.pack(">Bh", 3, value)
    if kind == "integer":
        return struct.pack(">Bi", 4, value)
    if kind == "long":
        return struct.pack(">Bq", 5, value)
    if kind == "timestamp":
        return struct.pack(">Bq", 8, round(write_epoch(value) * 1000))
    data = bytes_of(value) if kind == "blob" else str(value).encode()
    return struct.pack(">BH", 6 if kind == "blob" else 7, len(data)) + data


def decode_messages(data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """(headers, payload) of each message; raises Unreadable on a bad checksum, bad framing or a cut-off end."""
    at = 0
    while at < len(data):
        if at + 16 > len(data):
            raise Unreadable("Truncated event stream message")
        total, size, prelude_crc = struct.unpack_from(">III", data, at)
        if zlib.crc32(data[at : at + 8]) != prelude_crc:
            raise Unreadable("Event stream prelude checksum mismatch")
        if total < 16 + size or at + total > len(data):
            raise Unreadable("Truncated event stream message")
        (crc,) = struct.unpack_from(">I", data, at + total - 4)
        if zlib.crc32(data[at : at + total - 4]) != crc:
            raise Unreadable("Event stream message checksum mismatch")
        start = at + 12
        yield _headers(data[start : start + size]), data[start + size : at + total - 4]
        at += total


_FIXED = {2: ">b", 3: ">h", 4: ">i", 5: ">q"}


def _headers(block: bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    at = 0
    try:
        while at < len(block):
            length = block[at]
            name = block[at + 1 : at + 1 + length].decode()
            at += 1 + length
            kind = block[at]
            at += 1
            value: Any
            if kind < 2:
                value = kind == 0
            elif kind in _FIXED:
                (value,) = struct.unpack_from(_FIXED[kind], block, at)
                at += struct.calcsize(_FIXED[kind])
            elif kind == 6 or kind == 7:
                (length,) = struct.unpack_from(">H", block, at)
                value = block[at + 2 : at + 2 + length]
                if len(value) != length:
                    raise IndexError
                if kind == 7:
                    value = value.decode()
                at += 2 + length
            elif kind == 8:
                (millis,) = struct.unpack_from(">q", block, at)
                value = read_epoch(millis / 1000)
                at += 8
            elif kind == 9:
                value = str(uuid.UUID(bytes=block[at : at + 16]))
                at += 16
            else:
                raise Unreadable(f"Unknown event stream header type {kind}")
            headers[name] = value
    except (IndexError, struct.error, UnicodeDecodeError):
        raise Unreadable("Malformed event stream headers") from None
    return headers


# --- bodies of events ------------------------------------------------------------------------------------------------


def _body_writer(schema: Schema, reference: dict[str, Any], form: str) -> Callable[[Any], bytes]:
    """Writer of a structure as a payload of its own."""
    if form == "json":
        from awsim.wire.json_values import dumps, structure_writer

        write = structure_writer(schema, reference["shape"])
        return lambda value: dumps(write(value))
    if form == "cbor":
        from awsim.wire.rpc_v2_cbor import structure_writer as cbor_writer

        write_cbor = cbor_writer(schema, reference["shape"])

        def encode(value: Any) -> bytes:
            out = bytearray()
            write_cbor(out, value)
            return bytes(out)

        return encode
    from awsim.wire.xml import HEADER, Writers

    write_xml = Writers(schema, kind="events").element(reference["shape"], reference, schema.resolve(reference))

    def encode_xml(value: Any) -> bytes:
        parts = [HEADER]
        write_xml(parts.append, value)
        return "".join(parts).encode()

    return encode_xml


def _body_reader(schema: Schema, reference: dict[str, Any], form: str) -> Callable[[bytes], Any]:
    if form == "xml":
        from awsim.wire.xml import Readers, parse_xml

        read_xml = Readers(schema).structure(reference["shape"])
        return lambda body: read_xml(parse_xml(body)) if body else {}
    from awsim.wire.json_values import loads, structure_reader

    read = structure_reader(schema, reference["shape"], form=form)
    if form == "cbor":
        from awsim.wire.rpc_v2_cbor import decode

        return lambda body: read(decode(body)) if body else {}
    return lambda body: read(loads(body)) if body else {}


# --- streams ---------------------------------------------------------------------------------------------------------


def events_writer(schema: Schema, reference: dict[str, Any], form: str) -> Callable[[Any], Iterable[bytes]]:
    """Writer of a stream of events, `form` being the protocol's: "json", "xml" or "cbor"."""
    members = schema.resolve(reference).get("members", {})
    compiled: dict[str, Callable[[Any], bytes]] = {}

    def encode(event: dict[str, Any]) -> Iterator[bytes]:
        for name, value in event.items():
            if value is not None and name in members:
                writer = compiled.get(name)
                if writer is None:
                    writer = compiled[name] = _event_writer(schema, name, members[name], form)
                yield writer(value)

    def write(events: Any) -> Iterator[bytes]:
        """Pauses between events that come in time (`awsim.waiting.Pausing`) go on to who sends the bytes."""
        try:
            for event in getattr(events, "steps", events):
                if event.__class__ is dict:
                    yield from encode(event)
                else:
                    yield event
        except AWSError as error:
            if error.code in members:
                yield from encode({error.code: {"message": error.message, "Message": error.message, **error.fields}})
            else:
                yield encode_message(
                    [
                        (":error-code", error.code, "string"),
                        (":error-message", error.message, "string"),
                        (":message-type", "error", "string"),
                    ]
                )

    return write


def _event_writer(schema: Schema, name: str, reference: dict[str, Any], form: str) -> Callable[[Any], bytes]:
    shape = schema.resolve(reference)
    kind = "exception" if shape.get("exception") else "event"
    located: list[tuple[str, str]] = []
    payload: str | None = None
    rest: dict[str, Any] = {}
    for member, ref in shape.get("members", {}).items():
        resolved = schema.resolve(ref)
        if resolved.get("eventheader"):
            located.append((member, resolved["type"]))
        elif resolved.get("eventpayload"):
            payload = member
        else:
            rest[member] = ref
    own = [(":message-type", kind, "string"), (f":{kind}-type", name, "string")]
    encode: Callable[[Any], bytes]
    content_type: str | None
    if payload is not None:
        payload_shape = schema.resolve(shape["members"][payload])
        if payload_shape["type"] == "blob":
            encode, content_type = bytes_of, "application/octet-stream"
        elif payload_shape["type"] == "string":
            encode, content_type = bytes_of, "text/plain"
        else:
            encode, content_type = _body_writer(schema, shape["members"][payload], form), _CONTENT[form]
    elif rest or kind == "exception":
        encode, content_type = _body_writer(schema, reference, form), _CONTENT[form]
    else:
        content_type = None if located or form == "xml" else _CONTENT[form]
        empty = {"json": b"{}", "cbor": b"\xa0"}.get(form, b"") if content_type else b""

        def encode(value: Any) -> bytes:
            return empty

    if content_type is not None:
        own.append((":content-type", content_type, "string"))

    def write(value: dict[str, Any]) -> bytes:
        headers = own + [(member, value[member], type) for member, type in located if value.get(member) is not None]
        if payload is not None:
            given = value.get(payload)
            return encode_message(headers, b"" if given is None else encode(given))
        if located:
            value = {member: item for member, item in value.items() if member in rest}
        return encode_message(headers, encode(value))

    return write


def events_reader(schema: Schema, reference: dict[str, Any], form: str) -> Callable[[bytes], list[dict[str, Any]]]:
    """Reader of a stream of events that a client has sent."""
    members = schema.resolve(reference).get("members", {})

    def read(body: bytes) -> list[dict[str, Any]]:
        events = []
        for headers, payload in decode_messages(body):
            if ":date" in headers and ":chunk-signature" in headers:  # a signed envelope around the message
                events += read(payload)
                continue
            name = headers.get(":event-type")
            if name not in members:
                continue
            shape = schema.resolve(members[name])
            event: dict[str, Any] = {}
            explicit = False
            for member, ref in shape.get("members", {}).items():
                resolved = schema.resolve(ref)
                if resolved.get("eventheader"):
                    if member in headers:
                        event[member] = headers[member]
                elif resolved.get("eventpayload"):
                    explicit = True
                    if resolved["type"] == "blob":
                        event[member] = payload
                    elif resolved["type"] == "string":
                        event[member] = payload.decode("utf-8", "replace")
                    else:
                        event[member] = _body_reader(schema, ref, form)(payload)
            if not explicit and payload:
                event.update(_body_reader(schema, members[name], form)(payload))
            events.append({name: event})
        return events

    return read


# --- RPC protocols: the other members travel in a first message ------------------------------------------------------


def rpc_events_writer(codec: Codec, member: str) -> Callable[[dict[str, Any] | None, str], Response]:
    """The serialiser of an RPC operation whose output has an event stream."""
    form = "cbor" if codec.protocol.endswith("cbor") else "json"
    schema = codec.schema
    reference = schema.resolve(codec.output)["members"][member]  # type: ignore[arg-type]
    write_events = events_writer(schema, reference, form)
    write_initial = _body_writer(schema, codec.output, form)  # type: ignore[arg-type]
    content_type = getattr(codec, "content_type", _CONTENT[form]) if form == "json" else _CONTENT[form]
    initial = [
        (":message-type", "event", "string"),
        (":event-type", "initial-response", "string"),
        (":content-type", content_type, "string"),
    ]

    def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
        result = result or {}
        others = {name: value for name, value in result.items() if name != member}

        def stream() -> Iterator[bytes]:
            yield encode_message(initial, write_initial(others))
            yield from write_events(result.get(member) or ())

        headers = {"x-amzn-RequestId": request_id, "Content-Type": "application/vnd.amazon.eventstream"}
        if form == "cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
        return finish(Response(200, headers, stream()), result)

    return serialise


def json_events_reader(codec: Codec, member: str) -> Callable[[Request], dict[str, Any]]:
    """The parser of a json operation whose input has an event stream."""
    schema = codec.schema
    reference = schema.resolve(codec.input)["members"][member]  # type: ignore[arg-type]
    read_events = events_reader(schema, reference, "json")
    read_initial = _body_reader(schema, codec.input, "json")  # type: ignore[arg-type]

    def parse(request: Request) -> dict[str, Any]:
        body = request.read()
        try:
            if not dict.get(request.headers, "content-type", "").startswith("application/vnd.amazon.eventstream"):
                return read_initial(body)
            params: dict[str, Any] = {}
            for headers, payload in decode_messages(body):
                if headers.get(":event-type") == "initial-request":
                    params.update(read_initial(payload))
            params[member] = read_events(body)
            return params
        except Unreadable as problem:
            raise AWSError("SerializationException", str(problem), status=400) from None

    return parse
