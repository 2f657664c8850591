"""A Prefect server of our own for the length of a run, unless PREFECT_API_URL names one.

Prefect can start a temporary server itself, but that one outlives a killed parent and inherits our tokens.
This one sees a clean environment and ends when its parent is gone.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flows.settings import keep_quiet, orchestrator_environment, orchestrator_url, use_orchestrator
from warehouse.files import write_whole

START_SECONDS = 120
"""A first start migrates a new database: 20 s on two cores, more on a busy machine."""


USED = "prefect-server.txt"
"""In the home: the addresses of the Prefect servers of the operator's own that nights ran on."""


class OrchestratorFailed(Exception):
    """The server did not come up."""


@dataclass(frozen=True)
class Orchestrator:
    """A Prefect server: its API address, and its process and log if it is ours."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    def wait_until_up(self) -> None:
        """Returns when the server answers. Raises OrchestratorFailed with where to look."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and (self.process is None or self.process.poll() is None):
            if self.answers():
                return
            time.sleep(0.1)
        raise OrchestratorFailed(f"the Prefect server at {self.url} does not answer; see {self.log}")

    def answers(self) -> bool:
        """Whether the server is up."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:  # noqa: S310  http only
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def orchestrator(home: Path, *, schedules: bool = False) -> Iterator[Orchestrator]:
    """A Prefect server that is starting; import Prefect only inside, it reads its settings once.

    With `schedules` it also creates the runs of a deployment as they fall due.
    """
    if url := orchestrator_url():
        keep_quiet()
        others = [each for each in orchestrators_used(home) if each != shown(url)]
        write_whole(home / USED, "\n".join([*others, shown(url), ""]))
        yield Orchestrator(url)
        return
    data = home / "orchestrator"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = _free_port()
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.orchestrator_server", str(port), str(os.getpid())],
            env=orchestrator_environment(data, schedules=schedules),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        use_orchestrator(url, data)
        yield Orchestrator(url, process, data / "server.log")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


def orchestrators_used(home: Path) -> list[str]:
    """The servers outside of this home that nights ran on, the last one last; an erasure goes there."""
    try:
        return (home / USED).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


def shown(url: str) -> str:
    """The address without a name and password that may stand in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
