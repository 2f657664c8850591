"""A declared file is read through its declaration: only declared columns, all or nothing."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import Connector
from connectors.errors import BadInput, SourceError, Unreachable
from connectors.files.connector import BadFile, Files, read_file
from connectors.files.settings import FileSource
from connectors.records import Account, Incident, Interview, OnCallShift

PAYLOADS = Path(__file__).parent / "payloads" / "files"
TODAY = date(2026, 9, 30)

CSV_COLUMNS = {
    "id": "key",
    "opened": "started",
    "resolved": "ended",
    "severity": "sev",
    "service": "svc",
    "declared_by": "reporter",
    "acknowledged_by": "acked",
    "commander": "lead",
    "roles": "others",
    "responders": "joined",
    "updates_by": "updates",
    "followups": "actions",
    "followups_completed": "done",
    "postmortem_by": "review",
    "fix_pull_requests": "fix",
    "merged_into": "dup of",
}
JSON_COLUMNS = {
    "id": "ref",
    "opened": "opened_at",
    "resolved": "resolved_at",
    "service": "service.id",
    "severity": "tags.0",
    "responders": "responders.login",
    "roles": "roles",
    "followups": "followups",
}


# --- what is read ---------------------------------------------------------------------------------------


def test_a_row_of_a_csv_file_is_an_incident() -> None:
    one = exported("incidents.csv", CSV_COLUMNS)["log:INC-1"]
    assert dataclasses.replace(one, actions=()) == Incident(
        incident_id="log:INC-1",
        source="log",
        url=None,
        service_id="PSEARCH",
        severity="sev-2",
        opened_on=date(2026, 7, 1),
        resolved_on=date(2026, 7, 2),
        merged_into=None,
        actions=(),
        fix_pull_requests=("acme/api#12", "acme/web#7"),
        reference="INC-1",
    )


def test_people_act_in_the_order_of_their_days_and_of_what_they_did() -> None:
    one = exported("incidents.csv", CSV_COLUMNS)["log:INC-1"]
    assert [
        (act.position, str(act.occurred_on), act.kind, act.role, act.actor.login)
        for act in one.actions
        if act.actor
    ] == [
        (0, "2026-07-01", "declared", None, "Ada"),
        (1, "2026-07-01", "acknowledged", None, "bob"),
        (2, "2026-07-01", "role", "incident_commander", "cyn"),
        (3, "2026-07-01", "role", "scribe", "dan"),
        (4, "2026-07-01", "role", "comms_lead", "eve"),
        (5, "2026-07-01", "responded", None, "bob"),
        (6, "2026-07-01", "responded", None, "fay"),
        (7, "2026-07-01", "updated", None, "bob"),
        (8, "2026-07-02", "followup_assigned", None, "bob"),
        (9, "2026-07-02", "postmortem", None, "cyn"),
        (10, "2026-07-05", "followup_assigned", None, "ada"),
        (11, "2026-08-01", "followup_completed", None, "ada"),
    ]


def test_a_login_is_an_account_that_the_vault_resolves() -> None:
    one = exported("incidents.csv", CSV_COLUMNS)["log:INC-1"]
    assert one.actions[0].actor == Account("github", "login:ada", "Ada")


def test_a_pagerduty_id_is_an_account_as_pagerduty_names_it() -> None:
    source = declare(PAYLOADS / "incidents.csv", {**CSV_COLUMNS}, accounts="pagerduty")
    assert incident(source, "log:INC-1").actions[0].actor == Account("pagerduty", "ADA", "ADA")


def test_a_duplicate_names_the_incident_it_belongs_to() -> None:
    one = exported("incidents.csv", CSV_COLUMNS)["log:INC-2"]
    assert (one.merged_into, one.resolved_on, one.actions) == ("log:INC-1", None, ())


def test_a_row_names_the_same_incident_in_other_tools(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    told = (
        "https://acme.pagerduty.com/incidents/Q3YON8WNWTZMRQ; INC-7; acme/ops#12; opsgenie:4e1f; "
        "https://github.com/acme/ops/issues/13; the outage of Tuesday"
    )
    columns = {"id": "id", "opened": "opened", "same_as": "elsewhere"}
    path.write_text(f'id,opened,elsewhere\n1,2026-07-06,"{told.rpartition(";")[0]}"\n')
    same_as = incident(declare(path, columns), "log:1").same_as
    assert same_as == ("Q3YON8WNWTZMRQ", "INC-7", "acme/ops#12", "opsgenie:4e1f", "acme/ops#13")
    (mistake,) = wrong(path, f'id,opened,elsewhere\n1,2026-07-06,"{told}"\n', columns)
    assert "same_as has an entry that is neither" in mistake
    assert "Tuesday" not in mistake


def test_a_path_leads_into_json_that_stands_in_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    cell = '{""id"":""q1"",""at"":""2026-07-06T10:00:00Z"",""who"":[{""type"":""user"",""id"":""ada""}]}'
    path.write_text(f'n,data,,n\n1,"{cell}",,2\n')  # other columns may be called anything
    columns = {"id": "data.id", "opened": "data.at", "responders": "data.who[type=user].id"}
    found = incident(declare(path, columns), "log:q1")
    assert (found.opened_on, [one.kind for one in found.actions]) == (date(2026, 7, 6), ["responded"])


def test_a_path_into_a_cell_of_words_is_told(tmp_path: Path) -> None:
    columns = {"id": "id", "opened": "opened", "service": "service.id"}
    (mistake,) = wrong(tmp_path / "log.csv", "id,opened,service\n1,2026-07-06,api\n", columns)
    assert "no row has a column 'service.id' for service" in mistake


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.json", '[{"id": 1, "opened": "2026-07-06"}]'),
        ("log.csv", "id,opened\n1,2026-07-06\n"),
    ],
)
def test_what_an_export_leaves_out_everywhere_is_declared_so(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    columns = {"id": "id", "opened": "opened", "resolved": "ended"}
    assert "ended" in wrong(path, text, columns)[0]
    assert incident(declare(path, {**columns, "resolved": "ended?"}), "log:1").resolved_on is None


def test_a_column_may_be_called_with_a_question_mark(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("id,opened,ended?\n1,2026-07-06,2026-07-07\n")
    columns = {"id": "id", "opened": "opened", "resolved": "ended?"}
    assert incident(declare(path, columns), "log:1").resolved_on == date(2026, 7, 7)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-07-06 23:30:00.000 -02:00", 7),
        ("2026-07-06 23:30:00 -0200", 7),
        ("2026-07-06 23:30:00-02", 7),
        ("2026-07-06 23:30:00 UTC", 6),
        ("2026-07-06T23:30:00.123456789Z", 6),
    ],
)
def test_a_time_as_databases_write_it_has_its_day_in_utc(tmp_path: Path, written: str, day: int) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"id,opened\n1,{written}\n")
    assert incident(declare(path, {"id": "id", "opened": "opened"}), "log:1").opened_on.day == day


@pytest.mark.parametrize("name", ["log.json", "log.jsonl"])
def test_json_without_a_bottom_is_told_and_no_crash(tmp_path: Path, name: str) -> None:
    nested = '[{"id": ' + "[" * 100_000 + "]" * 100_000 + "}]"
    (mistake, *_) = wrong(tmp_path / name, nested, {"id": "id", "opened": "opened"})
    assert "nested deeper" in mistake


def test_dotted_paths_lead_into_json() -> None:
    one = exported("incidents.json", JSON_COLUMNS)["log:INC-1"]
    assert (one.opened_on, one.service_id, one.severity) == (date(2026, 7, 2), "PSEARCH", "sev1")
    assert [(act.kind, act.role, act.actor.login) for act in one.actions if act.actor] == [
        ("role", "incident_commander", "cyn"),
        ("role", "scribe", "dan"),
        ("role", "scribe", "eve"),
        ("responded", None, "ada"),
        ("responded", None, "bob"),
        ("followup_assigned", None, "ada"),
    ]


def test_a_number_is_an_id_and_a_time_without_a_zone_is_in_utc() -> None:
    assert exported("incidents.json", JSON_COLUMNS)["log:2"].opened_on == date(2026, 7, 4)


def test_a_line_of_an_ndjson_file_is_an_interview() -> None:
    source = declare(
        PAYLOADS / "interviews.ndjson",
        {"id": "id", "interviewer": "interviewer", "held": "day", "scorecard": "sent"},
        kind="interviews",
    )
    assert list(read_file(source).values()) == [
        Interview(
            "log:I-1", "log", Account("github", "login:ada", "ada"), date(2026, 7, 1), date(2026, 7, 2)
        ),
        Interview("log:I-2", "log", Account("github", "login:bob", "Bob"), date(2026, 7, 3), None),
    ]


def test_a_constant_holds_for_every_row() -> None:
    source = declare(
        PAYLOADS / "incidents.csv", {"id": "key", "opened": "started"}, constants={"service": "PAPI"}
    )
    assert {one.service_id for one in read_file(source).values() if isinstance(one, Incident)} == {"PAPI"}


@pytest.mark.parametrize(
    ("name", "columns"), [("incidents.csv", CSV_COLUMNS), ("incidents.json", JSON_COLUMNS)]
)
def test_nothing_that_is_not_declared_is_read(name: str, columns: dict[str, str]) -> None:
    assert "canary" in (PAYLOADS / name).read_text()
    assert "canary" not in repr(exported(name, columns))


def test_a_row_of_a_rota_is_a_shift(tmp_path: Path) -> None:
    """Ends at midnight: the day before is the last. Ends on a day: that is. Two of one day are told apart."""
    path = tmp_path / "rota.csv"
    path.write_text(
        "rota,who,from,to,services\n"
        "api,ada,2026-07-06T09:00:00Z,2026-07-13T00:00:00Z,web; db\n"
        "api,bob,2026-07-13,2026-07-13,\n"
        "api,cyn,2026-07-13T23:30:00-01:00,2026-07-14T12:00:00Z,\n"
        "api,dan,2026-07-13T01:00:00Z,2026-07-13T02:00:00Z,\n"
    )
    columns = {"schedule": "rota", "person": "who", "starts": "from", "ends": "to", "services": "services"}
    found = read_file(declare(path, columns, kind="shifts"))
    assert [
        (name, one.account.login, str(one.starts_on), str(one.ends_on), one.service_ids)
        for name, one in found.items()
        if isinstance(one, OnCallShift)
    ] == [
        ("log:api:2026-07-06", "ada", "2026-07-06", "2026-07-12", ("web", "db")),
        ("log:api:2026-07-13", "bob", "2026-07-13", "2026-07-13", ()),
        ("log:api:2026-07-14", "cyn", "2026-07-14", "2026-07-14", ()),
        ("log:api:2026-07-13:2", "dan", "2026-07-13", "2026-07-13", ()),
    ]


def test_a_bad_row_of_a_rota_is_told_and_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "rota.csv"
    path.write_text("rota,who,from,to\napi,Ada Canary,2026-07-06,2026-07-05\n,,2026-07-06,2026-07-07\n")
    columns = {"schedule": "rota", "person": "who", "starts": "from", "ends": "to"}
    with pytest.raises(BadFile) as caught:
        read_file(declare(path, columns, kind="shifts"))
    assert [mistake.partition("rota.csv:")[2] for mistake in caught.value.mistakes] == [
        "2: ends is before starts",
        "2: person has an entry that is not a GitHub login",
        "3: person is empty",
        "3: schedule is empty",
    ]


def test_a_step_of_a_path_may_ask_for_a_value(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    people = [{"type": "team", "id": "search"}, {"type": "user", "id": "ada"}, {"type": "user", "id": "bob"}]
    path.write_text(json.dumps([{"id": 1, "opened": "2026-07-01", "asked": people}]))
    columns = {"id": "id", "opened": "opened", "responders": "asked[type=user].id"}
    (one,) = read_file(declare(path, columns)).values()
    assert isinstance(one, Incident)
    assert [action.actor.login for action in one.actions if action.actor] == ["ada", "bob"]
    with pytest.raises(ValidationError, match="is no path"):
        declare(path, columns | {"responders": "asked[type].id"})


# --- as a source ------------------------------------------------------------------------------------------


def test_the_scope_is_the_name_of_the_file(log: Path) -> None:
    connector: Connector = source(log)
    assert (connector.source, connector.scopes()) == ("log", ("log.csv",))


def test_an_unchanged_file_yields_nothing(log: Path) -> None:
    (batch,) = source(log).fetch("log.csv", None)
    assert list(source(log).fetch("log.csv", batch.cursor)) == []


def test_a_changed_file_is_read_again(log: Path) -> None:
    (batch,) = source(log).fetch("log.csv", None)
    log.write_text(log.read_text() + "3,2026-07-03,cyn\n")
    (again,) = source(log).fetch("log.csv", batch.cursor)
    assert len(again.roots) == len(batch.roots) + 1


def test_a_corrected_declaration_reads_an_unchanged_file_again(log: Path) -> None:
    (batch,) = source(log).fetch("log.csv", None)
    corrected = Files(declare(log, {"id": "id", "opened": "opened", "acknowledged_by": "who"}), TODAY)
    assert len(list(corrected.fetch("log.csv", batch.cursor))) == 1


def test_the_inventory_is_what_the_file_holds_now(log: Path) -> None:
    (batch,) = source(log).fetch("log.csv", None)
    log.write_text("id,opened,who\n2,2026-07-02,bob\n")
    assert len(batch.roots) == 2
    assert [(item.kind, item.object_id, item.created_on) for item in source(log).inventory("log.csv")] == [
        ("incidents", "log:2", date(2026, 7, 2))
    ]


def test_a_row_that_vanished_is_gone(log: Path) -> None:
    (batch,) = source(log).hydrate("log.csv", "incidents", ["log:1", "log:9"])
    assert [root.incident_id for root in batch.roots if isinstance(root, Incident)] == ["log:1"]
    assert (batch.gone, batch.cursor) == (("log:9",), "")


def test_a_file_speaks_from_its_first_row_on_unless_declared_otherwise(log: Path) -> None:
    assert source(log).since == date(2026, 7, 1)
    assert source(log, since=date(2026, 1, 1)).since == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("through", "gap_starts_on"),
    [
        (date(2026, 9, 30), None),
        (date(2026, 9, 29), date(2026, 9, 30)),
        (date(2026, 7, 31), date(2026, 8, 1)),
    ],
)
def test_the_days_after_a_file_ends_are_a_gap(log: Path, through: date, gap_starts_on: date | None) -> None:
    (batch,) = source(log, through=through).fetch("log.csv", None)
    assert [gap.starts_on for gap in batch.gaps] == ([gap_starts_on] if gap_starts_on else [])


def test_a_file_that_is_not_declared_otherwise_ends_on_the_day_it_was_written(log: Path) -> None:
    written_on(log, date(2026, 8, 31))
    (batch,) = source(log).fetch("log.csv", None)
    assert [(gap.kind, gap.starts_on, gap.reason) for gap in batch.gaps] == [
        ("incidents", date(2026, 9, 1), "file_ends")
    ]


def test_a_file_that_has_ended_says_so_every_night_without_a_record(log: Path) -> None:
    (batch,) = source(log, through=date(2026, 7, 31)).fetch("log.csv", None)
    (again,) = source(log, through=date(2026, 7, 31)).fetch("log.csv", batch.cursor)
    assert (again.roots, again.gaps, again.cursor) == ((), batch.gaps, batch.cursor)


def test_a_missing_file_is_unreachable(log: Path) -> None:
    missing = source(log.with_name("other.csv"))
    with pytest.raises(Unreachable):
        missing.scopes()
    with pytest.raises(SourceError):
        list(missing.fetch("other.csv", None))


# --- what is refused --------------------------------------------------------------------------------------


def test_one_bad_row_keeps_the_whole_file_out(log: Path) -> None:
    log.write_text(log.read_text() + "3,yesterday,cyn\n")
    with pytest.raises(BadFile):
        list(source(log).fetch("log.csv", None))


def test_a_bad_file_is_a_broken_source_to_a_night_and_bad_input_to_its_operator() -> None:
    error = BadFile(["log.csv:2: id is empty"])
    assert isinstance(error, SourceError)
    assert isinstance(error, BadInput)
    assert (error.code, error.mistakes) == ("payload_broken", ["log.csv:2: id is empty"])


def test_every_mistake_of_every_row_is_told_with_its_line(tmp_path: Path) -> None:
    text = 'id,opened,who\n,x,"Ada Canary"\n2,2026-07-02,bob\n2,2026-07-03,\n"a b",,ada@canary.example\n'
    assert wrong(tmp_path / "log.csv", text) == [
        "2: id is empty",
        "2: opened is not a day like 2026-07-01 or a time like 2026-07-01T10:00:00Z",
        "2: declared_by has an entry that is not a GitHub login",
        "4: id is the same as on line 3; keep one of the rows",
        "5: id is not an id of letters, digits and . _ : / # -",
        "5: opened is empty",
        "5: declared_by has an entry that is not a GitHub login",
    ]


@pytest.mark.parametrize(
    ("field", "value", "mistake"),
    [
        ("resolved", "2026-06-30", "resolved is before opened"),
        ("url", "javascript:alert(1)", "url is not an https address"),
        ("url", "http://x.example", "url is not an https address"),
        ("service", "=1+1", "service is not the id or name of a service"),
        ("merged_into", "a b", "merged_into is not an id of letters, digits and . _ : / # -"),
        ("roles", "ada", "roles has an entry that is not written like 'scribe: login'"),
        ("responders", "ada 2026-13-01", "responders has an entry whose day is not written like 2026-07-01"),
        ("severity", True, "severity is a bool; one word or number is wanted"),
        ("opened", {"at": 1}, "opened is a dict; one word or number is wanted"),
        (
            "fix_pull_requests",
            "acme/api",
            "fix_pull_requests has an entry that is neither owner/name#12 nor a pull request's address",
        ),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(tmp_path: Path, field: str, value: object, mistake: str) -> None:
    row = {"id": "1", "opened": "2026-07-01", field: value}
    columns = {name: name for name in ("id", "opened", field)}
    assert wrong(tmp_path / "log.ndjson", json.dumps(row), columns) == [f"1: {mistake}"]


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        ("log.json", '{"id": 1}', "1: is not a JSON list of objects"),
        ("log.json", '[\n{"id": "1", "opened": "2026-07-01"},\n{"id": }]', "3: is not JSON from here on"),
        ("log.json", '[\n{"id": "1", "opened": "2026-07-01"}', "2: after this object a ','"),
        ("log.json", "[\n\n3]", "3: is not a JSON object"),
        ("log.json", "", "1: is not a JSON list of objects"),
        ("log.ndjson", '{"id": "1", "opened": "2026-07-01"}\n{"id"\n', "2: is not JSON"),
        ("log.ndjson", "[]\n", "1: is not a JSON object"),
        ("log.csv", "id,openend,who\n", "1: has no column 'opened' for opened; did you mean 'openend'?"),
        ("log.csv", "", "1: is empty; the first line names the columns"),
    ],
)
def test_a_file_of_another_form_is_told_on_its_line(
    tmp_path: Path, name: str, text: str, mistake: str
) -> None:
    assert wrong(tmp_path / name, text)[0].startswith(mistake)


def test_utf_16_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("id,opened,who\n", encoding="utf-16")
    with pytest.raises(BadFile, match="save it as UTF-8"):
        read_file(declare(path, {"id": "id", "opened": "opened"}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"columns": {"id": "id"}}, "columns does not say where 'opened' is"),
        (
            {"columns": {"id": "id", "opened": "o", "responder": "r"}},
            "no field 'responder'; did you mean 'responders'?",
        ),
        ({"constants": {"declared_by": "ada"}}, "'declared_by' cannot be a constant"),
        (
            {"constants": {"service": "x"}, "columns": {"id": "id", "opened": "o", "service": "s"}},
            "as a column and as a constant",
        ),
        ({"name": "github"}, "belongs to another source"),
        ({"name": "My Log"}, "match pattern"),
        ({"path": Path("log.xlsx")}, "neither .csv nor .json"),
        ({"accounts": "slack"}, "'github', 'pagerduty'"),
        ({"colums": {}}, "not permitted"),
        ({"since": date(2026, 2, 1), "through": date(2026, 1, 1)}, "through is before since"),
    ],
)
def test_a_wrong_declaration_is_refused(change: dict[str, Any], told: str) -> None:
    declared = {
        "name": "log",
        "kind": "incidents",
        "path": Path("log.csv"),
        "columns": {"id": "id", "opened": "o"},
    }
    FileSource.model_validate(declared)
    with pytest.raises(ValidationError, match=told):
        FileSource.model_validate({**declared, **change})


# --- builders ---------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text("id,opened,who\n1,2026-07-01,ada\n2,2026-07-02,bob\n")
    return path


@pytest.fixture(autouse=True)
def _written_today(log: Path) -> None:
    written_on(log, TODAY)


def written_on(path: Path, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    os.utime(path, (at, at))


def declare(path: Path, columns: dict[str, str], kind: str = "incidents", **more: Any) -> FileSource:
    return FileSource.model_validate({"name": "log", "kind": kind, "path": path, "columns": columns, **more})


def source(path: Path, **more: Any) -> Files:
    return Files(declare(path, {"id": "id", "opened": "opened", "declared_by": "who"}, **more), TODAY)


def exported(name: str, columns: dict[str, str]) -> dict[str, Incident]:
    found = read_file(declare(PAYLOADS / name, columns))
    return {key: one for key, one in found.items() if isinstance(one, Incident)}


def incident(source: FileSource, incident_id: str) -> Incident:
    found = read_file(source)[incident_id]
    assert isinstance(found, Incident)
    return found


def wrong(path: Path, text: str, columns: dict[str, str] | None = None) -> list[str]:
    """What is wrong with this text, without the path that every sentence begins with."""
    path.write_text(text)
    declared = columns or {"id": "id", "opened": "opened", "declared_by": "who"}
    with pytest.raises(BadFile) as caught:
        read_file(declare(path, declared))
    assert all(mistake.startswith(f"{path}:") for mistake in caught.value.mistakes)
    return [mistake.removeprefix(f"{path}:") for mistake in caught.value.mistakes]
