"""A Prefect server of our own for the length of a run, unless PREFECT_API_URL names one.

Prefect can start a temporary server itself, but that one outlives a killed parent and inherits our tokens.
This one sees a clean environment and ends when its parent is gone.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.settings import orchestrator_environment, orchestrator_url, use_orchestrator

START_SECONDS = 120
"""A first start migrates a new database: 20 s on two cores, more on a busy machine."""


class OrchestratorFailed(Exception):
    """The server did not come up."""


@contextmanager
def orchestrator(home: Path) -> Iterator[str]:
    """The API address of a running Prefect server. Raises OrchestratorFailed."""
    if url := orchestrator_url():
        yield url
        return
    data = home / "orchestrator"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    with (data / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "flows.orchestrator", str(port), str(os.getpid())],
            env=orchestrator_environment(data),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        use_orchestrator(url, data)
        yield url
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=10)
        server.kill()
        server.wait()


def wait_until_up(url: str, log: Path) -> None:
    """Returns when the server answers. Raises OrchestratorFailed with where to look."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/health") as answer:  # noqa: S310
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise OrchestratorFailed(f"the Prefect server at {url} did not answer in {START_SECONDS} s; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int, parent: int) -> None:
    import uvicorn

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
    )


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
