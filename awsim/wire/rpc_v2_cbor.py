"""The smithy-rpc-v2-cbor protocol, with CBOR (RFC 8949) as far as AWS uses it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from awsim.errors import AWSError
from awsim.wire.codec import Codec, finish
from awsim.wire.http import Request, Response
from awsim.wire.json import error_members, type_of
from awsim.wire.json_values import structure_reader
from awsim.wire.models import Schema
from awsim.wire.values import Unreadable, bytes_of, read_epoch, write_epoch

# --- decoding --------------------------------------------------------------------------------------------------------

_half = struct.Struct(">e").unpack_from
_single = struct.Struct(">f").unpack_from
_double = struct.Struct(">d").unpack_from


def decode(body: bytes) -> Any:
    """The one value of a CBOR text; raises Unreadable. Epoch timestamps (tag 1) come out as datetimes."""
    try:
        value, end = _value(body, 0)
    except (IndexError, struct.error):
        raise Unreadable("Unexpected end of CBOR input") from None
    except UnicodeDecodeError:
        raise Unreadable("Text is not valid UTF-8") from None
    except RecursionError:
        raise Unreadable("Nesting is too deep") from None
    except TypeError:
        raise Unreadable("Unexpected type of a map key") from None
    if end != len(body):
        raise Unreadable("Unexpected bytes after the CBOR value")
    return value


_BREAK = object()


def _item(body: bytes, at: int) -> tuple[Any, int]:
    first = body[at]
    at += 1
    major, info = first >> 5, first & 31
    if major == 7:
        if info == 20:
            return False, at
        if info == 21:
            return True, at
        if info == 22 or info == 23:
            return None, at
        if info == 25:
            return _half(body, at)[0], at + 2
        if info == 26:
            return _single(body, at)[0], at + 4
        if info == 27:
            return _double(body, at)[0], at + 8
        if info == 31:
            return _BREAK, at
        raise Unreadable("Unexpected CBOR simple value")
    if info < 24:
        number = info
    elif info < 28:
        size = 1 << (info - 24)
        if at + size > len(body):
            raise IndexError
        number = int.from_bytes(body[at : at + size], "big")
        at += size
    elif info == 31 and 2 <= major <= 5:
        return _indefinite(body, at, major)
    else:
        raise Unreadable("Unexpected CBOR length")
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major == 2 or major == 3:
        end = at + number
        if end > len(body):
            raise IndexError
        return (body[at:end] if major == 2 else body[at:end].decode()), end
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _value(body, at)
            items.append(item)
        return items, at
    if major == 5:
        result = {}
        for _ in range(number):
            key, at = _value(body, at)
            result[key], at = _value(body, at)
        return result, at
    value, at = _value(body, at)
    if number == 1:
        return read_epoch(value), at
    if number in (2, 3) and isinstance(value, bytes):
        whole = int.from_bytes(value, "big")
        return (whole if number == 2 else -1 - whole), at
    return value, at


def _value(body: bytes, at: int) -> tuple[Any, int]:
    value, at = _item(body, at)
    if value is _BREAK:
        raise Unreadable("Unexpected CBOR break")
    return value, at


def _indefinite(body: bytes, at: int, major: int) -> tuple[Any, int]:
    if major == 5:
        result = {}
        while True:
            key, at = _item(body, at)
            if key is _BREAK:
                return result, at
            result[key], at = _value(body, at)
    items = []
    while True:
        item, at = _item(body, at)
        if item is _BREAK:
            break
        items.append(item)
    if major == 4:
        return items, at
    kind = bytes if major == 2 else str
    if any(type(item) is not kind for item in items):
        raise Unreadable("Unexpected CBOR string chunk")
    return (b"" if major == 2 else "").join(items), at


# --- encoding --------------------------------------------------------------------------------------------------------

Write = Callable[[bytearray, Any], None]


def head(major: int, number: int) -> bytes:
    """The initial bytes of an item: its major type and its number or length."""
    major <<= 5
    if number < 24:
        return bytes((major | number,))
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes((major | info,)) + number.to_bytes(size, "big")
    raise ValueError(f"too large for CBOR: {number}")


def _string(out: bytearray, value: Any) -> None:
    data = (value if isinstance(value, str) else str(value)).encode("utf-8", "replace")
    out += head(3, len(data))
    out += data


def _integer(out: bytearray, value: Any) -> None:
    value = int(value)
    out += head(0, value) if value >= 0 else head(1, -1 - value)


_pack_single = struct.Struct(">Bf").pack
_pack_double = struct.Struct(">Bd").pack


def _float(out: bytearray, value: Any) -> None:
    out += _pack_double(0xFB, value)


def _boolean(out: bytearray, value: Any) -> None:
    out.append(0xF5 if value else 0xF4)


def _blob(out: bytearray, value: Any) -> None:
    data = bytes_of(value)
    out += head(2, len(data))
    out += data


def _timestamp(out: bytearray, value: Any) -> None:
    seconds = write_epoch(value)
    out.append(0xC1)
    (_integer if type(seconds) is int else _float)(out, seconds)


def _any(out: bytearray, value: Any) -> None:
    """A value without a shape: documents and unmodelled members of errors."""
    if value is None:
        out.append(0xF6)
    elif isinstance(value, bool):
        _boolean(out, value)
    elif isinstance(value, int):
        _integer(out, value)
    elif isinstance(value, float):
        _float(out, value)
    elif isinstance(value, bytes | bytearray):
        _blob(out, value)
    elif hasattr(value, "timetuple"):
        _timestamp(out, value)
    elif hasattr(value, "items"):
        out += head(5, len(value))
        for key, item in value.items():
            _string(out, key)
            _any(out, item)
    elif isinstance(value, list | tuple):
        out += head(4, len(value))
        for item in value:
            _any(out, item)
    else:
        _string(out, value)


_SCALARS: dict[str, Write] = {
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


def writer(schema: Schema, reference: dict[str, Any]) -> Write:
    shape = schema.resolve(reference)
    kind = shape["type"]
    if kind == "structure":
        return _any if shape.get("document") else structure_writer(schema, reference["shape"])
    if kind == "list":
        item = writer(schema, shape["member"])

        def write_list(out: bytearray, value: Any) -> None:
            value = list(value)
            out += head(4, len(value))
            for each in value:
                if each is None:
                    out.append(0xF6)
                else:
                    item(out, each)

        return write_list
    if kind == "map":
        entry = writer(schema, shape["value"])

        def write_map(out: bytearray, value: Any) -> None:
            out += head(5, len(value))
            for key, each in value.items():
                _string(out, key)
                if each is None:
                    out.append(0xF6)
                else:
                    entry(out, each)

        return write_map
    return _SCALARS.get(kind, _any)


def structure_writer(schema: Schema, name: str) -> Write:
    memo = schema.memo
    key = ("write cbor", name)
    if key in memo:
        return memo[key]
    find: Any = None

    def compile() -> Any:
        table = {}
        for member, reference in schema.shapes[name].get("members", {}).items():
            wire = bytearray()
            _string(wire, schema.resolve(reference).get("locationName", member))
            table[member] = (bytes(wire), writer(schema, reference))
        return table.get

    def write(out: bytearray, value: Any) -> None:
        nonlocal find
        if find is None:
            find = compile()
        entries = [
            (entry, item) for member, item in value.items() if item is not None and (entry := find(member)) is not None
        ]
        out += head(5, len(entries))
        for (wire, convert), item in entries:
            out += wire
            convert(out, item)

    memo[key] = write
    return write


# --- the protocol ----------------------------------------------------------------------------------------------------


class CBORCodec(Codec):
    protocol = "smithy-rpc-v2-cbor"

    def _headers(self, request_id: str) -> dict[str, str]:
        return {
            "x-amzn-RequestId": request_id,
            "smithy-protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
        }

    def compile_parse(self) -> Callable[[Request], dict[str, Any]]:
        if self.input is None:
            return lambda request: {}
        read = structure_reader(self.schema, self.input["shape"], form="cbor")
        members = self.schema.resolve(self.input).get("members", {})
        compressed = bool(self.operation._operation_model.get("requestcompression"))
        endpoint = self.operation._operation_model.get("endpoint")
        host_labels = [name for name, member in members.items() if "hostLabel" in member] if endpoint else []

        def parse(request: Request) -> dict[str, Any]:
            body = request.read()
            try:
                if compressed and dict.get(request.headers, "content-encoding") == "gzip":
                    from awsim.wire.chunked import gunzip

                    body = gunzip(body)
                params = read(decode(body)) if body else {}
            except Unreadable as problem:
                raise AWSError("SerializationException", str(problem), status=400) from None
            if host_labels:
                from awsim.wire.rest import labels_of_host

                labels_of_host(self.operation, request.host, host_labels, params)
            return params

        return parse

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        if self.output is None:

            def serialise_nothing(result: dict[str, Any] | None, request_id: str) -> Response:
                headers = {**self._headers(request_id), "Content-Length": "0"}
                del headers["Content-Type"]
                return finish(Response(200, headers, b""), result)

            return serialise_nothing
        members = self.schema.resolve(self.output).get("members", {})
        events = next((name for name, ref in members.items() if self.schema.resolve(ref).get("eventstream")), None)
        if events is not None:
            from awsim.wire.eventstream import rpc_events_writer

            return rpc_events_writer(self, events)
        write = structure_writer(self.schema, self.output["shape"])

        def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
            out = bytearray()
            write(out, result or {})
            headers = self._headers(request_id)
            headers["Content-Length"] = str(len(out))
            return finish(Response(200, headers, bytes(out)), result)

        return serialise

    def compile_serialise_error(self) -> Callable[[AWSError, str, Request | None], Response]:
        query_compatible = "awsQueryCompatible" in self.schema.metadata
        service = self.schema.name

        def serialise_error(error: AWSError, request_id: str, request: Request | None = None) -> Response:
            shape = self.error_of(error)
            plain = AWSError(error.code, error.message)
            body = {"__type": type_of(service, shape), **error_members(self, plain, shape)}
            fields = {name: value for name, value in error.fields.items() if value is not None}
            out = bytearray(head(5, len(body) + len(fields)))
            for name, value in body.items():
                _string(out, name)
                _any(out, value)
            for name, value in fields.items():
                reference = shape.members.get(name)
                if reference is None:
                    _string(out, name)
                    _any(out, value)
                else:
                    _string(out, self.schema.resolve(reference).get("locationName", name))
                    writer(self.schema, reference)(out, value)
            headers = self._headers(request_id)
            headers["Content-Length"] = str(len(out))
            if query_compatible:
                headers["x-amzn-query-error"] = f"{shape.code};{shape.fault_of(error)}"
            headers.update(error.headers)
            return Response(shape.status_of(error), headers, bytes(out))

        return serialise_error
