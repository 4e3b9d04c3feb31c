"""What rest-json and rest-xml share: labels, query strings, headers, payloads, status codes."""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from awsim.errors import AWSError
from awsim.wire.chunked import Incomplete, check_length, decode, gunzip, is_chunked, without_chunked
from awsim.wire.codec import Codec, finish
from awsim.wire.hosts import bucket_of
from awsim.wire.http import Headers, Request, Response
from awsim.wire.models import request_uri
from awsim.wire.values import (
    READ_TEXT,
    WRITE_TIMESTAMP,
    Unreadable,
    bytes_of,
    read_any_timestamp,
    read_epoch,
    write_boolean,
    write_epoch_text,
    write_float_text,
    write_rfc822,
)

FromText = Callable[[str], Any]
Extract = Callable[[Request, dict[str, Any]], None]


class Misplaced(Unreadable):
    """A value outside the body that can not be read: which, where, and what it said."""

    def __init__(self, location: str, name: str, value: str, kind: str) -> None:
        super().__init__(f"Invalid value for {name}: {value[:100]!r}")
        self.location, self.name, self.value, self.kind = location, name, value, kind


class RestCodec(Codec):
    """A REST protocol: subclasses read and write bodies."""

    # --- what a subclass gives ---

    def body_reader(self, members: dict[str, Any]) -> Callable[[bytes], dict[str, Any]]:
        """Reader of a body that holds these members of the input."""
        raise NotImplementedError

    def payload_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        """Reader of a body that is one member; returns None for nothing."""
        raise NotImplementedError

    def body_writer(self, members: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
        raise NotImplementedError

    def payload_writer(self, name: str, reference: dict[str, Any]) -> Callable[[Any], bytes]:
        raise NotImplementedError

    def unreadable(self, problem: Unreadable) -> AWSError:
        """The protocol's own error for input that can not be read."""
        raise NotImplementedError

    def events_reader(self, reference: dict[str, Any]) -> Callable[[bytes], Any]:
        raise NotImplementedError

    def events_writer(self, reference: dict[str, Any]) -> Callable[[Any], Iterable[bytes]]:
        raise NotImplementedError

    content_type = ""
    empty_body = b""

    def request_ids(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-RequestId": request_id}

    # --- requests ---

    def compile_parse(self) -> Callable[[Request], dict[str, Any]]:
        if self.input is None:
            return lambda request: {}
        resolve = self.schema.resolve
        shape = resolve(self.input)
        payload = shape.get("payload")
        labels: dict[str, tuple[str, FromText]] = {}
        queries: dict[str, tuple[str, FromText, bool]] = {}
        headers: dict[str, tuple[str, FromText, str]] = {}
        prefixes: list[tuple[str, str]] = []
        body: dict[str, Any] = {}
        query_map: tuple[str, bool] | None = None
        host_labels = []
        for name, reference in shape.get("members", {}).items():
            location = reference.get("location")
            if "hostLabel" in reference:
                host_labels.append(name)
            if location is None:
                body[name] = reference
                continue
            member = resolve(reference)
            wire = member.get("locationName", name)
            kind = member["type"]
            if location == "uri":
                labels[wire] = (name, self.of_text(member))
            elif location == "querystring":
                if kind == "map":
                    query_map = (name, resolve(member["value"])["type"] == "list")
                elif kind == "list":
                    queries[wire] = (name, self.of_text(resolve(member["member"])), True)
                else:
                    queries[wire] = (name, self.of_text(member), False)
            elif location == "header":
                headers[wire.lower()] = (name, self.of_header(member), wire)
            elif location == "headers":
                prefixes.append((name, wire.lower()))
        extract = self._labels(labels, list(shape.get("members", {})))
        read_body = self._body_of(shape, payload, body)
        find_query = queries.get
        find_header = headers.get if headers else None
        compressed = bool(self.operation._operation_model.get("requestcompression"))
        if "endpoint" not in self.operation._operation_model:
            host_labels = []
        known_queries = set(queries) | {part.partition("=")[0] for part in self._literals()}

        def parse(request: Request) -> dict[str, Any]:
            params: dict[str, Any] = {}
            try:
                extract(request, params)
                if request.query_string and (queries or query_map):
                    for name, value in request.query:
                        entry = find_query(name)
                        if entry is not None:
                            member, convert, many = entry
                            try:
                                if many:
                                    params.setdefault(member, []).append(convert(value))
                                else:
                                    params[member] = convert(value)
                            except Unreadable:
                                raise Misplaced("querystring", name, value, "") from None
                    if query_map is not None:
                        _rest_of_query(request, params, query_map, known_queries)
                fields: Any = request.headers
                content = None
                if read_body is not None:
                    if is_chunked_fields(fields) and is_chunked(dict(fields)):
                        content, fields = _unwrap(request, fields)
                    else:
                        content = request.read()
                        if compressed and dict.get(fields, "content-encoding", "").endswith("gzip"):
                            content, fields = _decompress(content, fields)
                if find_header is not None:
                    for name, value in dict.items(fields):
                        entry = find_header(name)
                        if entry is not None:
                            try:
                                params[entry[0]] = entry[1](value)
                            except Unreadable:
                                self.bad_header(params, entry[0], entry[2], value)
                for member, prefix in prefixes:
                    found = _with_prefix(request.headers, prefix)
                    if found:
                        params[member] = found
                if read_body is not None:
                    read_body(content, params)
            except Unreadable as problem:
                raise self.unreadable(problem) from None
            except RecursionError:
                raise self.unreadable(Unreadable("Nesting is too deep")) from None
            if host_labels:
                labels_of_host(self.operation, request.host, host_labels, params)
            return params

        return parse

    def bad_header(self, params: dict[str, Any], member: str, name: str, value: str) -> None:
        """A header that can not be read: an error, unless the service knows better."""
        raise Misplaced("header", name, value, "")

    def of_text(self, shape: dict[str, Any]) -> FromText:
        """Text of a label or a query value to Python."""
        if shape["type"] == "timestamp":
            return read_epoch if shape.get("timestampFormat", "").lower() == "unixtimestamp" else read_any_timestamp
        return READ_TEXT[shape["type"]]

    def of_header(self, shape: dict[str, Any]) -> FromText:
        kind = shape["type"]
        if kind == "list":
            member = self.schema.resolve(shape["member"])
            convert = self.of_header(member)
            if member["type"] == "timestamp" and member.get("timestampFormat", "rfc822").lower() == "rfc822":
                return lambda text: [convert(each) for each in _dates_of(text)]
            return lambda text: [convert(each) for each in items_of(text)]
        if kind == "string" and shape.get("jsonvalue"):
            return _read_json_value
        return self.of_text(shape)

    def _literals(self) -> list[str]:
        return [part for part in request_uri(self.http).partition("?")[2].split("&") if part]

    def _labels(self, labels: dict[str, tuple[str, FromText]], members: list[str]) -> Extract:
        """Extraction of the labels of the URI's path; S3's bucket may be in the host instead."""
        segments = request_uri(self.http).partition("?")[0].split("/")
        plan: list[tuple[int, int | None, str, FromText]] = []
        greedy = next((i for i, segment in enumerate(segments) if segment.endswith("+}")), None)
        for index, segment in enumerate(segments):
            if segment[:1] == "{":
                label = segment[1:-1].rstrip("+")
                if label not in labels:
                    continue
                member, convert = labels[label]
                if index == greedy:
                    plan.append((index, index + 1 - len(segments), member, convert))
                else:
                    at = index if greedy is None or index < greedy else index - len(segments)
                    plan.append((at, None, member, convert))
        if self.schema.name == "s3" and "Bucket" in members:
            return _bucket_and_labels(plan)

        def extract(request: Request, params: dict[str, Any]) -> None:
            if plan:
                _pick(request.path.split("/"), plan, params)

        return extract

    def _body_of(
        self, shape: dict[str, Any], payload: str | None, body: dict[str, Any]
    ) -> Callable[[bytes, dict[str, Any]], None] | None:
        if payload is None:
            if not body:
                return None
            read = self.body_reader(body)

            def read_members(content: bytes, params: dict[str, Any]) -> None:
                if content:
                    params.update(read(content))

            return read_members
        reference = shape["members"][payload]
        member = self.schema.resolve(reference)
        kind = member["type"]
        required = payload in shape.get("required", ())
        if member.get("eventstream"):
            read_events = self.events_reader(reference)

            def read_stream(content: bytes, params: dict[str, Any]) -> None:
                params[payload] = read_events(content)

            return read_stream
        if kind == "blob":

            def keep(content: bytes, params: dict[str, Any]) -> None:
                if content or required:
                    params[payload] = content

            return keep
        if kind == "string":

            def keep_text(content: bytes, params: dict[str, Any]) -> None:
                if content or required:
                    try:
                        params[payload] = content.decode()
                    except UnicodeDecodeError:
                        raise Unreadable("Request is not valid UTF-8") from None

            return keep_text
        read_payload = self.payload_reader(reference)

        def read_one(content: bytes, params: dict[str, Any]) -> None:
            value = read_payload(content)
            if value is not None:
                params[payload] = value
            elif required:
                params[payload] = {}

        return read_one

    # --- responses ---

    def compile_serialise(self) -> Callable[[dict[str, Any] | None, str], Response]:
        default_status = self.http.get("responseCode", 200)
        head = self.http.get("method") == "HEAD"
        content_type = self.content_type
        if self.output is None:

            def serialise_nothing(result: dict[str, Any] | None, request_id: str) -> Response:
                headers = self.request_ids(request_id)
                headers["Content-Length"] = "0"
                return finish(Response(default_status, headers, b""), result)

            return serialise_nothing
        resolve = self.schema.resolve
        shape = resolve(self.output)
        payload = shape.get("payload")
        table: dict[str, tuple[int, str, Any]] = {}
        body: dict[str, Any] = {}
        for name, reference in shape.get("members", {}).items():
            location = reference.get("location")
            member = resolve(reference)
            wire = member.get("locationName", name)
            if name == payload:
                table[name] = (4, "", None)
            elif location == "header":
                table[name] = (0, wire, self.to_header(member))
            elif location == "headers":
                table[name] = (1, wire, None)
            elif location == "statusCode":
                table[name] = (2, "", None)
            else:
                body[name] = reference
                table[name] = (3, name, None)
        write: Any = None
        stream = False
        payload_type = content_type
        if payload is not None:
            reference = shape["members"][payload]
            member = resolve(reference)
            if member.get("eventstream"):
                write, stream = self.events_writer(reference), True
                payload_type = "application/vnd.amazon.eventstream"
            elif member["type"] == "blob":
                write, stream, payload_type = stream_of, True, "application/octet-stream"
            elif member["type"] == "string":
                write, payload_type = bytes_of, "text/plain"
            else:
                write = self.payload_writer(payload, reference)
        write_body = self.body_writer(body) if payload is None and (body or self.writes_empty(shape)) else None
        find = table.get
        finishing = self.finishing(shape)

        def serialise(result: dict[str, Any] | None, request_id: str) -> Response:
            headers = self.request_ids(request_id)
            status = default_status
            content: Any = b""
            members: dict[str, Any] = {}
            given = None
            if result:
                for name, item in result.items():
                    if item is None:
                        continue
                    entry = find(name)
                    if entry is None:
                        continue
                    mode, wire, convert = entry
                    if mode == 0:
                        text = convert(item)
                        if text is not None:
                            headers[wire] = text
                    elif mode == 3:
                        members[name] = item
                    elif mode == 4:
                        given = item
                    elif mode == 1:
                        for key, text in item.items():
                            headers[wire + key] = text if type(text) is str else str(text)
                    else:
                        status = item
            if write is not None:
                if given is not None:
                    content = write(given)
            elif write_body is not None and not head:
                content = write_body(members)
            if (content or stream) and not head and "Content-Type" not in headers:
                headers["Content-Type"] = payload_type if write is not None else content_type
            response = Response(status, headers, content)
            if result and ("__headers__" in result or "__status__" in result):
                finish(response, result)
            if finishing is not None:
                finishing(response, result)
            if type(response.body) is bytes and "Content-Length" not in headers and response.status != 204:
                headers["Content-Length"] = str(len(response.body))
            return response

        return serialise

    def writes_empty(self, shape: dict[str, Any]) -> bool:
        """Whether an output without members in the body still gets one."""
        return bool(self.empty_body)

    def finishing(self, shape: dict[str, Any]) -> Callable[[Response, dict[str, Any] | None], None] | None:
        """A last hand on the response, where a service needs one."""
        return None

    def to_header(self, shape: dict[str, Any]) -> Callable[[Any], str | None]:
        kind = shape["type"]
        if kind == "boolean":
            return write_boolean
        if kind == "timestamp":
            form = shape.get("timestampFormat", "rfc822").lower()
            return write_epoch_text if form == "unixtimestamp" else WRITE_TIMESTAMP.get(form, write_rfc822)
        if kind in ("float", "double"):
            return write_float_text
        if kind == "list":
            member = self.schema.resolve(shape["member"])
            convert = self.to_header(member)
            quote = member["type"] == "string"

            def write_list(value: Any) -> str | None:
                parts = [convert(item) or "" for item in value if item is not None]
                if quote:
                    parts = [_quoted(part) if "," in part or '"' in part else part for part in parts]
                return ", ".join(parts) if parts else None

            return write_list
        if kind == "string" and shape.get("jsonvalue"):
            return _write_json_value
        if kind == "blob":
            return lambda value: binascii.b2a_base64(bytes_of(value), newline=False).decode("ascii")
        return str

    def split_error(self, error: AWSError) -> tuple[dict[str, str], dict[str, Any]]:
        """(headers, fields of the body) of an error's fields."""
        if not error.fields:
            return {}, {}
        shape = self.error_of(error)
        headers: dict[str, str] = {}
        fields: dict[str, Any] = {}
        for name, value in error.fields.items():
            reference = shape.members.get(name)
            location = reference.get("location") if reference else None
            if value is None or location == "statusCode":
                continue
            if location == "header":
                member = self.schema.resolve(reference)
                text = self.to_header(member)(value)
                if text is not None:
                    headers[member.get("locationName", name)] = text
            elif location == "headers":
                prefix = reference.get("locationName", "")
                headers.update({prefix + key: str(text) for key, text in value.items()})
            else:
                fields[name] = value
        return headers, fields


def is_chunked_fields(fields: Headers) -> bool:
    """A cheap first look at whether a body may be aws-chunked."""
    return dict.__contains__(fields, "content-encoding") or dict.__contains__(fields, "x-amz-decoded-content-length")


def _unwrap(request: Request, fields: Headers) -> tuple[bytes, dict[str, str]]:
    """(data, headers with the trailers among them and without aws-chunked) of an aws-chunked body."""
    plain = dict(fields)
    declared = plain.get("x-amz-decoded-content-length")
    known = request.unwrapped()
    if known is None:
        content, trailers = decode(request.read(), declared)
    else:
        content, trailers = known
        check_length(content, declared)
    plain.update(trailers)
    encoding = plain.pop("content-encoding", "")
    if encoding:
        encoding = without_chunked(encoding)
        if encoding:
            plain["content-encoding"] = encoding
    length = plain.get("x-amz-decoded-content-length")
    if length is not None:
        plain["content-length"] = length
    return content, plain


def _decompress(content: bytes, fields: Headers) -> tuple[bytes, dict[str, str]]:
    """(data, headers without the gzip that the client put on) of a compressed body."""
    plain = dict(fields)
    encoding = plain.pop("content-encoding")[: -len("gzip")].rstrip(", ")
    if encoding:
        plain["content-encoding"] = encoding
    return gunzip(content), plain


def _with_prefix(headers: Headers, prefix: str) -> dict[str, str] | None:
    """Headers that begin with the prefix, as {rest of the name as it was written: value}."""
    if not [name for name in headers if name.startswith(prefix)]:
        return None
    cut = len(prefix)
    return {
        name[cut:]: headers[name] for name in headers.as_written() if name[:cut].lower() == prefix and name in headers
    }


def _rest_of_query(request: Request, params: dict[str, Any], query_map: tuple[str, bool], known: set[str]) -> None:
    member, many = query_map
    found: dict[str, Any] = {}
    for name, value in request.query:
        if name in known or name.startswith("X-Amz-"):
            continue
        if many:
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    if found:
        params[member] = found


def _pick(segments: list[str], plan: list[tuple[int, int | None, str, FromText]], params: dict[str, Any]) -> None:
    for start, stop, member, convert in plan:
        if stop is None:
            try:
                text = segments[start]
            except IndexError:
                text = ""
        else:
            text = "/".join(segments[start : stop or None])
        if "%" in text:
            text = unquote(text)
        try:
            params[member] = convert(text)
        except Unreadable:
            raise Misplaced("uri", member, text, "") from None


def _bucket_and_labels(plan: list[tuple[int, int | None, str, FromText]]) -> Extract:
    """S3: the bucket is in the host (virtual-hosted style) or the path's first segment."""
    # With the bucket in the host every other label stands one segment earlier, or where it stood when counted from the
    # end; a plain "/{Bucket}" leaves nothing.
    rest = [entry for entry in plan if entry[2] != "Bucket"]
    hosted = [(start - 1 if start > 0 else start, stop, name, convert) for start, stop, name, convert in rest]
    key_only = len(rest) == 1 and rest[0][0] == 2 and rest[0][1] == 0

    def extract(request: Request, params: dict[str, Any]) -> None:
        bucket = bucket_of(request.host)
        path = request.path
        if bucket is not None:
            params["Bucket"] = bucket
            if key_only:
                key = path[1:]
                params[rest[0][2]] = unquote(key) if "%" in key else key
            elif hosted:
                _pick(path.split("/"), hosted, params)
        elif key_only:
            bucket, _, key = path[1:].partition("/")
            params["Bucket"] = unquote(bucket) if "%" in bucket else bucket
            params[rest[0][2]] = unquote(key) if "%" in key else key
        else:
            _pick(path.split("/"), plan, params)

    return extract


def labels_of_host(operation: Any, host: str, names: Iterable[str], params: dict[str, Any]) -> None:
    """Fill in members that the operation's host prefix carries, where the rest of the request did not."""
    prefix = operation._operation_model["endpoint"].get("hostPrefix")
    labels = host.split(".")
    if prefix is None:
        # botocore's clients take the account's prefix of S3 Control off the model they hold.
        if labels[0].isdecimal():
            for name in names:
                params.setdefault(name, labels[0])
        return
    texts = prefix.split(".")
    for name in names:
        marker = "{" + name + "}"
        if name not in params and marker in texts:
            index = texts.index(marker)
            if index < len(labels) and len(labels) > len(texts):
                params[name] = labels[index]


def items_of(text: str) -> list[str]:
    """The items of a list header: commas part them, quotes keep commas."""
    if not text:
        return []
    if '"' not in text:
        return [item.strip() for item in text.split(",")]
    items = []
    current: list[str] = []
    quoted = was_quoted = False
    characters = iter(text)
    for character in characters:
        if quoted:
            if character == "\\":
                current.append(next(characters, ""))
            elif character == '"':
                quoted = False
            else:
                current.append(character)
        elif character == '"' and not "".join(current).strip():
            current.clear()
            quoted = was_quoted = True
        elif character == ",":
            items.append("".join(current) if was_quoted else "".join(current).strip())
            current.clear()
            was_quoted = False
        elif not (was_quoted and character == " "):
            current.append(character)
    items.append("".join(current) if was_quoted else "".join(current).strip())
    return items


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _dates_of(text: str) -> list[str]:
    """The items of a list of HTTP dates, each of which has a comma of its own."""
    parts = text.split(",")
    return [",".join(parts[i : i + 2]).strip() for i in range(0, len(parts), 2)]


def _read_json_value(text: str) -> Any:
    try:
        return json.loads(binascii.a2b_base64(text).decode())
    except (ValueError, binascii.Error):
        raise Unreadable("Invalid JSON value") from None


def _write_json_value(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return binascii.b2a_base64(text.encode(), newline=False).decode("ascii")


_CHUNK = 1 << 16


def stream_of(value: Any) -> bytes | Iterable[bytes]:
    """A streaming member as a response's body."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if hasattr(value, "read"):
        return iter(lambda: value.read(_CHUNK), b"")
    return value


__all__ = ["Incomplete", "Misplaced", "RestCodec", "items_of", "labels_of_host", "stream_of"]
