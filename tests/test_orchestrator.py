"""Our own Prefect server: a real one, which answers only the credential of its own start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import tomllib
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from config.orchestrator_environment import orchestrator_environment, private_orchestrator
from config.settings import Settings
from connectors.errors import BadInput
from flows.orchestrator import Orchestrator, check_authentication, private_server


class Started(NamedTuple):
    server: Orchestrator
    credential: str
    earlier: str
    """The credential of the start before."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    data = tmp_path_factory.mktemp("orchestrator")
    with private_server(data, schedules=False) as before:
        earlier = credential_of(before)
    with private_server(data, schedules=True) as server:
        server.wait_until_up()
        yield Started(server, credential_of(server), earlier)


@pytest.mark.parametrize("presented", ["none", "earlier", "of another name", "empty"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/flow_runs/filter"),
        ("POST", "/api/flow_runs/"),
        ("POST", "/api/deployments/"),
        ("POST", "/api/health"),
        ("GET", "/api/version"),
        ("GET", "/api/admin/version"),
        ("GET", "/api/health/../admin/version"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/ui-settings"),
        ("GET", "/"),
    ],
)
def test_without_the_credential_of_this_start_everything_answers_401(
    started: Started, method: str, path: str, presented: str
) -> None:
    credentials = {
        "none": None,
        "earlier": started.earlier,
        "of another name": "root:" + started.credential.partition(":")[2],
        "empty": "",
    }
    assert status(started.server, method, path, credentials[presented]) == 401


def test_with_the_credential_it_answers(started: Started) -> None:
    assert status(started.server, "POST", "/api/flow_runs/filter", started.credential) == 200
    assert status(started.server, "GET", "/api/admin/version", started.credential) == 200


@pytest.mark.parametrize("path", ["/api/health", "/api/ready"])
def test_whether_it_is_up_is_open_to_everybody(started: Started, path: str) -> None:
    assert status(started.server, "GET", path, None) == 200


@pytest.mark.parametrize("path", ["/api/events/in", "/api/events/out", "/api/logs/out"])
def test_a_websocket_opens_with_the_credential_alone(started: Started, path: str) -> None:
    assert upgraded(started.server, path, None) == 401
    assert upgraded(started.server, path, started.earlier) == 401
    assert upgraded(started.server, path, started.credential) == 101


def test_the_credential_is_in_a_file_of_its_user_and_nowhere_else_that_others_can_read(
    started: Started,
) -> None:
    assert started.server.profiles
    assert started.server.process
    assert started.server.profiles.stat().st_mode & 0o777 == 0o600
    assert started.server.profiles.parent.stat().st_mode & 0o077 == 0
    process = Path("/proc") / str(started.server.process.pid)
    secret = started.credential.partition(":")[2].encode()
    assert secret not in (process / "cmdline").read_bytes()
    assert secret not in (process / "environ").read_bytes()
    assert started.server.log
    assert secret not in started.server.log.read_bytes()


def test_the_credential_is_gone_with_its_server(tmp_path: Path) -> None:
    with private_server(tmp_path, schedules=False) as server:
        assert server.profiles
        assert server.profiles.exists()
    assert list(tmp_path.glob("profiles*")) == []


def test_the_credential_of_a_killed_start_is_removed_by_the_next_one(tmp_path: Path) -> None:
    """It lay in the home for good."""
    with socket.socket() as ended, socket.socket() as running:
        for listener in (ended, running):
            listener.bind(("127.0.0.1", 0))
        ports = [listener.getsockname()[1] for listener in (ended, running)]
        left, used = [tmp_path / f"profiles-{port}.toml" for port in ports]
        left.touch()
        used.touch()
        ended.close()
        with private_server(tmp_path, schedules=False):
            assert not left.exists()
            assert used.exists(), "another night runs in this home"


def test_nobody_else_can_take_the_port_of_a_server_that_is_gone(tmp_path: Path) -> None:
    """Whoever answered there could tell our client what to run."""
    with private_server(tmp_path, schedules=False) as server:
        assert server.process
        server.process.kill()
        server.process.wait()
        port = server.url.split(":")[-1].removesuffix("/api")
        code = f"import socket; socket.create_server(('127.0.0.1', {port}))"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Address already in use" in other.stderr


HOSTILE = {
    "PREFECT_API_KEY": "canary",
    "prefect_api_auth_string": "canary",
    "PREFECT__SERVER_WEBSERVER_ONLY": "canary",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "canary",
    "HTTP_PROXY": "http://canary",
    "all_proxy": "socks5://canary",
    "PYTHONPATH": "canary",
    "PYTHONSTARTUP": "canary",
    "GITHUB_TOKEN": "canary",
    "SIGHTLINE_GITHUB__APP_PRIVATE_KEY": "canary",
}


def test_our_own_server_sees_an_allow_list_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    seen = orchestrator_environment(tmp_path, tmp_path / "profiles.toml", schedules=True)
    assert [name for name, value in seen.items() if "canary" in value] == []
    assert seen["PREFECT_PROFILES_PATH"] == str(tmp_path / "profiles.toml")


def test_our_client_sees_no_prefect_variable_of_the_operator_and_no_proxy_to_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (HOSTILE | {"no_proxy": "internal.example"}).items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with private_orchestrator(tmp_path, tmp_path / "profiles.toml"):
        inside = dict(os.environ)
        assert urllib.request.proxy_bypass("127.0.0.1:4200")
        assert urllib.request.proxy_bypass("internal.example")
        assert not urllib.request.proxy_bypass("api.github.com")
    names = [name for name, value in inside.items() if "canary" in value]
    assert [name for name in names if name.upper().startswith("PREFECT")] == []
    assert "all_proxy" not in names, "Prefect's HTTP client would not start"
    assert {"HTTP_PROXY", "GITHUB_TOKEN"} <= set(names), "for GitHub"
    assert dict(os.environ) == before


class Anybodys(BaseHTTPRequestHandler):
    """Answers every POST with the status of its server."""

    def do_POST(self) -> None:
        self.send_response(getattr(self.server, "status"))  # noqa: B009
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("answer", "variables", "sentence"),
    [
        (200, {}, "has no credential set"),
        (401, {}, "has no credential set"),
        (200, {"PREFECT_API_KEY": "key"}, "answers without a credential"),
        (200, {"PREFECT_API_AUTH_STRING": "name:word"}, "answers without a credential"),
        (401, {"PREFECT_API_KEY": "key"}, None),
        (403, {"PREFECT_API_AUTH_STRING": "name:word"}, None),
    ],
)
def test_a_server_of_the_operators_own_has_to_require_a_credential(
    monkeypatch: pytest.MonkeyPatch, answer: int, variables: dict[str, str], sentence: str | None
) -> None:
    server = HTTPServer(("127.0.0.1", 0), Anybodys)
    server.status = answer  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    try:
        if sentence:
            with pytest.raises(BadInput, match=sentence):
                check_authentication(Settings(roster=Path("r.csv")))
        else:
            check_authentication(Settings(roster=Path("r.csv")))
        check_authentication(Settings(roster=Path("r.csv"), prefect_server_without_authentication=True))
    finally:
        server.shutdown()
        server.server_close()


# --- builders ---------------------------------------------------------------------------------------------


def credential_of(server: Orchestrator) -> str:
    assert server.profiles
    profiles = tomllib.loads(server.profiles.read_text())
    return str(profiles["profiles"]["sightline"]["PREFECT_API_AUTH_STRING"])


def authorization(credential: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(credential.encode()).decode()}"}


def status(server: Orchestrator, method: str, path: str, credential: str | None) -> int:
    """What a process without our environment is answered."""
    headers = {"Content-Type": "application/json"} | (
        authorization(credential) if credential is not None else {}
    )
    request = urllib.request.Request(
        server.url.removesuffix("/api") + path,
        b"{}" if method == "POST" else None,
        headers,
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def upgraded(server: Orchestrator, path: str, credential: str | None) -> int:
    """What a request to open a WebSocket is answered."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Protocol": "prefect",
    } | (authorization(credential) if credential else {})
    with closing(HTTPConnection(urlsplit(server.url).netloc, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
