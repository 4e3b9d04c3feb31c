"""HTTP endpoints outside of AWS that AWS calls: subscriptions of SNS, API destinations, Firehose.

awsim connects to nobody. What answers at a URL is a callable in `aws.endpoints`, or a server on this very machine:

    aws.endpoints["https://example.com/hook"] = lambda request: 204

The callable gets the `Request` (method, url, headers, `read()`) and returns a status, a body, `(status, body)`, a
`Response`, or None for 200; what it raises makes a 500. A URL without a path, or with one that ends in "/", stands for
all below it. Like all user code it runs outside the Cloud's lock and may call AWS itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awsim.wire.http import Request, Response

if TYPE_CHECKING:
    from awsim.cloud import Cloud

_HERE = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 15


def send(cloud: Cloud, request: Request) -> Response | None:
    """The answer to a request, None where nothing answers. Under the lock, which is let go meanwhile."""
    try:
        urlsplit(request.url)
    except ValueError:  # brackets that hold no address
        return None
    endpoint = _endpoint(cloud.endpoints, request.url)
    if endpoint is None and not _is_here(request.url):
        return None
    with cloud.unlocked():
        return _connect(request) if endpoint is None else _ask(endpoint, request)


def _endpoint(endpoints: Mapping[str, Any], url: str) -> Any:
    """The callable for a URL: its own, else that of the nearest prefix."""
    if not endpoints:
        return None
    found = endpoints.get(url)
    if found is not None:
        return found
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    path = parts.path
    candidates = [base + path]
    while path:
        path = path.rpartition("/")[0]
        candidates.append(f"{base}{path}/")
    candidates.append(base)
    return next((endpoints[candidate] for candidate in candidates if candidate in endpoints), None)


def _ask(endpoint: Any, request: Request) -> Response:
    try:
        answer = endpoint(request)
    except Exception as problem:
        return Response(500, {}, repr(problem).encode())
    status = 200
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, tuple):
        status, answer = answer
    if isinstance(answer, int):
        status, answer = int(answer), b""
    body = answer.encode() if isinstance(answer, str) else bytes(answer or b"")
    return Response(status, {}, body)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in _HERE or host.startswith("127.")


def _connect(request: Request) -> Response | None:
    parts = urlsplit(request.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            connection.request(request.method, target, request.read(), dict(request.headers))
            answer = connection.getresponse()
            return Response(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return None
