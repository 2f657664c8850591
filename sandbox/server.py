"""The sandbox on a loopback port.

`running(...)` is for tests and benchmarks: a server in a thread for as long as a `with` lasts.
`serve(...)` is for people: it prints where everything is and serves until it is interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn

from sandbox.app import Holding, Pace, Sandbox
from sandbox.faults import Faults
from sandbox.world import World

LOOPBACK = "127.0.0.1"
BACKLOG = 128
"""Connections that may wait to be accepted."""
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
    listener = _listening(port)
    base = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    sandbox = Sandbox(
        world if isinstance(world, Holding) else Holding(world),
        base,
        faults=Faults(faults),
        pace=Pace(latency_ms, node_latency_ms, connection_latency_ms),
        points_an_hour=points_an_hour,
    )
    server = _Server(sandbox, asyncio.new_event_loop())
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
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
        server.stop()
        thread.join()


def serve(holding: Holding, **options: Any) -> None:
    """Serve until interrupted; the options are those of `running`. One JSON line says where."""
    with running(holding, **options) as server:
        sys.stdout.write(json.dumps(server.sandbox.addresses()) + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _listening(port: int) -> socket.socket:
    # with the protocol named, or asyncio leaves Nagle's algorithm on and each answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    return listener


class _Server(uvicorn.Server):
    """Stops at once: no answer is worth waiting for, and tests start and stop hundreds of servers."""

    def __init__(self, app: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                date_header=False,
                server_header=False,
                timeout_keep_alive=24 * 3600,
            )
        )
        self._loop = loop
        self._stopped = asyncio.Event()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self.serve(sockets))

    async def main_loop(self) -> None:
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def stop(self) -> None:
        """Makes `run` return, from another thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)
