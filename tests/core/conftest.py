"""Fixtures of the core's tests."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


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
