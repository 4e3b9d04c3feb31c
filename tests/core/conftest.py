"""Fixtures of the core's tests."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from awsim import gateway
from awsim.wire.http import Response

IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class _Server:
    """A plain HTTP server on the loopback interface: a host that is not AWS's."""

    def __init__(self):
        self.paths = []
        self.reply = b"from the server"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.paths.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.reply)))
                self.end_headers()
                self.wfile.write(outer.reply)

            do_GET = do_POST = do_PUT = _answer

            def log_message(self, *arguments):
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server():
    server = _Server()
    yield server
    server.close()


class Gateway:
    """Answers everything with `reply` and remembers (cloud, request, body, operation)."""

    def __init__(self):
        self.seen = []
        self.reply = Response(200, {"Content-Type": "text/xml"}, IDENTITY)

    def serve(self, cloud, request, operation=None):
        self.seen.append((cloud, request, request.read(), operation))
        return self.reply() if callable(self.reply) else self.reply

    async def serve_async(self, cloud, request, operation=None):
        await asyncio.sleep(0)
        return self.serve(cloud, request, operation)

    @property
    def last(self):
        return self.seen[-1][1]

    @property
    def body(self):
        return self.seen[-1][2]

    @property
    def hosts(self):
        return [request.host for _, request, _, _ in self.seen]


@pytest.fixture
def noted(monkeypatch):
    fake = Gateway()
    monkeypatch.setattr(gateway, "serve", fake.serve)
    monkeypatch.setattr(gateway, "serve_async", fake.serve_async)
    return fake


@pytest.fixture
def bare_environment(monkeypatch, tmp_path):
    """No credentials, region or profile anywhere."""
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION",
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DATA_PATH",  # the AWS CLI sets it for its process when it is imported
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    # An older botocore sends STS to its global endpoint by itself.
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "regional")
    return tmp_path
