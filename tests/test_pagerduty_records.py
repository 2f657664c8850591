"""PagerDuty's answers become records without text, names or clocks."""

from __future__ import annotations

import copy
import csv
import dataclasses
import gzip
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.errors import PayloadBroken
from connectors.pagerduty.listings import Log
from connectors.pagerduty.payloads import (
    TimedAction,
    accepted_responders,
    created_at,
    final_entries,
    incident,
    services_by_schedule,
    timed_action,
    with_actions,
)
from connectors.records import Account, Incident
from connectors.shifts import shifts_of

PAYLOADS = Path(__file__).parent / "payloads" / "pagerduty"
SHARED = Path(__file__).parents[1].parent / "shared" / "data"
RECORDED = SHARED / "devlake" / "pagerduty" / "raw_tables" / "_raw_pagerduty_incidents.csv"
DESCRIBED = SHARED / "pagerduty" / "openapiv3.json.gz"


# --- incidents --------------------------------------------------------------------------------------


def test_a_resolved_incident_keeps_days_service_and_priority() -> None:
    assert record("resolved") == Incident(
        incident_id="Q1RESOLVED",
        source="pagerduty",
        url="https://acme.pagerduty.com/incidents/Q1RESOLVED",
        service_id="PSEARCH",
        severity="sev-2",
        opened_on=date(2026, 7, 1),
        resolved_on=date(2026, 7, 2),
        merged_into=None,
        actions=record("resolved").actions,
    )


def test_actions_stand_in_the_order_they_happened_in() -> None:
    actions = record("resolved").actions
    assert [(action.position, action.kind, actor(action)) for action in actions] == [
        (0, "declared", "PADA"),
        (1, "acknowledged", "PBOB"),
        (2, "responded", "PCYN"),
        (3, "updated", "PBOB"),
        (4, "updated", "PADA"),
        (5, "resolved", "PBOB"),
    ]


def test_the_day_of_a_time_with_an_offset_is_the_day_in_utc() -> None:
    assert [action.occurred_on for action in record("resolved").actions][-1] == date(2026, 7, 2)


def test_a_person_is_an_id_and_never_a_name() -> None:
    assert record("resolved").actions[0].actor == Account("pagerduty", "PADA", "PADA", False)


def test_no_text_name_or_clock_of_a_payload_is_in_its_record() -> None:
    kept = json.dumps(dataclasses.asdict(record("resolved")), default=str)
    for planted in ("canary", "Canary", "09:15", "T09", "@"):
        assert planted not in kept


def test_a_merged_incident_names_what_it_was_merged_into() -> None:
    assert record("merged").merged_into == "Q1RESOLVED"


def test_an_incident_without_a_priority_has_its_urgency_as_severity() -> None:
    assert record("merged").severity == "low"


def test_an_open_incident_is_resolved_on_no_day() -> None:
    assert record("open").resolved_on is None


def test_a_resolved_incident_of_an_older_api_is_resolved_on_its_last_change() -> None:
    payload = {**load("resolved")["incident"], "last_status_change_at": "2026-07-03T00:00:00Z"}
    del payload["resolved_at"]
    assert incident(payload).resolved_on == date(2026, 7, 3)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://acme.example/x", "https://a b", None, 7])
def test_only_a_plain_https_address_is_kept(address: object) -> None:
    assert incident({**load("open")["incident"], "html_url": address}).url is None


def test_an_incident_without_a_creation_time_is_a_broken_payload_that_quotes_nothing() -> None:
    payload = {**load("resolved")["incident"], "created_at": None}
    with pytest.raises(PayloadBroken, match=r"^pagerduty: incident without created_at; the API changed$"):
        incident(payload)


def test_a_time_that_is_none_is_a_broken_payload_that_does_not_repeat_it() -> None:
    with pytest.raises(PayloadBroken) as caught:
        incident({**load("open")["incident"], "created_at": "canary"})
    assert "canary" not in str(caught.value)


# --- who did it, and how ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "agent", "channel", "expected"),
    [
        ("acknowledge", "user_reference", "website", ("acknowledged", True)),
        ("acknowledge", "user_reference", "mobile", ("acknowledged", True)),
        ("acknowledge", "user_reference", "api", ("acknowledged", True)),
        ("acknowledge", "user_reference", "auto", ("acknowledged", False)),
        ("acknowledge", "user_reference", "timeout", ("acknowledged", False)),
        ("acknowledge", "service_reference", "api", None),
        ("acknowledge", "bot_user_reference", "website", None),
        ("trigger", "user_reference", "website", ("declared", True)),
        ("trigger", "user_reference", "web_trigger", ("declared", True)),
        ("trigger", "user_reference", "mobile", ("declared", True)),
        ("trigger", "user_reference", "api", ("declared", False)),
        ("trigger", "service_reference", "api", ("declared", False)),
        ("annotate", "user_reference", "note", ("updated", True)),
        ("annotate", "service_reference", "note", None),
        ("status_update", "user_reference", "website", ("updated", True)),
        ("resolve", "user_reference", "website", ("resolved", True)),
        ("resolve", "service_reference", "auto", None),
        ("assign", "user_reference", "website", None),
        ("notify", "user_reference", "auto", None),
        ("escalate", "user_reference", "website", None),
    ],
)
def test_a_log_entry_counts_by_what_was_done_by_whom_and_how(
    kind: str, agent: str, channel: str, expected: tuple[str, bool] | None
) -> None:
    found = timed_action(entry(kind, agent=agent, channel=channel))
    assert (found and (found.kind, found.by_hand)) == expected


def test_an_incident_that_monitoring_triggered_first_was_not_declared_by_a_later_trigger() -> None:
    steps = [
        timed_action(
            entry("trigger", at="2026-07-01T09:00:00Z", agent="service_reference", channel="api", id="L1")
        ),
        timed_action(
            entry("trigger", at="2026-07-01T09:05:00Z", agent="user_reference", channel="website", id="L2")
        ),
    ]
    assert with_actions(record("open"), [one for one in steps if one]).actions == ()


def test_a_responder_who_was_asked_and_did_not_join_is_no_responder() -> None:
    payload = load("resolved")["incident"]
    assert [one.user_id for one in accepted_responders(payload)] == ["PCYN"]
    assert [responder["state"] for responder in payload["incidents_responders"]] == ["joined", "pending"]


def test_a_log_entry_seen_twice_is_one_action() -> None:
    one = timed_action(entry("acknowledge"))
    assert isinstance(one, TimedAction)
    assert len(with_actions(record("open"), [one, one]).actions) == 1


def test_an_entry_without_an_agent_is_no_action() -> None:
    assert timed_action({**entry("acknowledge"), "agent": None, "channel": None}) is None


# --- on call ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", ("2026-07-01", "2026-07-01")),
        ("2026-07-01T00:00:00Z", "2026-07-02T00:00:01Z", ("2026-07-01", "2026-07-02")),
        ("2026-07-01T09:00:00Z", "2026-07-08T09:00:00Z", ("2026-07-01", "2026-07-08")),
        ("2026-07-01T20:00:00-04:00", "2026-07-02T20:00:00-04:00", ("2026-07-02", "2026-07-02")),
        # the night clocks go back in Berlin: 25 hours long, two days wide
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", ("2026-10-24", "2026-10-25")),
    ],
)
def test_a_shift_holds_the_days_it_touches(start: str, end: str, expected: tuple[str, str]) -> None:
    (shift,) = rendered((start, end, "PADA"))
    assert (str(shift.starts_on), str(shift.ends_on)) == expected


def test_what_reaches_over_an_edge_of_the_window_is_cut_there() -> None:
    (shift,) = rendered(("2026-03-01T00:00:00Z", None, "PADA"), first=date(2026, 7, 1), last=date(2026, 8, 1))
    assert (shift.starts_on, shift.ends_on) == (date(2026, 7, 1), date(2026, 7, 31))


def test_the_pieces_of_a_shift_around_an_override_are_one_shift() -> None:
    found = rendered(
        ("2026-07-01T00:00:00Z", "2026-07-01T10:00:00Z", "PADA"),
        ("2026-07-01T10:00:00Z", "2026-07-01T12:00:00Z", "PBOB"),
        ("2026-07-01T12:00:00Z", "2026-07-08T00:00:00Z", "PADA"),
    )
    assert [(shift.account.account_id, str(shift.starts_on), str(shift.ends_on)) for shift in found] == [
        ("PADA", "2026-07-01", "2026-07-07"),
        ("PBOB", "2026-07-01", "2026-07-01"),
    ]


def test_a_shift_id_names_schedule_and_day_and_neither_person_nor_clock() -> None:
    found = rendered(
        ("2026-07-01T00:00:00Z", "2026-07-01T10:00:00Z", "PADA"),
        ("2026-07-01T10:00:00Z", "2026-07-01T12:00:00Z", "PBOB"),
    )
    assert [shift.shift_id for shift in found] == ["PSCHED:2026-07-01", "PSCHED:2026-07-01:2"]


def test_hours_that_nobody_is_on_call_for_are_no_shift() -> None:
    assert rendered(("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", None)) == []


def test_a_schedule_answers_for_the_services_of_every_policy_that_targets_it() -> None:
    policies = load("escalation_policies")["escalation_policies"]
    assert services_by_schedule(policies) == {"PSCHED": ("PAPI", "PSEARCH"), "PNIGHT": ("PAPI",)}


def test_a_schedule_without_a_final_schedule_is_a_broken_payload() -> None:
    with pytest.raises(PayloadBroken, match="final_schedule"):
        list(final_entries({"schedule": {"id": "PSCHED"}}))


# --- what PagerDuty describes, and what was recorded --------------------------------------------------


@pytest.mark.skipif(not DESCRIBED.exists(), reason="needs PagerDuty's API description")
def test_the_incidents_that_pagerduty_describes_can_be_read() -> None:
    found = [incident(payload) for payload in example("/incidents", "incidents")]
    assert [(one.opened_on.year, one.severity, one.merged_into) for one in found] == [(2015, "p2", None)]


@pytest.mark.skipif(not DESCRIBED.exists(), reason="needs PagerDuty's API description")
def test_the_schedule_that_pagerduty_describes_can_be_read() -> None:
    answer = {"schedule": example("/schedules/{id}", "schedule")}
    span = (date(2015, 10, 1), date(2016, 1, 1))
    (shift,) = shifts_of("pagerduty", "PX", final_entries(answer), *span, ("PS",))
    assert (shift.starts_on, shift.ends_on, shift.service_ids) == (
        date(2015, 11, 10),
        date(2015, 11, 10),
        ("PS",),
    )


@pytest.mark.skipif(not DESCRIBED.exists(), reason="needs PagerDuty's API description")
def test_the_policies_that_pagerduty_describes_name_the_services_of_a_schedule() -> None:
    found = services_by_schedule(example("/escalation_policies", "escalation_policies"))
    assert [len(services) for services in found.values()] == [1]


@pytest.mark.skipif(not RECORDED.exists(), reason="needs the recorded tenant")
def test_what_a_recorded_tenant_did_by_hand_is_all_found() -> None:
    with RECORDED.open(newline="") as file:
        payloads = [json.loads(row["data"]) for row in csv.DictReader(file)]
    found = []
    for payload in payloads:
        steps = [one for logged in payload["log_entries"] if (one := timed_action(logged))]
        found.append(with_actions(incident(payload), steps))
    kinds = sorted(action.kind for one in found for action in one.actions if action.by_hand)
    assert kinds == ["acknowledged"] * 5 + ["declared"] * 3 + ["resolved", "updated"]
    assert [one.resolved_on for one in found] == [None, None, date(2022, 11, 3)]


@pytest.mark.parametrize("seed", range(8))
def test_an_answer_of_any_other_shape_is_read_or_told_and_never_a_crash(seed: int) -> None:
    random = Random(seed)
    policies = load("escalation_policies")["escalation_policies"]
    shift = {"start": "2026-07-01T00:00:00Z", "end": None, "user": {"id": "PADA"}}
    schedule = {"schedule": {"final_schedule": {"rendered_schedule_entries": [shift]}}}
    for name in ("resolved", "merged"):
        answer = load(name)
        for _ in range(60):
            entries = [spoiled(entry, random) for entry in answer["log_entries"]]
            head = spoiled(answer["incident"], random)
            with suppress(PayloadBroken):
                log = Log(((created_at(entry), entry) for entry in entries), of="Q1")
                log.read_down_to(datetime(2000, 1, 1, tzinfo=UTC))
                log.record(head)
            with suppress(PayloadBroken):
                services_by_schedule(spoiled(policies, random))
            with suppress(PayloadBroken):
                list(final_entries(spoiled(schedule, random)))


# --- builders ---------------------------------------------------------------------------------------


def spoiled(payload: Any, random: Random) -> Any:
    """The same with something in it gone, empty or of another type."""
    payload = copy.deepcopy(payload)
    inside = [payload, *_below(payload)]
    where = random.choice([each for each in inside if each])
    place = random.choice([*where] if isinstance(where, dict) else range(len(where)))
    if random.random() < 0.3:
        del where[place]
    else:
        where[place] = random.choice([None, "", "x", 0, 3.5, True, [], {}, [None], ["x"]])
    return [one for one in payload if isinstance(one, dict)] if isinstance(payload, list) else payload


def _below(value: Any) -> list[Any]:
    below = [*(value.values() if isinstance(value, dict) else value)]
    held = [each for each in below if isinstance(each, dict | list)]
    return held + [deeper for each in held for deeper in _below(each)]


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return loaded


def record(name: str) -> Incident:
    """An incident and its log entries, as recorded in one file."""
    payload = load(name)
    steps = [one for logged in payload["log_entries"] if (one := timed_action(logged))]
    return with_actions(incident(payload["incident"]), [*steps, *accepted_responders(payload["incident"])])


def entry(
    kind: str,
    *,
    id: str = "L1",  # noqa: A002  the name PagerDuty gives it
    at: str = "2026-07-01T09:15:00Z",
    agent: str = "user_reference",
    channel: str = "website",
) -> dict[str, Any]:
    return {
        "id": id,
        "type": f"{kind}_log_entry",
        "created_at": at,
        "agent": {"id": "PADA", "type": agent},
        "channel": {"type": channel},
        "incident": {"id": "Q3OPEN", "type": "incident_reference"},
    }


def rendered(
    *entries: tuple[str, str | None, str | None],
    first: date = date(2026, 7, 1),
    last: date = date(2026, 11, 1),
) -> list[Any]:
    answer = {
        "schedule": {
            "final_schedule": {
                "rendered_schedule_entries": [
                    {"start": start, "end": end, "user": {"id": user} if user else None}
                    for start, end, user in entries
                ]
            }
        }
    }
    return shifts_of("pagerduty", "PSCHED", final_entries(answer), first, last)


def actor(action: Any) -> str | None:
    return action.actor.account_id if action.actor else None


def example(path: str, key: str) -> Any:
    with gzip.open(DESCRIBED) as file:
        described = json.load(file)
    answer = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    (first, *_) = answer["examples"].values()
    return first["value"][key]
