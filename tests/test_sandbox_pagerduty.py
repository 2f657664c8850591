"""The sandbox's PagerDuty is what the official client and the published description expect of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pagerduty
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sandbox.organisation.build import organisation
from sandbox.pagerduty.model import (
    EscalationPolicy,
    Incident,
    LogEntry,
    PagerDuty,
    Schedule,
    Service,
    Shift,
    Team,
    User,
)
from sandbox.pagerduty.schedules import final
from sandbox.server import Running, running

UNTIL = date(2026, 11, 22)
YEAR = "since=2026-07-01T00:00:00Z&until=2026-11-23T00:00:00Z"
DESCRIPTION = Path(__file__).parents[1].parent / "shared" / "data" / "pagerduty" / "openapiv3.json.gz"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(organisation("pages", until=UNTIL)) as found:
        yield found


class OverPlainHttp(pagerduty.RestApiV2Client):  # type: ignore[misc]
    """The official client, which would insist on https even on this machine."""

    url = None


def test_the_official_client_walks_everything(server: Running) -> None:
    client = OverPlainHttp("sandbox-pagerduty")
    client.url = server.pagerduty
    account = server.holding.pagerduty
    assert [user["id"] for user in client.iter_all("users")] == [user.id for user in account.users]
    incidents = list(client.iter_all("incidents", params={"date_range": "all"}))
    assert len(incidents) == len(account.incidents)
    assert client.rget(f"/schedules/{account.schedules[0].id}")["name"] == account.schedules[0].name


def test_a_wrong_token_is_refused(server: Running) -> None:
    status, _, body = server.get("/pagerduty/incidents", token="other")
    assert (status, body["error"]["code"]) == (401, 2006)


def test_pages_tell_whether_there_is_more(server: Running) -> None:
    found, offset = [], 0
    while True:
        _, _, body = ask(server, f"/incidents?{YEAR}&limit=7&offset={offset}")
        found += [incident["id"] for incident in body["incidents"]]
        offset += 7
        if not body["more"]:
            break
    held = [each.id for each in server.holding.pagerduty.incidents if each.created_at >= "2026-07-01"]
    assert found == held


def test_no_page_reaches_beyond_ten_thousand(server: Running) -> None:
    assert ask(server, "/incidents?date_range=all&limit=100&offset=9900")[0] == 200
    status, _, body = ask(server, "/incidents?date_range=all&limit=100&offset=9901")
    assert (status, body["error"]["code"]) == (400, 2001)


def test_a_window_of_180_days_is_answered_and_a_longer_one_is_not(server: Running) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    for days, status in ((180, 200), (181, 400)):
        end = (start + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert ask(server, f"/incidents?since=2026-04-01T00:00:00Z&until={end}")[0] == status
        assert ask(server, f"/log_entries?since=2026-04-01T00:00:00Z&until={end}")[0] == status


def test_statuses_filter_and_an_unknown_one_is_refused(server: Running) -> None:
    _, _, body = ask(server, "/incidents?date_range=all&statuses[]=resolved&limit=100")
    assert {incident["status"] for incident in body["incidents"]} == {"resolved"}
    assert ask(server, "/incidents?statuses[]=fine")[0] == 400


def test_a_merged_incident_names_the_one_it_went_into(server: Running) -> None:
    into, merged = server.holding.traps["incident-merged"][:2]
    body = ask(server, f"/incidents/{merged}")[2]["incident"]
    assert body["status"] == "resolved"
    assert body["resolve_reason"]["type"] == "merge_resolve_reason"
    assert body["resolve_reason"]["incident"]["id"] == into
    assert ask(server, f"/incidents/{into}")[2]["incident"]["resolve_reason"] is None


def test_an_automatic_acknowledgement_tells_its_channel(server: Running) -> None:
    incident, entry = server.holding.traps["acknowledged-by-a-machine"][:2]
    entries = ask(server, f"/incidents/{incident}/log_entries")[2]["log_entries"]
    [found] = [each for each in entries if each["id"] == entry]
    assert (found["type"], found["channel"]["type"]) == ("acknowledge_log_entry", "auto")
    assert found["agent"]["type"] == "user_reference"


def test_whoever_was_asked_and_never_joined_is_pending(server: Running) -> None:
    incident = server.holding.traps["asked-but-never-joined"][0]
    [responder] = ask(server, f"/incidents/{incident}")[2]["incident"]["incidents_responders"]
    assert responder["state"] == "pending"


def test_an_incident_may_carry_complete_objects(server: Running) -> None:
    incident = server.holding.traps["incident-merged"][0]
    body = ask(server, f"/incidents/{incident}?include[]=services&include[]=first_trigger_log_entries")[2]
    assert body["incident"]["service"]["type"] == "service"
    assert body["incident"]["first_trigger_log_entry"]["type"] == "trigger_log_entry"


def test_log_entries_of_all_incidents_come_newest_first(server: Running) -> None:
    entries = ask(server, f"/log_entries?{YEAR}&limit=100")[2]["log_entries"]
    moments = [entry["created_at"] for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert all(entry["incident"]["type"] == "incident_reference" for entry in entries)


def test_the_final_schedule_has_no_hole_and_no_overlap(server: Running) -> None:
    for schedule in server.holding.pagerduty.schedules:
        path = f"/schedules/{schedule.id}?since=2026-07-06T12:00:00Z&until=2026-09-21T12:00:00Z&time_zone=UTC"
        entries = ask(server, path)[2]["schedule"]["final_schedule"]["rendered_schedule_entries"]
        assert (entries[0]["start"], entries[-1]["end"]) == ("2026-07-06T12:00:00Z", "2026-09-21T12:00:00Z")
        for earlier, later in pairwise(entries):
            assert earlier["end"] == later["start"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ((), [("00", "10", "ada")]),
        ((("02", "04"),), [("00", "02", "ada"), ("02", "04", "ben"), ("04", "10", "ada")]),
        ((("00", "10"),), [("00", "10", "ben")]),
        ((("00", "02"),), [("00", "02", "ben"), ("02", "10", "ada")]),
        ((("08", "12"),), [("00", "08", "ada"), ("08", "12", "ben")]),
        ((("02", "04"), ("03", "05")), [("00", "02", "ada"), ("02", "05", "ben"), ("05", "10", "ada")]),
    ],
)
def test_an_override_cuts_the_rotation(
    override: tuple[tuple[str, str], ...], expected: list[tuple[str, str, str]]
) -> None:
    ada, ben = User("ada", "Ada", "a@x.example"), User("ben", "Ben", "b@x.example")
    overrides = [Shift(start, end, ben) for start, end in override]
    schedule = Schedule("S", "s", "UTC", Team("T", "t"), [Shift("00", "10", ada)], overrides)
    assert [(shift.start, shift.end, shift.user.id) for shift in final(schedule, "00", "99")] == expected


def test_handovers_stay_at_nine_when_the_clocks_change(server: Running) -> None:
    schedule = next(
        each for each in server.holding.pagerduty.schedules if each.time_zone == "America/New_York"
    )
    path = f"/schedules/{schedule.id}?since=2026-10-19T00:00:00Z&until=2026-11-17T00:00:00Z"
    layer = ask(server, path)[2]["schedule"]["schedule_layers"][0]
    starts = {entry["start"][10:] for entry in layer["rendered_schedule_entries"][1:]}
    assert starts == {"T09:00:00-04:00", "T09:00:00-05:00"}


def test_who_is_on_call_agrees_with_the_schedule(server: Running) -> None:
    window = "since=2026-09-01T00:00:00Z&until=2026-09-15T00:00:00Z&time_zone=UTC"
    for schedule in server.holding.pagerduty.schedules:
        final_ = ask(server, f"/schedules/{schedule.id}?{window}")[2]["schedule"]["final_schedule"]
        oncalls = ask(server, f"/oncalls?{window}&schedule_ids[]={schedule.id}")[2]["oncalls"]
        told = [(each["start"], each["user"]["id"]) for each in oncalls]
        assert told == [(each["start"], each["user"]["id"]) for each in final_["rendered_schedule_entries"]]


def test_the_state_of_an_incident_is_what_its_history_left() -> None:
    incident = history("trigger", "acknowledge", "unacknowledge")
    assert incident.status == "triggered"
    assert history("trigger", "acknowledge").status == "acknowledged"
    assert history("trigger", "acknowledge", "resolve").resolved_at == "2026-07-03T00:00:00Z"


PATHS = (
    ("/incidents", f"/incidents?{YEAR}&limit=100", "incidents"),
    ("/log_entries", f"/log_entries?{YEAR}&limit=100", "log_entries"),
    ("/users", "/users", "users"),
    ("/teams", "/teams", "teams"),
    ("/services", "/services", "services"),
    ("/escalation_policies", "/escalation_policies", "escalation_policies"),
    ("/schedules", "/schedules", "schedules"),
    ("/oncalls", "/oncalls?since=2026-09-01T00:00:00Z&until=2026-09-15T00:00:00Z", "oncalls"),
)


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="PagerDuty's description is not here")
@pytest.mark.parametrize(("path", "question", "name"), PATHS, ids=[path for path, _, _ in PATHS])
def test_bodies_have_the_keys_of_the_published_examples(
    server: Running, path: str, question: str, name: str
) -> None:
    """Every key of the first published example is there, and holds the same sort of thing."""
    examples = description()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"][
        "examples"
    ]
    example = next(iter(examples.values()))
    if "$ref" in example:
        example = description()["components"]["examples"][example["$ref"].rpartition("/")[2]]
    expected = example["value"][name][0]
    found = ask(server, question)[2][name]
    assert found != []
    optional = {"event_details", "privilege", "next_oncall_for_user", "job_title"}
    for body in found:
        assert set(expected) - set(body) - optional == set()
        for key in set(expected) & set(body):
            if body[key] is not None and expected[key] is not None:
                assert type(body[key]) is type(expected[key]), key


QUARTER = "since=2026-10-01T00:00:00Z&until=2026-11-23T00:00:00Z"
ANSWERS = (
    ("/incidents", f"/incidents?{YEAR}&limit=100"),
    ("/incidents/{id}", "/incidents/{incident}"),
    ("/incidents/{id}/log_entries", "/incidents/{incident}/log_entries"),
    ("/incidents/{id}/notes", "/incidents/{incident}/notes"),
    ("/log_entries", f"/log_entries?{YEAR}&limit=100"),
    ("/users", "/users"),
    ("/teams", "/teams"),
    ("/services", "/services"),
    ("/escalation_policies", "/escalation_policies"),
    ("/schedules", f"/schedules?{QUARTER}&include[]=final_schedule"),
    ("/schedules/{id}", f"/schedules/{{schedule}}?{QUARTER}"),
    ("/oncalls", f"/oncalls?{QUARTER}"),
)


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="PagerDuty's description is not here")
@pytest.mark.parametrize(("path", "question"), ANSWERS, ids=[path for path, _ in ANSWERS])
def test_answers_are_what_the_published_description_says(server: Running, path: str, question: str) -> None:
    account = server.holding.pagerduty
    names = {"incident": server.holding.traps["incident-merged"][0], "schedule": account.schedules[0].id}
    status, _, body = ask(server, question.format(**names))
    assert status == 200
    answer = description()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = {"components": as_json_schema(description()["components"]), "allOf": [as_json_schema(answer)]}
    wrong = [best_match([error]) for error in Draft202012Validator(schema).iter_errors(described(body))]
    assert [f"{list(error.absolute_path)}: {error.message[:200]}" for error in wrong if error] == []


def test_an_answer_of_another_shape_would_be_told(server: Running) -> None:
    if not DESCRIPTION.exists():
        pytest.skip("PagerDuty's description is not here")
    body = ask(server, f"/incidents?{YEAR}&limit=1")[2]
    answer = description()["paths"]["/incidents"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {
        "components": as_json_schema(description()["components"]),
        "allOf": [as_json_schema(answer["schema"])],
    }
    for change in ({"status": "fine"}, {"incident_number": "7"}, {"service": 7}):
        spoiled = described(body) | {"incidents": [described(body["incidents"][0]) | change]}
        assert list(Draft202012Validator(schema).iter_errors(spoiled)) != [], change


def described(value: Any) -> Any:
    """An answer without its nulls, which the description almost never allows and PagerDuty sends; and without
    status updates, of which it knows nothing."""
    match value:
        case dict():
            return {key: described(inner) for key, inner in value.items() if inner is not None}
        case list():
            kept = [inner for inner in value if not _is_undescribed(inner)]
            return [described(inner) for inner in kept]
    return value


def _is_undescribed(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "status_update_log_entry"


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` is a type, and what is one of several may be two of them.

    Where the description contradicts itself it gives way to what was recorded: an acknowledgement would have
    to be an `acknowledge_log_entry` and an `acknowledgement_log_entry` at once.
    """
    match node:
        case list():
            return [as_json_schema(inner) for inner in node]
        case dict():
            made = {key: as_json_schema(inner) for key, inner in node.items() if key not in _UNREAD}
            if made.get("enum") == ["acknowledgement_log_entry"]:
                made["enum"] = ["acknowledge_log_entry"]
            if "oneOf" in made:
                made["anyOf"] = made.pop("oneOf")
            if made.pop("nullable", False) and isinstance(made.get("type"), str):
                made["type"] = [made["type"], "null"]
            return made
    return node


_UNREAD = ("example", "examples", "discriminator")


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(DESCRIPTION.read_bytes()))
    return found


def ask(server: Running, path: str) -> tuple[int, dict[str, str], Any]:
    return server.get(f"/pagerduty{path}", token="sandbox-pagerduty")


def history(*steps: str) -> Incident:
    """An incident with these log entries, a day apart."""
    team = Team("T", "t")
    policy = EscalationPolicy("E", "e", Schedule("S", "s", "UTC", team), team)
    incident = Incident("Q", 1, "t", "2026-07-01T00:00:00Z", Service("V", "v", policy))
    for day, step in enumerate(steps, start=1):
        incident.entries.append(
            LogEntry(f"R{day}", f"{step}_log_entry", f"2026-07-{day:02d}T00:00:00Z", None, "auto")
        )
    assert PagerDuty(incidents=[incident]).ids() >= {"Q", "R1"}
    return incident
