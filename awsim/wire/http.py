"""HTTP messages, as little of them as the gateway needs: nothing is parsed until it is asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_plus


class Headers(dict):
    """Header fields by lower-case name; `get`, `[]` and `in` take any case. Values are text.

    `original` is the mapping they came from, for the few who need the names as they were written.
    """

    __slots__ = ("original",)

    def __init__(self, mapping: Mapping[Any, Any] | None = None) -> None:
        self.original = mapping
        if mapping is None:
            return
        put = super().__setitem__
        keyed = getattr(mapping, "_dict", None)
        if keyed.__class__ is dict:
            # botocore's own: its keys know their lower case; walking it as a mapping costs four times as much.
            try:
                dict.update(
                    self,
                    {key._lower: value if value.__class__ is str else value.decode() for key, value in keyed.items()},
                )
                return
            except (AttributeError, UnicodeDecodeError):
                dict.clear(self)
        for name, value in mapping.items():
            if type(name) is not str:
                name = name.decode("latin-1") if isinstance(name, bytes) else str(name)
            if type(value) is not str:
                if value is None:
                    continue
                value = _text(value)
            name = name.lower()
            if name in self and dict.__getitem__(self, name) != value:
                value = f"{dict.__getitem__(self, name)},{value}"
            put(name, value)

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self, name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return dict.__getitem__(self, name.lower())

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name.lower() if isinstance(name, str) else name)

    def __setitem__(self, name: str, value: str) -> None:
        dict.__setitem__(self, name.lower(), value)

    def as_written(self) -> list[str]:
        """The names in the case the sender wrote, those without a value too."""
        return [name if type(name) is str else _text(name) for name in self.original or self]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return str(value)


class _Wrapped(NamedTuple):
    """What was in a wrapper of aws-chunks."""

    data: bytes
    name: str
    checksum: str

    def whole(self) -> bytes:
        """The body that the wrapper would have made."""
        first = b"%x\r\n%b\r\n" % (len(self.data), self.data) if self.data else b""
        return first + f"0\r\n{self.name}:{self.checksum}\r\n\r\n".encode()


class Request:
    """A request as it came in. `headers` may be any mapping, `body` bytes, text, a file or an iterable of bytes.

    `timeout`: how many seconds the client waits for an answer; it is not set where nobody needs to know.
    """

    __slots__ = ("_body", "_headers", "_host", "_path", "_query", "_query_string", "_raw", "method", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[Any, Any] | None = None,
        body: bytes | str | Iterable[bytes] | Any | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self._raw = headers
        self._body = body
        self._headers: Headers | None = None
        self._path: str | None = None
        self._query: list[tuple[str, str]] | None = None

    @property
    def headers(self) -> Headers:
        headers = self._headers
        if headers is None:
            raw = self._raw
            headers = self._headers = raw if type(raw) is Headers else Headers(raw)
        return headers

    def _split(self) -> None:
        url = self.url
        start = url.find("://")
        start = start + 3 if start >= 0 else 0
        cut = url.find("#", start)
        if cut >= 0:
            url = url[:cut]
        mark = url.find("?", start)
        if mark >= 0:
            self._query_string = url[mark + 1 :]
            url = url[:mark]
        else:
            self._query_string = ""
        slash = url.find("/", start)
        if slash >= 0:
            host = url[start:slash]
            self._path = url[slash:]
        else:
            host = url[start:]
            self._path = "/"
        if "@" in host:
            host = host.rpartition("@")[2]
        if not host:  # an origin-form target: only the Host header knows
            host = self.headers.get("host", "")
        if ":" in host and not host.endswith("]"):
            host = host.rpartition(":")[0]
        self._host = host.lower()

    @property
    def host(self) -> str:
        """Lower case, without port."""
        if self._path is None:
            self._split()
        return self._host

    @property
    def path(self) -> str:
        """Raw, still percent-encoded, at least "/"."""
        if self._path is None:
            self._split()
        return self._path  # type: ignore[return-value]

    @property
    def query_string(self) -> str:
        """Raw, without the question mark."""
        if self._path is None:
            self._split()
        return self._query_string

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded (name, value) pairs in order; a name without "=" has the value ""."""
        query = self._query
        if query is None:
            query = self._query = pairs(self.query_string)
        return query

    def read(self) -> bytes:
        """The whole body; a stream is read once and kept."""
        body = self._body
        if type(body) is bytes:
            return body
        if body is None:
            body = b""
        elif type(body) is _Wrapped:
            body = body.whole()
        elif isinstance(body, str):
            body = body.encode()
        elif isinstance(body, bytearray | memoryview):
            body = bytes(body)
        elif hasattr(body, "read"):
            body = _contents(body)
        else:
            body = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in body)
        self._body = body
        return body

    def unwrapped(self) -> tuple[bytes, dict[str, str]] | None:
        """(data, trailers) of a body that botocore wraps in aws-chunks while it is read, without the wrapping, which
        copies every byte several times; None for any other body."""
        wrapper = self._body
        module = sys.modules.get("botocore.httpchecksum")
        if module is None or type(wrapper) is not module.AwsChunkedWrapper:
            return None
        raw, sums, name = (getattr(wrapper, f"_{each}", None) for each in ("raw", "checksum_cls", "checksum_name"))
        if raw is None or sums is None or name is None:
            return None
        # Streams other than that wrapper give all there is at once and in linear time.
        data = _bytes(raw.read())
        checksum = sums()
        checksum.update(data)
        self._body = _Wrapped(data, name, checksum.b64digest())
        return data, {name: self._body.checksum}

    def replace(self, body: bytes) -> None:
        """Have another body from now on: what was compressed, decompressed."""
        self._body = body

    def size(self) -> int:
        """Bytes of the body; 0 before a stream has been read."""
        body = self._body
        if type(body) is _Wrapped:
            return len(body.data)
        return len(body) if isinstance(body, bytes | str | bytearray) else 0

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"


_BLOCK = 1 << 20


def _contents(stream: Any) -> bytes:
    """All that a stream has.

    It is read in blocks, as HTTP clients do: botocore's wrapper of uploads takes quadratic time to give all at once.
    """
    if isinstance(stream, io.IOBase):
        content = stream.read()
    else:
        pieces = []
        while piece := stream.read(_BLOCK):
            pieces.append(piece)
        if len(pieces) > 1:
            content = ("" if isinstance(pieces[0], str) else b"").join(pieces)
        else:
            content = pieces[0] if pieces else b""
    return _bytes(content)


def _bytes(content: Any) -> bytes:
    if type(content) is bytes:
        return content
    if isinstance(content, str):
        return content.encode()
    return bytes(content) if content is not None else b""


def pairs(text: str) -> list[tuple[str, str]]:
    """The decoded (name, value) pairs of a query string or an urlencoded form."""
    result = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in name or "+" in name:
                name = unquote_plus(name)
            if "%" in value or "+" in value:
                value = unquote_plus(value) if len(value) > _SHORT else _unquoted(value)
            result.append((name, value))
    return result


# ARNs, URLs and other names come again and again, and cost more to decode than to remember.
_SHORT = 256
_unquoted = lru_cache(1024)(unquote_plus)


class Response:
    """An answer: `body` is bytes, or an iterable of bytes for streams that are made as they are read."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes | Iterable[bytes] = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self) -> str:
        size = len(self.body) if isinstance(self.body, bytes) else "stream"
        return f"<Response {self.status} ({size})>"
