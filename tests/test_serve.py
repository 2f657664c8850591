"""`sightline serve` as an operator runs it: a real schedule, its lines, and what others can make it do."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.nightly import stopping_a_running_night
from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import Busy, open_night
from flows.night import run_night
from flows.night_line import line_printed
from flows.step import HomeNotWritable, StepFailed
from sandbox.server import Running

LINE = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC  "


@dataclass
class Served:
    """What one `sightline serve` did until Ctrl-C, while somebody else posted runs of their own to it."""

    lines: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    """The status that each posted run was answered."""
    posted_states: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """What arrived at the address in the foreign settings."""
    outcome: str = ""
    exit_code: int | None = None


@pytest.fixture(scope="module")
def served(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """With the wrong sqlalchemy everything else works and a scheduled run silently never starts."""
    home, seen = tmp_path_factory.mktemp("served"), Served()
    config = written(home, organisation)
    with recording(seen.authorizations) as address:
        foreign = home / "foreign"
        foreign.mkdir()
        (foreign / "roster.csv").write_bytes((home / "roster.csv").read_bytes())
        (foreign / "sightline.yaml").write_text(
            f"roster: roster.csv\ngithub:\n  base_url: {address}\n  organisations: [acme]\n"
        )
        process = subprocess.Popen(
            [SIGHTLINE, "--config", str(config), "serve", "--cron", "* * * * *"],
            cwd=home,
            env=os.environ | {"GITHUB_TOKEN": "sandbox-token", "PAGERDUTY_TOKEN": "sandbox-pagerduty"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        reader = threading.Thread(target=lambda: seen.lines.extend(process.stdout or ()))
        reader.start()
        try:
            until(lambda: len(seen.lines) > 0, process)
            url = seen.lines[0].split("Prefect at ")[1].split(";")[0]
            for name, credential in (("without", None), ("with", credential_of(home))):
                seen.answers[name], run = post_run(url, credential, foreign / "sightline.yaml")
                if run:
                    until(lambda: state_of(url, credential, run) in ENDED, process)  # noqa: B023
                    seen.posted_states.append(state_of(url, credential, run))
            until(lambda: any("  complete  " in line for line in seen.lines), process)
            seen.outcome = outcome(home)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()
            reader.join()
            seen.exit_code = process.wait()
    return seen


def test_a_scheduled_night_starts_and_prints_its_line(served: Served) -> None:
    assert served.outcome == "complete"
    assert served.lines[0].startswith("nightly at '* * * * *' UTC; Prefect at http://127.0.0.1:")
    assert [line for line in served.lines[1:] if matches(f"{LINE}complete  \\d+ s", line)]


def test_stopping_it_leaves_no_traceback_and_no_leaked_objects(served: Served) -> None:
    assert served.exit_code == 0
    assert [
        line for line in served.lines[1:] if not matches(f"{LINE}(complete|stopped|failed) .*", line)
    ] == []


def test_a_run_posted_by_another_account_obtains_no_token(served: Served) -> None:
    """It named settings of its own, and the service sent its GitHub token where they said."""
    assert served.answers["without"] == 401
    assert served.authorizations == []


def test_a_run_posted_with_the_credential_takes_no_settings_but_the_served(served: Served) -> None:
    assert served.answers["with"] in (201, 409)
    assert [state for state in served.posted_states if state not in ("FAILED", "CRASHED")] == []
    assert served.authorizations == []


def test_a_refused_night_prints_what_is_missing(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    settings = load_settings(written(home, organisation))
    with line_printed() as line, open_night(settings, None) as night:
        line.status = run_night(night)
    printed = capsys.readouterr().out
    assert matches(f"{LINE}refused  \\d+ s  missing: see the messages of `sightline status`", printed)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (Busy("/home/octavia: another night"), r"not started  0 s  another night was writing"),
        (BadInput(["roster.csv:3: octavia"]), r"not started  0 s  a mistake in settings, roster or home; .*"),
        (StepFailed("fetch octavia/x: KeyError"), r"failed  0 s  a defect of Sightline; details in .*"),
        (HomeNotWritable("octavia"), r"failed  0 s  the home cannot be written; .*"),
        (RuntimeError("octavia"), r"failed  0 s  RuntimeError"),
        (KeyboardInterrupt(), r"stopped  0 s  the next night goes on from what this one stored"),
    ],
)
def test_a_broken_night_prints_its_line_without_a_person(
    error: BaseException, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), line_printed():
        raise error
    printed = capsys.readouterr().out
    assert matches(LINE + ending, printed)
    assert "octavia" not in printed


def test_a_night_that_runs_when_the_schedule_is_stopped_does_not_outlive_it() -> None:
    """It called a server that was gone, and the stopped process waited for it for ever."""
    night = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    with stopping_a_running_night():
        night.start()
        assert night.is_alive()
    assert not night.is_alive()


@pytest.mark.parametrize("command", ["nightly", "serve"])
@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"])
def test_a_socks_proxy_is_refused_rather_than_ignored(
    organisation: Running, tmp_path: Path, command: str, name: str
) -> None:
    """Requests to GitHub went without it."""
    config = written(tmp_path, organisation)
    done = subprocess.run(
        [SIGHTLINE, "--config", str(config), command],
        env={each: value for each, value in os.environ.items() if not each.lower().endswith("_proxy")}
        | {"GITHUB_TOKEN": "sandbox-token", "PAGERDUTY_TOKEN": "sandbox-pagerduty"}
        | {name: "socks5h://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}: Sightline cannot use a SOCKS proxy, and would reach http://127.0.0.1:" in done.stderr


def test_a_schedule_whose_server_was_killed_ends_with_a_sentence(
    organisation: Running, tmp_path: Path
) -> None:
    """It went on without a word, and no night ever started."""
    process = subprocess.Popen(
        [SIGHTLINE, "--config", str(written(tmp_path, organisation)), "serve", "--cron", "0 3 1 1 *"],
        env=os.environ | {"GITHUB_TOKEN": "sandbox-token", "PAGERDUTY_TOKEN": "sandbox-pagerduty"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert "Prefect at" in process.stdout.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        server = next(int(each) for each in children if is_orchestrator_server(each))
        os.kill(server, signal.SIGKILL)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 4
    assert matches(r"the Prefect server ended, so no night can start \(see .*\); serve again", stderr)
    assert not list((tmp_path / "sightline-home" / "orchestrator").glob("profiles*"))


def test_a_night_succeeds_whatever_prefect_and_proxy_variables_the_operator_has(
    organisation: Running, tmp_path: Path
) -> None:
    """It ended in a traceback, wrote into the operator's database, or waited 142 s for a proxy."""
    config = written(tmp_path, organisation)
    theirs = tmp_path / "theirs"
    (theirs / ".prefect").mkdir(parents=True)
    database = f"sqlite+aiosqlite:///{theirs}/their.db"
    profile = f'PREFECT_API_KEY = "t"\nPREFECT_API_DATABASE_CONNECTION_URL = "{database}"\n'
    (theirs / ".prefect" / "profiles.toml").write_text(f'active = "t"\n[profiles.t]\n{profile}')
    (theirs / ".env").write_text("PREFECT_API_AUTH_STRING=t:t\n")
    (theirs / "prefect.toml").write_text(f'[server.database]\nconnection_url = "{database}"\n')
    (theirs / "uvicorn.py").write_text("raise SystemExit('taken from the current folder')\n")
    proxies = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https")}
    done = subprocess.run(
        [SIGHTLINE, "--config", str(config), "nightly"],
        cwd=theirs,
        env={name: value for name, value in os.environ.items() if not name.upper().startswith("PREFECT")}
        | {"GITHUB_TOKEN": "sandbox-token", "PAGERDUTY_TOKEN": "sandbox-pagerduty", "HOME": str(theirs)}
        | {"PREFECT_API_KEY": "t", "PREFECT_API_AUTH_STRING": "t:t", "PREFECT_PROFILE": "t"}
        | {"PREFECT_PROFILES_PATH": str(theirs / ".prefect" / "profiles.toml")}
        | {
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
        }
        | {"PREFECT_SERVER_API_AUTH_STRING": "t:t", "PREFECT_UNIT_TEST_MODE": "1"}
        | proxies
        | {name.upper(): value for name, value in proxies.items()}
        | {"ALL_PROXY": "socks5://127.0.0.1:9", "all_proxy": "socks://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert not (theirs / "their.db").exists()
    assert (tmp_path / "sightline-home" / "orchestrator" / "prefect.db").exists()


# --- builders ---------------------------------------------------------------------------------------------

SIGHTLINE = str(Path(sys.executable).with_name("sightline"))
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: 2026-04-01\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def until(is_so: Callable[[], bool], process: subprocess.Popen[str], seconds: int = 240) -> None:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.3)
    assert is_so()


class recording:  # noqa: N801  used like a function
    """A GitHub of somebody else's: keeps the Authorization of every request. Its address in a `with`."""

    def __init__(self, authorizations: list[str]) -> None:
        class Keep(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authorizations.append(self.headers.get("Authorization", ""))
                self.send_response(404)
                self.end_headers()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Keep)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/api/v3"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def call(url: str, path: str, credential: str | None, body: Any = None) -> tuple[int, Any]:
    """Status and answer, as from any process of this machine."""
    headers = {"Content-Type": "application/json"}
    if credential:
        headers["Authorization"] = f"Basic {b64encode(credential.encode()).decode()}"
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def post_run(url: str, credential: str | None, config: Path) -> tuple[int, str | None]:
    """Posts a run with these settings: the status of the answer, and the id of the run."""
    deadline = time.monotonic() + 30
    while True:  # the deployment is there a moment after the address is printed
        status, deployment = call(url, "/deployments/name/nightly/nightly", credential)
        if status not in (404, 503) or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    if not deployment:
        return status, None
    parameters = {"config": str(config), "as_of": None}
    path = f"/deployments/{deployment['id']}/create_flow_run"
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
    while (answer := call(url, path, credential, body))[0] == 503 and time.monotonic() < deadline + 30:
        time.sleep(0.3)  # its database is busy
    status, run = answer
    return status, run and run["id"]


def state_of(url: str, credential: str | None, run: str) -> str:
    return str(call(url, f"/flow_runs/{run}", credential)[1]["state_type"])


def is_orchestrator_server(pid: str) -> bool:
    return b"orchestrator_server.py" in Path(f"/proc/{pid}/cmdline").read_bytes()


def credential_of(home: Path) -> str | None:
    for profiles in (home / "sightline-home" / "orchestrator").glob("profiles*.toml"):
        profile = tomllib.loads(profiles.read_text())["profiles"]["sightline"]
        return str(profile["PREFECT_API_AUTH_STRING"])
    return None


def outcome(home: Path) -> str:
    return str(json.loads((home / "sightline-home" / "status.json").read_text())["last_run"]["outcome"])


def matches(pattern: str, line: str) -> bool:
    return re.fullmatch(pattern, line.strip()) is not None
