"""Erasing somebody reaches a Prefect server of the operator's own: a real one, through its API."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from config.settings import load_settings
from connectors.errors import BadInput
from flows.orchestrator import USED, Orchestrator, orchestrators_used, private_server, shown
from flows.prefect_erasure import elsewhere
from privacy.traces import holds

LOGIN = "canary-of-a-login"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Orchestrator, Path]]:
    """A server that stands for one of the operator's own, and its database. It requires a credential."""
    with private_server(tmp_path, schedules=True) as server:
        server.wait_until_up()
        yield server, tmp_path / "prefect.db"


def test_runs_that_name_somebody_are_removed_there_and_what_is_left_is_said(
    server: tuple[Orchestrator, Path],
) -> None:
    """In a child, because Prefect reads where its server is once for a process."""
    orchestrator, database = server
    url = orchestrator.url
    assert orchestrator.profiles
    profile = tomllib.loads(orchestrator.profiles.read_text())["profiles"]["sightline"]
    done = subprocess.run(
        [sys.executable, __file__, url, LOGIN],
        env=os.environ
        | {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": profile["PREFECT_API_AUTH_STRING"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["runs"] == 4, (
        "one by its parameters, a state, a log, an artifact in base64 each; not the other two"
    )
    assert told["names"] == ["nobody's", "of another flow"]
    with closing(sqlite3.connect(database)) as con:
        con.execute("vacuum")
        con.execute("pragma wal_checkpoint(truncate)")
        left = {
            table: sum(
                bool(holds(repr(row).encode(), [LOGIN])) for row in con.execute(f"select * from {table}")
            )
            for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall()
        }
    left = {table: count for table, count in left.items() if count}
    assert left.pop("flow_run") == 1, "of the flow that is not ours"
    assert left.keys() <= {"events", "event_resources"}
    events, vacuum = told["by_hand"]
    named = set(events.rpartition(": ")[2].split(", "))
    assert events.startswith(f"{len(named)} events on the Prefect server at {url} name them, the last of ")
    assert told["event"] in named  # others, of a state that names them, may have been written down since
    assert len(named) <= left["events"]
    assert vacuum.startswith(f"vacuum the database of the Prefect server at {url} ")
    assert told["again"] == 0


def test_an_erasure_asks_for_the_server_that_nights_ran_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "sightline.yaml"
    config.write_text("home: home\nroster: roster.csv\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / USED).write_text("http://prefect.example/api\n")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(BadInput, match=r"ran on the Prefect server at http://prefect\.example/api, which"):
        elsewhere(load_settings(config))
    monkeypatch.setenv("PREFECT_API_URL", "http://name:word@127.0.0.1:1/api")
    with pytest.raises(BadInput, match=r"the server at http://127\.0\.0\.1:\d+/api does not answer; nothing"):
        elsewhere(load_settings(config))


def test_no_password_of_an_orchestrator_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.orchestrator import orchestrator

    for url in ("http://one.example/api", "https://name:word@two.example:4200/api", "http://one.example/api"):
        monkeypatch.setenv("PREFECT_API_URL", url)
        with orchestrator(tmp_path), suppress(OSError):
            pass
    assert orchestrators_used(tmp_path) == ["https://two.example:4200/api", "http://one.example/api"]
    assert shown("https://name:word@two.example:4200/api") == "https://two.example:4200/api"


# --- in the child -----------------------------------------------------------------------------------------


def plant(login: str) -> str:
    """The id of an event that names somebody, beside six runs of which five do, one of a flow not ours."""
    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import ArtifactCreate, LogCreate
    from prefect.events import Event
    from prefect.states import Failed
    from prefect.types._datetime import now

    @flow(name="nightly", validate_parameters=False)
    def nightly(config: str) -> None: ...

    @flow(name="somebody else's", validate_parameters=False)
    def other(config: str) -> None: ...

    with get_client(sync_client=True) as client:

        def run(name: str, of: object = nightly, config: str = "sightline.yaml") -> object:
            return client.create_flow_run(of, name=name, parameters={"config": config}).id  # type: ignore[arg-type]

        run("nobody's")
        run("of another flow", other, f"/home/{login}/x")
        run("its parameters", config=f"/home/{login}/sightline.yaml")
        client.set_flow_run_state(run("a state"), Failed(message=f"KeyError: '{login}'"), force=True)  # type: ignore[arg-type]
        logged = run("a log")
        log = LogCreate(
            name="x", level=20, message=f"asked for {login}", timestamp=now("UTC"), flow_run_id=logged
        )
        client.create_logs([log])
        made = run("an artifact")
        data = b64encode(f"of {login} alone".encode()).decode()
        client.create_artifact(ArtifactCreate(key="nightly-receipt", data=data, flow_run_id=made))  # type: ignore[arg-type]
        event = Event(
            event="sightline.tried",
            resource={"prefect.resource.id": f"prefect.flow-run.{made}"},
            payload={"who": login},
        )
        client.request("POST", "/events", json=[event.model_dump(mode="json")])
    deadline = time.monotonic() + 60
    while not is_there(made) and time.monotonic() < deadline:
        time.sleep(0.2)
    return str(event.id)


def is_there(run_id: object) -> bool:
    """Whether the server has written the event down, which it does after it answered."""
    from prefect.client.orchestration import get_client
    from prefect.events.filters import EventFilter

    with get_client(sync_client=True) as client:
        asked = EventFilter.model_validate({"any_resource": {"id": [f"prefect.flow-run.{run_id}"]}})
        return any(event.event == "sightline.tried" for event in client.read_events(asked, limit=50).events)


if __name__ == "__main__":
    from prefect.client.orchestration import get_client as client_of

    from flows.prefect_traces import purge

    planted = plant(sys.argv[2])
    removed = purge(sys.argv[1], {sys.argv[2]})
    with client_of(sync_client=True) as asked_client:
        names = sorted(run.name for run in asked_client.read_flow_runs())
    told = {"runs": removed.runs, "by_hand": removed.by_hand, "names": names, "event": planted}
    told["again"] = purge(sys.argv[1], {sys.argv[2]}).runs
    sys.stdout.write(json.dumps(told))
