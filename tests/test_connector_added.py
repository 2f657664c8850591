"""A connector is added as docs/maintaining.md says: a folder, a line in the registry and in the agreement."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from config.settings import load_settings
from connectors import registry
from connectors.contract import Connector, Sections
from connectors.errors import BadInput
from connectors.http import ApiConnector, JsonApi
from connectors.records import Account, Batch, Incident, IncidentAction, Inventory
from connectors.registry import Entry
from connectors.settings import ApiSettings
from flows.context import connect, open_night
from flows.night import run_night
from warehouse.reading import opened

AGREEMENT = Path(__file__).parents[1] / "agreement.yaml"
TODAY = date(2026, 11, 22)
HELD = [
    {"id": "P1", "opened": "2026-08-03", "closed": "2026-08-04", "declared_by": "ada", "led_by": "grace"},
    {"id": "P2", "opened": "2026-09-10", "closed": "2026-09-10", "declared_by": "grace", "led_by": "ada"},
    {"id": "P3", "opened": "2025-01-01", "closed": "2025-01-01", "declared_by": "ada", "led_by": "ada"},
]


# --- the connector ------------------------------------------------------------------------------------------


class PagerBoardSettings(ApiSettings):
    secrets: ClassVar[Mapping[str, str]] = {"token": "PAGERBOARD_TOKEN"}
    needs = "a key that may read incidents"

    base_url: str = "https://api.pagerboard.example"


class Api(JsonApi):
    source = "pagerboard"
    api = "Pagerboard's API"
    if_missing = "no key is set; give it a key that may read incidents"


class PagerBoard(ApiConnector):
    """An incident tool that was made up for this test.

    Source: `GET /incidents`, two a page.
    Cursor: none; a tool this small is read completely every night.
    Yields: incidents, incident_actions.
    Never: titles.
    Raises: Refused, Unreachable, RateLimited, PayloadBroken.
    """

    source = "pagerboard"
    scope = "board"
    account_source = "github"
    yields = ("incidents", "incident_actions")

    def __init__(self, settings: PagerBoardSettings) -> None:
        self.since = settings.since or date(2026, 1, 1)
        self._api = Api(settings)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        del scope, cursor
        yield Batch(tuple(self._incidents()), "")

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        del scope, kind
        found = {one.incident_id: one for one in self._incidents()}
        roots = tuple(found[each] for each in object_ids if each in found)
        yield Batch(roots, "", gone=tuple(set(object_ids) - {*found}))

    def inventory(self, scope: str) -> Iterator[Inventory]:
        del scope
        for one in self._incidents():
            yield Inventory("incidents", one.incident_id, one.opened_on)

    def _incidents(self) -> Iterator[Incident]:
        def next_page(answer: Mapping[str, Any], count: int) -> dict[str, int] | None:
            return {"offset": count} if answer["more"] else None

        for payload in self._api.pages("/incidents", "incidents", {}, next_page):
            if (found := incident(payload)).opened_on >= self.since:
                yield found


def incident(payload: Mapping[str, Any]) -> Incident:
    day = date.fromisoformat(payload["opened"])
    incident_id = f"pagerboard:{payload['id']}"

    def action(kind: Any, role: str | None, login: str, position: int) -> IncidentAction:
        account = Account("github", f"login:{login}", login)
        return IncidentAction(f"{incident_id}:{position}", account, kind, role, True, day, position)

    return Incident(
        incident_id=incident_id,
        source="pagerboard",
        url=None,
        service_id=None,
        severity=None,
        opened_on=day,
        resolved_on=date.fromisoformat(payload["closed"]),
        merged_into=None,
        actions=(
            action("declared", None, payload["declared_by"], 0),
            action("role", "incident_commander", payload["led_by"], 1),
        ),
    )


def connected(settings: PagerBoardSettings, _sections: Sections) -> Connector:
    return PagerBoard(settings)


ENTRY = Entry("pagerboard", PagerBoardSettings, connected)
"""The one line."""


# --- the tests ----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ENTRIES", (*registry.ENTRIES, ENTRY))
    monkeypatch.setenv("PAGERBOARD_TOKEN", "made-up-key")


def test_a_night_reads_a_connector_that_was_added_as_the_readme_says(tool: Tool, tmp_path: Path) -> None:
    with open_night(load_settings(written(tmp_path, tool.base_url)), TODAY) as night:
        status = run_night(night)
    [state] = status["sources"]
    assert (state["source"], state["scope"], state["complete"]) == ("pagerboard", "board", True), state
    assert (state["records"]["incidents"], state["requests"]) == (2, 4)
    with opened(tmp_path / "sightline-home" / "warehouse.duckdb") as warehouse:
        found = warehouse.con.execute(
            "select signal, source_id from evidence where signal in ('incident_roles', 'incidents_declared') "
            "order by all"
        ).fetchall()
    assert found == [
        ("incident_roles", "pagerboard:P1"),
        ("incident_roles", "pagerboard:P2"),
        ("incidents_declared", "pagerboard:P1"),
        ("incidents_declared", "pagerboard:P2"),
    ]
    assert set(tool.tokens) == {"Bearer made-up-key"}


def test_its_key_is_asked_for_by_name_and_must_not_stand_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(tmp_path, "http://127.0.0.1:9")
    monkeypatch.delenv("PAGERBOARD_TOKEN")
    with pytest.raises(BadInput, match="PAGERBOARD_TOKEN is not set; set it to a key that"):
        connect(load_settings(config))
    config.write_text(config.read_text().replace("  since:", "  token: secret\n  since:"))
    with pytest.raises(BadInput, match=r"pagerboard\.token does not belong in a file .* PAGERBOARD_TOKEN"):
        load_settings(config)


def test_a_night_refuses_a_source_that_the_agreement_does_not_name(tool: Tool, tmp_path: Path) -> None:
    config = written(tmp_path, tool.base_url)
    (tmp_path / "agreement.yaml").write_text(AGREEMENT.read_text())
    with pytest.raises(BadInput, match="pagerboard"), open_night(load_settings(config), TODAY):
        pass


def test_no_declared_file_may_have_its_name(tmp_path: Path) -> None:
    config = written(tmp_path, "http://127.0.0.1:9")
    columns = "{id: id, opened: opened}"
    config.write_text(
        config.read_text()
        + f"files: [{{name: pagerboard, kind: incidents, path: log.csv, columns: {columns}}}]\n"
    )
    with pytest.raises(BadInput, match="the name 'pagerboard' belongs to another source"):
        connect(load_settings(config))


def test_the_settings_of_all_connectors_load_no_http_client() -> None:
    code = "import connectors.registry, sys; sys.exit(bool({'github', 'httpx2'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=AGREEMENT.parent, check=False).returncode == 0


# --- builders -----------------------------------------------------------------------------------------------


def written(home: Path, base_url: str) -> Path:
    (home / "roster.csv").write_text(
        "login,team,manager,from,until,rubric\nada,core,,2026-01-01,,\ngrace,core,ada,2026-01-01,,\n"
    )
    row = """
  pagerboard:
    purposes: [growth-conversations]
    because: Who leads an incident is an item of the rubric.
    tables:
      incidents: [incident_id, source, opened_on, resolved_on, merged_into, reference, same_as]
      incident_actions: [action_id, incident_id, actor_id, kind, role, by_hand, occurred_on, position]
      persons: [person_id, is_bot]"""
    (home / "agreement.yaml").write_text(AGREEMENT.read_text().replace("\nsources:", f"\nsources:{row}", 1))
    path = home / "sightline.yaml"
    path.write_text(
        "roster: roster.csv\nagreement: agreement.yaml\n"
        f"pagerboard:\n  base_url: {base_url}\n  since: 2026-04-01\n"
    )
    return path


class Tool:
    """The tool, on a loopback port."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tool.tokens.append(self.headers.get("Authorization", ""))
                _, _, offset = self.path.partition("offset=")
                first = int(offset or 0)
                page = {"incidents": HELD[first : first + 2], "more": first + 2 < len(HELD)}
                body = json.dumps(page).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def tool() -> Iterator[Tool]:
    tool = Tool()
    threading.Thread(target=tool.server.serve_forever, args=(0.02,), daemon=True).start()
    yield tool
    tool.server.shutdown()
    tool.server.server_close()
