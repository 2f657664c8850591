"""Recorded incidents load through the right connector: a row is stored, or refused with line and reason."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors.contract import Connector
from connectors.files.connector import BadFile, Files, read_rows
from connectors.files.settings import FileSource
from connectors.pagerduty.connector import PagerDuty
from connectors.pagerduty.settings import PagerDutySettings
from warehouse.store import Store
from warehouse.vault import Vault

TODAY = date(2026, 11, 22)
OPSGENIE_COLUMNS = {
    "id": "id",
    "opened": "impactStartDate",
    "resolved": "impactEndDate",
    "severity": "priority",
    "service": "impactedServices.0",
    "url": "links.web",
    "paged": "responders[type=user].id",
}
STATUS_COLUMNS = {
    "id": "id",
    "opened": "started_at",
    "resolved": "resolved_at",
    "severity": "impact",
    "service": "components.0",
    "url": "url",
}


def test_the_recorded_opsgenie_tenant_loads_through_files(shared: Path, tmp_path: Path) -> None:
    raw = rows(shared, "opsgenie/raw_tables/_raw_opsgenie_incidents.csv")
    export = tmp_path / "opsgenie.json"
    export.write_text(json.dumps([json.loads(row["data"]) for row in raw]))
    source = declared(export, OPSGENIE_COLUMNS, accounts="opsgenie")
    with stored(Files(source, TODAY), tmp_path) as store:
        account_for("DevLake Opsgenie", source, len(raw), store)
        kept = store.con.execute(
            "select reference, opened_on, url, severity, service_id from incidents order by reference"
        ).fetchall()
        expected = rows(shared, "opsgenie/snapshot_tables/_tool_opsgenie_incidents.csv")
        assert kept == sorted(
            (
                row["id"],
                date.fromisoformat(row["created_date"][:10]),
                row["url"],
                row["priority"].lower(),
                row["service_id"],
            )
            for row in expected
        )
        asked = rows(shared, "opsgenie/snapshot_tables/_tool_opsgenie_assignments.csv")
        responders = rows(shared, "opsgenie/snapshot_tables/_tool_opsgenie_responders.csv")
        users = {row["id"] for row in responders if row["type"] == "user"}
        called = {(row["responder_id"], row["incident_id"]) for row in asked if row["responder_id"] in users}
        assert store.count("incident_pages") == len(called) == 2  # teams are no people
        assert store.count("incident_actions") == 0  # and being called is no part in it


@pytest.mark.parametrize(("begins", "ends"), [("", "\n"), ("", "\r\n"), ("\ufeff", "\r\n"), ("", "\n\n")])
def test_the_recorded_opsgenie_table_loads_as_it_is_however_it_was_saved(
    shared: Path, tmp_path: Path, begins: str, ends: str
) -> None:
    """Its payloads in a cell, the columns in another order, line ends and a mark of other tools."""
    raw = rows(shared, "opsgenie/raw_tables/_raw_opsgenie_incidents.csv")
    exported = io.StringIO()
    writer = csv.DictWriter(exported, sorted(raw[0], reverse=True), lineterminator=ends)
    writer.writeheader()
    writer.writerows(raw)
    path = tmp_path / "raw.csv"
    path.write_text(begins + exported.getvalue(), newline="")
    columns = {name: f"data.{column}" for name, column in OPSGENIE_COLUMNS.items()}
    source = declared(path, columns, accounts="opsgenie")
    with stored(Files(source, TODAY), tmp_path) as store:
        account_for("DevLake Opsgenie, as a table", source, len(raw), store)
        assert store.count("incidents") == len(raw)
        assert store.count("incident_pages") == 2


def test_the_recorded_opsgenie_tenant_loads_before_anything_was_resolved(
    shared: Path, tmp_path: Path
) -> None:
    raw = rows(shared, "opsgenie/raw_tables/_raw_opsgenie_incidents.csv")
    left_out = ("impactEndDate", "responders")
    export = tmp_path / "opsgenie.json"
    payloads = [json.loads(row["data"]) for row in raw]
    export.write_text(json.dumps([{key: one[key] for key in one if key not in left_out} for one in payloads]))
    columns = OPSGENIE_COLUMNS | {"resolved": "impactEndDate?", "paged": "responders[type=user].id?"}
    source = declared(export, columns, accounts="opsgenie")
    with stored(Files(source, TODAY), tmp_path) as store:
        account_for("DevLake Opsgenie, all open", source, len(raw), store)
        assert store.count("incidents") == len(raw)


def test_the_recorded_pagerduty_tenant_loads_through_its_connector(shared: Path, tmp_path: Path) -> None:
    raw = rows(shared, "pagerduty/raw_tables/_raw_pagerduty_incidents.csv")
    payloads = [json.loads(row["data"]) for row in raw]
    with replayed(payloads) as base_url:
        token = SecretStr("made-up")
        connector = PagerDuty(
            PagerDutySettings(base_url=base_url, since=date(2022, 10, 1), token=token), TODAY
        )
        with stored(connector, tmp_path) as store:
            assert store.count("incidents") == len(raw) == 3
            tell(f"DevLake PagerDuty: {len(raw)} rows, {store.count('incidents')} stored, 0 refused")
            kept = store.con.execute(
                "select url, opened_on, resolved_on, severity, service_id from incidents order by url"
            ).fetchall()
            by_hand = store.con.execute(
                "select kind, count(*) from incident_actions where by_hand group by kind order by kind"
            ).fetchall()
    assert kept == sorted(
        (
            row["url"],
            date.fromisoformat(row["created_date"][:10]),
            date.fromisoformat(row["updated_date"][:10]) if row["status"] == "resolved" else None,
            row["urgency"],
            row["service_id"],
        )
        for row in rows(shared, "pagerduty/snapshot_tables/_tool_pagerduty_incidents.csv")
    )
    assert by_hand == [("acknowledged", 5), ("declared", 3), ("resolved", 1), ("updated", 1)]


def test_the_819_incidents_of_a_status_page_load_through_files(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "incidents" / "github-status" / "incidents.jsonl"
    source = declared(path, STATUS_COLUMNS)
    with stored(Files(source, TODAY), tmp_path) as store:
        account_for("GitHub status", source, 819, store)
        assert store.count("incidents") == 819


def test_a_bad_row_is_refused_with_its_line_and_the_others_are_stored(shared: Path, tmp_path: Path) -> None:
    lines = (shared / "data" / "incidents" / "github-status" / "incidents.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    told[6]["started_at"] = "yesterday"
    told[40]["resolved_at"] = "2020-01-01T00:00:00Z"
    told[41]["id"] = told[40]["id"]
    told[100]["url"] = "javascript:alert(1)"
    spoiled = [json.dumps(one) for one in told]
    spoiled[800] = spoiled[800][:-30]
    path = tmp_path / "spoiled.jsonl"
    path.write_text("\n".join(spoiled))
    source = declared(path, STATUS_COLUMNS, bad_rows="leave_out")
    with stored(Files(source, TODAY), tmp_path) as store:
        account_for("GitHub status, five rows spoiled", source, 819, store)
        assert store.count("incidents") == 819 - 5
    found = read_rows(source)
    assert found.refused() == [7, 41, 42, 101, 801]
    assert [mistake.partition("spoiled.jsonl:")[2].partition(";")[0] for mistake in found.mistakes] == [
        "801: is not JSON (expecting value)",
        "7: opened is not a day like 2026-07-01 or a time like 2026-07-01T10:00:00Z",
        "41: resolved is before opened",
        "42: id is the same as on line 41",
        "101: url is not an https address",
    ]


def test_unless_it_is_declared_otherwise_one_bad_row_keeps_the_whole_file_out(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("id,opened\n1,2026-07-01\n2,yesterday\n")
    columns = {"id": "id", "opened": "opened"}
    with stored(Files(declared(path, columns), TODAY), tmp_path) as store:
        assert store.count("incidents") == 0
    with stored(Files(declared(path, columns, bad_rows="leave_out"), TODAY), tmp_path) as store:
        assert store.con.execute("select incident_id from incidents").fetchall() == [("log:1",)]
        assert store.cursor("log", "log.csv") is None  # so the next night reads the file again


# --- builders -------------------------------------------------------------------------------------------


def account_for(name: str, source: FileSource, count: int, store: Store) -> None:
    """Every row of the file is stored, or refused at a line that is told."""
    found = read_rows(source)
    refused = found.refused()
    tell(f"{name}: {count} rows, {len(found.records)} stored, {len(refused)} refused", *found.mistakes)
    assert store.count("incidents") == len(found.records)
    assert len(found.records) + len(refused) == count


def tell(*lines: str) -> None:
    print(*lines, sep="\n  ")  # noqa: T201  the account itself, with `pytest -s`


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "data" / "devlake" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def declared(path: Path, columns: dict[str, str], **more: Any) -> FileSource:
    return FileSource.model_validate(
        {"name": "log", "kind": "incidents", "path": path, "columns": columns} | more
    )


@contextmanager
def stored(connector: Connector, folder: Path) -> Iterator[Store]:
    """The warehouse after what this connector gave, as far as it came."""
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    store, vault = Store(folder / "warehouse.duckdb"), Vault(folder / "vault.duckdb")
    try:
        (scope,) = connector.scopes()
        with suppress(BadFile):  # what came before it is stored
            for batch in connector.fetch(scope, None):
                store.write(connector.source, scope, [batch], vault)
        yield store
    finally:
        store.close()


@contextmanager
def replayed(payloads: list[dict[str, Any]]) -> Iterator[str]:
    """A loopback PagerDuty that answers with recorded payloads."""
    entries = [entry for payload in payloads for entry in payload["log_entries"]]
    heads = [{key: value for key, value in one.items() if key != "log_entries"} for one in payloads]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            question = parse_qs(parts.query)
            key = parts.path.strip("/")
            held = {"incidents": heads, "log_entries": entries}.get(key, [])
            begin, end = question.get("since", [""])[0], question.get("until", ["9999"])[0]
            found = [one for one in held if begin <= one["created_at"] < end]
            found.sort(key=lambda one: str(one["created_at"]), reverse=True)
            body = json.dumps({key: found, "more": False}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
