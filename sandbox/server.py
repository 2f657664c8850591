"""The sandbox on a loopback port.

`running(...)` is for tests and benchmarks: a server in a thread for as long as a `with` lasts.
`serve(...)` is for people: it prints where everything is and serves until it is interrupted.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.app import Holding, Pace, Sandbox
from sandbox.faults import Faults
from sandbox.messages import Request, Response
from sandbox.world import World

LOOPBACK = "127.0.0.1"
SERVICE = "sandbox-token"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that listens: where, and the world behind it, to look into or to change."""

    base: str
    github: str
    """Base URL for REST clients; the GraphQL endpoint is found from it."""
    graphql: str
    pagerduty: str
    control: str
    """Below it: `/stats`, `/reset-stats`, `/faults`, `/mutate`, `/traps`, `/roster.csv`, `/addresses`."""
    sandbox: Sandbox

    @property
    def holding(self) -> Holding:
        return self.sandbox.holding

    def get(self, path: str, token: str = SERVICE) -> tuple[int, dict[str, str], Any]:
        """Status, headers (names in lower case) and body of a GET below `base`."""
        return self._ask("GET", path, None, token)

    def post(self, path: str, body: Any = None, token: str = SERVICE) -> tuple[int, dict[str, str], Any]:
        """The same of a POST with a JSON body."""
        return self._ask("POST", path, body, token)

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a GraphQL query: `data`, `errors` or both."""
        answer: dict[str, Any] = self.post("/api/graphql", {"query": text, "variables": variables})[2]
        return answer

    def _ask(self, method: str, path: str, body: Any, token: str) -> tuple[int, dict[str, str], Any]:
        host = self.base.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(host, timeout=30)) as connection:
            data = None if body is None else json.dumps(body)
            headers = {"authorization": f"token {token}"} if token else {}
            if path.startswith("/pagerduty"):
                headers = {"authorization": f"Token token={token}"}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            names = {name.lower(): value for name, value in answer.getheaders()}
            is_json = names.get("content-type", "").startswith("application/json")
            return answer.status, names, json.loads(text) if is_json else text


@contextlib.contextmanager
def running(
    world: World | Holding,
    *,
    port: int = 0,
    faults: Sequence[str] = (),
    latency_ms: float = 0,
    node_latency_ms: float = 0,
    connection_latency_ms: float = 0,
    points_an_hour: int = 5_000,
) -> Iterator[Running]:
    """A server for this world on a loopback port, 0 for any, until the `with` ends."""
    server = _Server((LOOPBACK, port), _Handler)
    base = f"http://{LOOPBACK}:{server.server_address[1]}"
    sandbox = Sandbox(
        world if isinstance(world, Holding) else Holding(world),
        base,
        faults=Faults(faults),
        pace=Pace(latency_ms, node_latency_ms, connection_latency_ms),
        points_an_hour=points_an_hour,
    )
    server.sandbox = sandbox
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Running(
            base,
            f"{base}/api/v3",
            f"{base}/api/graphql",
            f"{base}/pagerduty",
            f"{base}/_sandbox",
            sandbox,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serve(holding: Holding, **options: Any) -> None:
    """Serve until interrupted; the options are those of `running`. One JSON line says where."""
    with running(holding, **options) as server:
        sys.stdout.write(json.dumps(server.sandbox.addresses()) + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        wait_ms = self.server.sandbox.pace.connection_latency_ms
        if wait_ms:
            time.sleep(wait_ms / 1000)

    def do_GET(self) -> None:  # the standard library's name
        self._send(self.server.sandbox.answer(self._request()))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _request(self) -> Request:
        target = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        return Request(
            self.command,
            unquote(target.path),
            parse_qs(target.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length) if length else b"",
        )

    def _send(self, response: Response) -> None:
        if response.is_dropped:
            self._hang_up()
            return
        self.send_response_only(response.status)
        self.send_header("date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if response.is_cut:
            self.send_header("connection", "close")
        self.end_headers()
        body = response.body[: len(response.body) // 2] if response.is_cut else response.body
        if self.command != "HEAD":
            self.wfile.write(body)
        if response.is_cut:
            self.wfile.flush()
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: what was asked is in the statistics."""
