"""A Prefect server of our own for the length of a run, unless PREFECT_API_URL names one.

Prefect can start a temporary server itself, but that one outlives a killed parent, inherits our tokens and
obeys every account of the machine. Ours sees a clean environment, ends when its parent is gone, and answers
only a credential that is new for each start and lies in a file that its user alone can read.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.orchestrator_environment import (
    has_orchestrator_credential,
    operators_orchestrator,
    orchestrator_environment,
    orchestrator_url,
    private_orchestrator,
)
from config.settings import Settings
from connectors.errors import BadInput
from warehouse.files import write_atomically

START_SECONDS = 120
"""A first start migrates a new database: 20 s on two cores, more on a busy machine."""

SERVER = Path(__file__).with_name("orchestrator_server.py")

USED = "prefect-server.txt"
"""In the home: the addresses of the Prefect servers of the operator's own that nights ran on."""


class OrchestratorFailed(Exception):
    """The server did not come up."""


@dataclass(frozen=True)
class Orchestrator:
    """A Prefect server: its API address, and if it is ours its process, log and Prefect profile."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None
    profiles: Path | None = None
    """The file that holds its address and credential."""

    def importing(self) -> AbstractContextManager[None]:
        """Where to import Prefect: it reads .env, prefect.toml and pyproject.toml of the current folder."""
        return chdir(self.profiles.parent) if self.profiles else nullcontext()

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
        other_urls = [each for each in orchestrators_used(home) if each != shown(url)]
        write_atomically(home / USED, "\n".join([*other_urls, shown(url), ""]))
        with operators_orchestrator():
            yield Orchestrator(url)
        return
    data = home / "orchestrator"
    with private_server(data, schedules=schedules) as server:
        assert server.profiles
        with private_orchestrator(data, server.profiles):
            yield server


@contextmanager
def private_server(data: Path, *, schedules: bool) -> Iterator[Orchestrator]:
    """Our own server, starting in this folder; it is stopped at the end."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_profiles_of_ended_servers(data)
    with socket.socket() as listener, (data / "server.log").open("wb") as log:
        # held to the end: nobody else can take the port and pass for the server
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}/api"
        profiles = (data / f"profiles-{port}.toml").absolute()
        write_atomically(profiles, _profile(url, f"sightline:{secrets.token_urlsafe(32)}"))
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", str(SERVER), str(listener.fileno()), str(os.getpid())],
                cwd=data,
                env=orchestrator_environment(data.absolute(), profiles, schedules=schedules),
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C stops us first, who still need it
                stdout=log,
                stderr=log,
            )
            try:
                yield Orchestrator(url, process, data / "server.log", profiles)
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)
                process.kill()
                process.wait()
        finally:
            profiles.unlink(missing_ok=True)


def _remove_profiles_of_ended_servers(data: Path) -> None:
    """Whoever starts a server holds its port until its profile is removed; a killed one removes nothing."""
    for profiles in data.glob("profiles-*.toml"):
        with socket.socket() as probe, suppress(OSError, ValueError, OverflowError):
            probe.bind(("127.0.0.1", int(profiles.stem.removeprefix("profiles-"))))
            profiles.unlink(missing_ok=True)


def _profile(url: str, credential: str) -> str:
    """A Prefect profile: the server and its client read the same credential from it."""
    header = json.dumps({"Authorization": f"Basic {b64encode(credential.encode()).decode()}"})
    profile = {
        "PREFECT_API_URL": url,
        "PREFECT_API_AUTH_STRING": credential,
        "PREFECT_SERVER_API_AUTH_STRING": credential,
        "PREFECT_CLIENT_CUSTOM_HEADERS": header,  # for WebSockets, which Prefect opens without the credential
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in profile.items()]
    return "\n".join(['active = "sightline"', "", "[profiles.sightline]", *lines, ""])


def check_authentication(settings: Settings) -> None:
    """Raises BadInput where PREFECT_API_URL names a server that obeys anybody.

    Unless the settings accept that.
    """
    url = orchestrator_url()
    if url is None or settings.prefect_server_without_authentication:
        return
    if not has_orchestrator_credential():
        wrong = "has no credential set"
    elif _answers_anybody(url):
        wrong = "answers without a credential"
    else:
        return
    raise BadInput(
        [
            f"PREFECT_API_URL: the Prefect server at {shown(url)} {wrong}, and whoever may write there runs "
            "code as this account; have it require one, and set PREFECT_API_AUTH_STRING or PREFECT_API_KEY; "
            "or accept that with `prefect_server_without_authentication: true` in the settings"
        ]
    )


def _answers_anybody(url: str) -> bool:
    """Whether this server gives its runs to a request without a credential."""
    request = urllib.request.Request(  # noqa: S310  the operator's own address
        f"{url}/flow_runs/filter", b'{"limit": 1}', {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


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
