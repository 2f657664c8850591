"""A PagerDuty account is read whole, then by what changed; every trouble has its own error."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from connectors.errors import PayloadBroken, RateLimited, Refused, SourceError, Unreachable
from connectors.pagerduty.connector import PagerDuty
from connectors.pagerduty.settings import PagerDutySettings
from connectors.records import Batch, Counted, Gap, Incident, Inventory, OnCallShift

TODAY = date(2026, 9, 30)
SINCE = date(2026, 1, 1)
TOKEN = "made-up-token-4711"


# --- everything, once -------------------------------------------------------------------------------


def test_a_first_run_reads_every_incident_since_the_first_day_with_its_actions(account: Account) -> None:
    account.incident("Q1", "2026-01-01T00:00:00Z")
    account.entry("Q1", "acknowledge", "2026-01-01T08:00:00Z", "PADA")
    account.incident("Q2", "2026-09-30T23:59:59Z")
    found = incidents(account.connector().fetch("account", None))
    assert {name: [action.kind for action in one.actions] for name, one in found.items()} == {
        "Q1": ["acknowledged"],
        "Q2": [],
    }


def test_an_action_months_after_an_incident_was_opened_is_in_its_last_record(account: Account) -> None:
    account.incident("Q1", "2026-01-02T00:00:00Z")
    account.entry("Q1", "annotate", "2026-08-01T08:00:00Z", "PADA", channel="note")
    assert kinds(account.connector().fetch("account", None)) == {"Q1": ["updated"]}


def test_many_pages_are_all_read(account: Account) -> None:
    for number in range(250):
        account.incident(f"Q{number}", "2026-02-01T00:00:00Z")
    assert len(incidents(account.connector().fetch("account", None))) == 250


def test_a_listing_longer_than_the_wall_is_walked_without_asking_twice(account: Account) -> None:
    for number in range(10_150):
        day = date(2026, 2, 1) + timedelta(days=number // 100)
        account.incident(f"Q{number}", f"{day}T00:{number % 60:02}:00Z")
    connector = account.connector()
    found = connector.fetch("account", None)
    assert len(incidents(found)) == 10_150
    # 102 pages of each, two more for the wall, the policies, and the schedules of three quarters
    assert connector.spent()[0] <= 2 * (102 + 2) + 1 + 3


def test_a_second_with_more_than_the_wall_lets_through_is_a_gap(account: Account) -> None:
    for number in range(10_001):
        account.incident(f"Q{number}", "2026-02-01T00:00:00Z")
    account.incident("QOLD", "2026-01-31T00:00:00Z")
    account.forbidden = {"/log_entries"}
    batches = list(account.connector().fetch("account", None))
    gaps = {(gap.kind, gap.reason, str(gap.starts_on)) for batch in batches for gap in batch.gaps}
    assert ("incidents", "truncated", "2026-02-01") in gaps
    assert set(incidents(batches)) >= {"QOLD"}


def test_no_question_spans_more_than_180_days(account: Account) -> None:
    list(account.connector().fetch("account", None))
    list(account.connector().inventory("account"))
    spans = [
        datetime.fromisoformat(question["until"][0]) - datetime.fromisoformat(question["since"][0])
        for _, question in account.asked
        if "since" in question
    ]
    assert spans
    assert max(spans) <= timedelta(days=180)


def test_the_token_travels_as_pagerduty_wants_it(account: Account) -> None:
    list(account.connector().fetch("account", None))
    assert set(account.tokens) == {f"Token token={TOKEN}"}


def test_what_a_run_cost_is_told(account: Account) -> None:
    connector = account.connector()
    list(connector.fetch("account", None))
    assert connector.spent() == (len(account.asked), 0)


# --- what changed -----------------------------------------------------------------------------------


def test_a_second_run_reads_what_was_touched_and_not_the_year(account: Account) -> None:
    account.incident("QOLD", "2026-02-01T00:00:00Z")
    cursor = last_cursor(account.connector().fetch("account", None))
    account.incident("QNEW", "2026-09-30T23:59:59Z")
    assert set(incidents(account.connector().fetch("account", cursor))) == {"QNEW"}


def test_a_quiet_second_run_asks_as_little_as_can_be_asked(account: Account) -> None:
    """What happened since, who pages whom, two quarters of shifts, and one count for each 180 days."""
    account.incident("QOLD", "2026-02-01T00:00:00Z")
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    cursor = last_cursor(account.connector().fetch("account", None))
    connector = account.connector()
    account.asked.clear()
    list(connector.scopes())
    list(connector.fetch("account", cursor))
    told = connector.tally("account")
    assert [path for path, _ in account.asked] == [
        *("/log_entries", "/escalation_policies", "/schedules"),
        *("/incidents", "/incidents"),
    ]
    assert told == [
        Counted("incidents", date(2026, 1, 1), date(2026, 6, 30), 1),
        Counted("incidents", date(2026, 6, 30), date(2026, 10, 1), 0),
        Counted("oncall_shifts", date(2026, 1, 1), date(2026, 7, 1), None),
        Inventory("oncall_shifts", "PSCHED:2026-09-01", date(2026, 9, 1)),
    ]


def test_what_a_first_run_has_just_listed_is_not_listed_again_to_be_counted(account: Account) -> None:
    account.incident("Q1", "2026-02-01T00:00:00Z")
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    connector = account.connector()
    list(connector.fetch("account", None))
    before = connector.spent()
    assert connector.tally("account") is None
    assert [item.object_id for item in connector.inventory("account")] == ["Q1", "PSCHED:2026-09-01"]
    assert connector.spent() == before


def test_an_old_incident_that_was_touched_is_read_again_completely(account: Account) -> None:
    account.incident("QOLD", "2026-02-01T00:00:00Z")
    account.entry("QOLD", "acknowledge", "2026-02-01T01:00:00Z", "PADA")
    cursor = last_cursor(account.connector().fetch("account", None))
    account.entry("QOLD", "annotate", "2026-09-30T23:30:00Z", "PBOB", channel="note")
    assert kinds(account.connector().fetch("account", cursor)) == {"QOLD": ["acknowledged", "updated"]}


def test_pull_requests_that_notes_name_are_kept_as_ids(account: Account) -> None:
    account.incident("Q1", "2026-02-01T00:00:00Z")
    note = "rolled out https://github.com/acme/api/pull/12\nwhich was broken by acme/api#9"
    account.entry("Q1", "annotate", "2026-02-01T01:00:00Z", "PADA", channel="note", note=note)
    (found,) = incidents(account.connector().fetch("account", None)).values()
    assert found.fix_pull_requests == ("acme/api#12",)


def test_a_list_of_schedules_without_their_days_is_made_up_for(account: Account) -> None:
    account.lists_are_short = True
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    assert list(shifts(account.connector().fetch("account", None))) == ["PSCHED:2026-09-01"]


def test_an_incident_older_than_the_first_day_stays_out_even_when_touched(account: Account) -> None:
    account.incident("QANCIENT", "2025-12-31T23:59:59Z", status="triggered")
    cursor = last_cursor(account.connector().fetch("account", None))
    account.entry("QANCIENT", "annotate", "2026-09-30T23:30:00Z", "PBOB", channel="note")
    assert incidents(account.connector().fetch("account", cursor)) == {}


def test_an_earlier_first_day_makes_the_next_run_start_over(account: Account) -> None:
    account.incident("QOLD", "2025-10-01T00:00:00Z")
    cursor = last_cursor(account.connector().fetch("account", None))
    found = account.connector(since=date(2025, 10, 1)).fetch("account", cursor)
    assert set(incidents(found)) == {"QOLD"}


def test_a_run_that_dies_after_any_batch_is_completed_to_the_same_records(account: Account) -> None:
    for month in range(1, 10):
        account.incident(f"Q{month}", f"2026-{month:02}-03T00:00:00Z")
        account.entry(f"Q{month}", "annotate", "2026-09-29T12:00:00Z", "PADA", channel="note")
        account.shift("PSCHED", f"2026-{month:02}-03T00:00:00Z", f"2026-{month:02}-09T00:00:00Z", "PADA")
    complete = stored(account.connector().fetch("account", None))
    steps = len(list(account.connector().fetch("account", None)))
    assert steps > 4
    for died_after in range(1, steps):
        batches = list(zip(account.connector().fetch("account", None), range(died_after), strict=False))
        before = [batch for batch, _ in batches]
        rest = account.connector().fetch("account", last_cursor(before))
        assert stored([*before, *rest]) == complete


def test_a_cursor_holds_how_far_was_read_and_no_person(account: Account) -> None:
    account.incident("Q1", "2026-09-01T00:00:00Z", status="triggered")
    account.entry("Q1", "acknowledge", "2026-09-01T01:00:00Z", "PADA")
    cursor = json.loads(last_cursor(account.connector().fetch("account", None)) or "")
    assert cursor == {
        "since": "2026-01-01",
        "read_until": "2026-10-01T00:00:00+00:00",
        "shifts_through": "2026-10-01",
    }


# --- on call ----------------------------------------------------------------------------------------


def test_shifts_carry_the_services_they_answer_for(account: Account) -> None:
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    account.policies = [
        {
            "services": [{"id": "PAPI"}],
            "escalation_rules": [{"targets": [{"id": "PSCHED", "type": "schedule_reference"}]}],
        }
    ]
    (shift,) = shifts(account.connector().fetch("account", None)).values()
    assert shift.service_ids == ("PAPI",)


def test_a_shift_over_the_end_of_a_quarter_is_one_in_each(account: Account) -> None:
    account.shift("PSCHED", "2026-06-29T08:00:00Z", "2026-07-06T08:00:00Z", "PADA")
    found = shifts(account.connector().fetch("account", None))
    assert {name: str(shift.ends_on) for name, shift in found.items()} == {
        "PSCHED:2026-06-29": "2026-06-30",
        "PSCHED:2026-07-01": "2026-07-06",
    }


def test_a_shift_keeps_its_id_when_the_first_day_moves(account: Account) -> None:
    account.shift("PSCHED", "2026-06-29T08:00:00Z", "2026-07-20T08:00:00Z", "PADA")
    for since in (date(2026, 7, 8), date(2026, 7, 9), date(2026, 7, 20)):
        assert list(shifts(account.connector(since=since).fetch("account", None))) == ["PSCHED:2026-07-01"]
    assert shifts(account.connector(since=date(2026, 7, 21)).fetch("account", None)) == {}


def test_a_shift_that_is_planned_has_not_happened(account: Account) -> None:
    account.shift("PSCHED", "2026-09-28T00:00:00Z", "2026-10-05T00:00:00Z", "PADA")
    account.shift("PSCHED", "2026-10-05T00:00:00Z", "2026-10-12T00:00:00Z", "PBOB")
    (shift,) = shifts(account.connector().fetch("account", None)).values()
    assert (shift.starts_on, shift.ends_on) == (date(2026, 9, 28), TODAY)


def test_an_override_entered_late_replaces_the_shift_it_overrides(account: Account) -> None:
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    cursor = last_cursor(account.connector().fetch("account", None))
    account.schedules["PSCHED"].clear()
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PBOB")
    (shift,) = shifts(account.connector().fetch("account", cursor)).values()
    assert (shift.shift_id, shift.account.account_id) == ("PSCHED:2026-09-01", "PBOB")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/schedules", {"oncall_shifts"}),
        ("/escalation_policies", {"oncall_services"}),
        ("/log_entries", {"incident_actions", "incident_pages"}),
    ],
)
def test_what_the_token_may_not_read_is_a_gap_and_the_rest_is_read(
    account: Account, path: str, kinds: set[str]
) -> None:
    account.incident("Q1", "2026-09-01T00:00:00Z")
    account.shift("PSCHED", "2026-09-01T00:00:00Z", "2026-09-08T00:00:00Z", "PADA")
    account.forbidden = {path}
    batches = list(account.connector().fetch("account", None))
    gaps = [gap for batch in batches for gap in batch.gaps]
    assert {(gap.kind, gap.reason) for gap in gaps} == {(kind, "forbidden") for kind in kinds}
    assert min(gap.starts_on for gap in gaps) == SINCE
    assert max(gap.ends_on for gap in gaps) == TODAY + timedelta(days=1)
    assert set(incidents(batches)) == {"Q1"}


def test_shifts_that_may_not_be_listed_are_a_gap_and_incidents_are_counted(account: Account) -> None:
    account.incident("Q1", "2026-09-01T00:00:00Z")
    account.forbidden = {"/schedules"}
    listed, gap = account.connector().inventory("account")
    assert isinstance(listed, Inventory)
    assert isinstance(gap, Gap)
    assert (listed.object_id, gap.kind, gap.reason) == ("Q1", "oncall_shifts", "forbidden")


# --- holding what is stored against the source --------------------------------------------------------


def test_the_inventory_lists_what_a_first_run_stores(account: Account) -> None:
    account.incident("Q1", "2026-01-01T00:00:00Z")
    account.incident("Q2", "2026-08-01T00:00:00Z", status="triggered")
    account.shift("PSCHED", "2026-06-29T08:00:00Z", "2026-07-06T08:00:00Z", "PADA")
    listed = {
        (item.kind, item.object_id, item.created_on) for item in account.connector().inventory("account")
    }
    batches = list(account.connector().fetch("account", None))
    assert listed == {
        *(("incidents", name, one.opened_on) for name, one in incidents(batches).items()),
        *(("oncall_shifts", name, one.starts_on) for name, one in shifts(batches).items()),
    }
    assert len(listed) == 4


def test_hydrated_incidents_are_complete_and_the_lost_ones_gone(account: Account) -> None:
    account.incident("Q1", "2026-03-01T00:00:00Z")
    account.entry("Q1", "resolve", "2026-03-02T00:00:00Z", "PADA")
    account.incident("QANCIENT", "2025-03-01T00:00:00Z")
    batches = list(account.connector().hydrate("account", "incidents", ["Q1", "QLOST", "QANCIENT"]))
    assert kinds(batches) == {"Q1": ["resolved"]}
    assert [(batch.cursor, batch.gone) for batch in batches] == [("", ("QANCIENT", "QLOST"))]


def test_hydrated_shifts_are_those_fetched_and_the_lost_ones_gone(account: Account) -> None:
    account.shift("PSCHED", "2026-06-29T08:00:00Z", "2026-07-06T08:00:00Z", "PADA")
    fetched = shifts(account.connector().fetch("account", None))
    lost = ["PSCHED:2026-07-02", "PNONE:2026-07-01", "PSCHED:2025-07-01"]
    batches = list(account.connector().hydrate("account", "oncall_shifts", [*fetched, *lost]))
    assert shifts(batches) == fetched
    assert sorted(name for batch in batches for name in batch.gone) == sorted(lost)


# --- trouble ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_token_that_is_not_accepted_is_refused(account: Account, status: int) -> None:
    account.faults = [status] * 9
    with pytest.raises(Refused, match=f"{status}"):
        next(account.connector().fetch("account", None))
    assert len(account.asked) == 1


def test_no_error_holds_the_token_an_answer_or_an_id(account: Account) -> None:
    for status in (400, 401, 403, 404, 302):
        account.faults = [status] * 9
        with pytest.raises(SourceError) as caught:
            list(account.connector().hydrate("account", "oncall_shifts", ["PSECRET:2026-07-01"]))
        chain = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
        for planted in (TOKEN[-4:], "canary", "PSECRET"):
            assert planted not in chain


def test_a_missing_token_is_refused_before_anything_is_asked(account: Account) -> None:
    with pytest.raises(Refused, match="no token"):
        PagerDuty(PagerDutySettings(base_url=account.base_url), TODAY).scopes()
    assert account.asked == []


def test_an_address_where_nobody_answers_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="base_url"):
        next(connector("http://127.0.0.1:9").fetch("account", None))


def test_a_redirect_is_not_followed_with_the_token(account: Account) -> None:
    account.faults = [302]
    with pytest.raises(Unreachable, match="redirect"):
        next(account.connector().fetch("account", None))
    assert len(account.asked) == 1


def test_a_rate_limit_is_waited_for(account: Account) -> None:
    account.incident("Q1", "2026-09-01T00:00:00Z")
    account.faults = [429]
    assert set(incidents(account.connector().fetch("account", None))) == {"Q1"}
    assert account.asked[0] == account.asked[1]


def test_a_rate_limit_longer_than_allowed_ends_the_run_after_the_last_complete_batch(
    account: Account,
) -> None:
    account.reset_seconds = "61"
    batches = []
    with pytest.raises(RateLimited, match="wait_limit_seconds"):  # noqa: PT012  what came before matters
        for batch in account.connector(wait_limit_seconds=60).fetch("account", None):
            batches.append(batch)
            account.faults = [429]
    assert len(batches) == 1


def test_a_rate_limit_that_never_ends_ends_the_run(account: Account) -> None:
    account.faults = [429] * 50
    with pytest.raises(RateLimited):
        next(account.connector(wait_limit_seconds=1).fetch("account", None))


@pytest.mark.parametrize("fault", ["cut", "half", "html", 500, 503])
def test_an_answer_that_is_cut_or_broken_once_is_asked_for_again(account: Account, fault: Any) -> None:
    account.incident("Q1", "2026-09-01T00:00:00Z")
    account.faults = [fault]
    assert set(incidents(account.connector().fetch("account", None))) == {"Q1"}


@pytest.mark.parametrize("fault", ["cut", 500])
def test_an_answer_that_stays_broken_is_a_broken_payload(account: Account, fault: Any) -> None:
    account.faults = [fault] * 9
    with pytest.raises(PayloadBroken):
        next(account.connector().fetch("account", None))


def test_an_answer_that_would_fill_the_memory_is_not_read_to_its_end(account: Account) -> None:
    account.faults = ["endless"]
    with pytest.raises(PayloadBroken, match="larger than 64 MB"):
        next(account.connector().fetch("account", None))
    assert len(account.asked) == 1


def test_an_answer_of_another_shape_is_a_broken_payload_and_no_empty_page(account: Account) -> None:
    account.faults = ["other"] * 9
    with pytest.raises(PayloadBroken, match="list of incidents"):
        list(account.connector().fetch("account", None))


@pytest.mark.parametrize(
    "address",
    ["http://api.pagerduty.com", "ftp://x", "api.pagerduty.com", "https://u:p@x.example", "https://x?a=b"],
)
def test_an_address_that_would_show_the_token_is_no_setting(address: str) -> None:
    with pytest.raises(ValidationError):
        PagerDutySettings(base_url=address)


def test_settings_show_no_token() -> None:
    assert TOKEN not in repr(PagerDutySettings(token=SecretStr(TOKEN)))


def test_without_a_first_day_evidence_is_read_for_as_long_as_it_is_kept() -> None:
    assert PagerDuty(PagerDutySettings(), TODAY).since == date(2025, 4, 1)


# --- a loopback account -------------------------------------------------------------------------------


@dataclass
class Account:
    """What the loopback server holds, what it was asked, and how it is to fail next."""

    base_url: str = ""
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    schedules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    policies: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    reset_seconds: str = "0"
    lists_are_short: bool = False
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def connector(self, since: date = SINCE, wait_limit_seconds: int = 60) -> PagerDuty:
        return connector(self.base_url, since, wait_limit_seconds)

    def incident(self, incident_id: str, created_at: str, status: str = "resolved") -> None:
        resolved_at = created_at if status == "resolved" else None
        self.incidents[incident_id] = {
            "id": incident_id,
            "type": "incident",
            "created_at": created_at,
            "status": status,
            "resolved_at": resolved_at,
            "urgency": "high",
        }
        self.entry(incident_id, "trigger", created_at, None, "api")

    def entry(
        self, incident_id: str, kind: str, at: str, user: str | None, channel: str = "website", note: str = ""
    ) -> None:
        self.entries.append(
            {
                "id": f"L{len(self.entries)}",
                "type": f"{kind}_log_entry",
                "created_at": at,
                "agent": {"id": user or "PSVC", "type": "user_reference" if user else "service_reference"},
                "channel": {"type": channel, "summary": note},
                "incident": {"id": incident_id},
            }
        )

    def shift(self, schedule_id: str, start: str, end: str, user: str) -> None:
        self.schedules.setdefault(schedule_id, []).append({"start": start, "end": end, "user": {"id": user}})

    def answer(self, path: str, question: dict[str, list[str]]) -> dict[str, Any] | int:
        """The body for a question, or the status that refuses it."""
        if path in self.forbidden:
            return 403
        match re.split("/", path.strip("/")):
            case ["incidents"]:
                found = [one for one in self.incidents.values() if _within(one, question)]
                if statuses := question.get("statuses[]"):
                    found = [one for one in found if one["status"] in statuses]
                return self.page("incidents", found, question)
            case ["incidents", incident_id] if incident_id in self.incidents:
                return {"incident": self.incidents[incident_id]}
            case ["incidents", incident_id, "log_entries"] if incident_id in self.incidents:
                mine = [one for one in self.entries if one["incident"]["id"] == incident_id]
                return self.page("log_entries", mine, question)
            case ["log_entries"]:
                found = [one for one in self.entries if _within(one, question)]
                if question.get("include[]") == ["incidents"]:
                    found = [one | {"incident": self.incidents[one["incident"]["id"]]} for one in found]
                return self.page("log_entries", found, question)
            case ["schedules"]:
                return self.page("schedules", [self.schedule(name) for name in self.schedules], question)
            case ["schedules", name] if name in self.schedules:
                return {"schedule": self.schedule(name, in_full=True)}
            case ["escalation_policies"]:
                return self.page("escalation_policies", self.policies, question)
        return 404

    def schedule(self, name: str, in_full: bool = False) -> dict[str, Any]:
        final = {"final_schedule": {"rendered_schedule_entries": self.schedules[name]}}
        return {"id": name} | (final if in_full or not self.lists_are_short else {})

    def page(self, key: str, rows: list[Any], question: dict[str, list[str]]) -> dict[str, Any] | int:
        offset, limit = int(question.get("offset", ["0"])[0]), int(question.get("limit", ["25"])[0])
        if offset + limit > 10_000:
            return 400
        if key in ("incidents", "log_entries"):
            rows = sorted(rows, key=lambda one: one["created_at"], reverse=True)
        total: int | None = len(rows) if question.get("total") == ["true"] else None
        more = offset + limit < len(rows)
        return {key: rows[offset : offset + limit], "offset": offset, "more": more, "total": total}


def _within(row: dict[str, Any], question: dict[str, list[str]]) -> bool:
    if "since" not in question:
        return True
    return question["since"][0] <= row["created_at"] < question["until"][0]


@pytest.fixture
def account() -> Iterator[Account]:
    held = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            held.asked.append((parts.path, parse_qs(parts.query)))
            held.tokens.append(self.headers.get("Authorization", ""))
            fault = held.faults.pop(0) if held.faults else None
            found = held.answer(parts.path, parse_qs(parts.query)) if fault is None else fault
            status = found if isinstance(found, int) else 200
            body = b'{"error": "canary"}' if status != 200 else json.dumps(found).encode()
            match fault:
                case "html":
                    body = b"<html>canary</html>"
                case "half":
                    body = b'{"incidents": [{"id": "can'
                case "other":
                    body = b'{"items": []}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if fault != "endless":
                self.send_header("Content-Length", str(len(body) + (7 if fault == "cut" else 0)))
            self.send_header("Connection", "close")
            if status == 429:
                self.send_header("ratelimit-reset", held.reset_seconds)
            if status == 302:
                self.send_header("Location", f"{held.base_url}/elsewhere")
            self.end_headers()
            with suppress(OSError):
                while fault == "endless":
                    self.wfile.write(b" " * 2**20)
                self.wfile.write(body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    held.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    server.shutdown()
    server.server_close()


def connector(base_url: str, since: date = SINCE, wait_limit_seconds: int = 60) -> PagerDuty:
    settings = PagerDutySettings(
        base_url=base_url,
        since=since,
        token=SecretStr(TOKEN),
        wait_limit_seconds=wait_limit_seconds,
    )
    return PagerDuty(settings, TODAY)


def incidents(batches: Any) -> dict[str, Incident]:
    return {name: root for name, root in stored(batches).items() if isinstance(root, Incident)}


def shifts(batches: Any) -> dict[str, OnCallShift]:
    return {name: root for name, root in stored(batches).items() if isinstance(root, OnCallShift)}


def stored(batches: Any) -> dict[str, Any]:
    """The last record of each id: what a warehouse would hold."""
    found: dict[str, Any] = {}
    for batch in batches:
        for root in batch.roots:
            found[root.incident_id if isinstance(root, Incident) else root.shift_id] = root
    return dict(sorted(found.items()))


def kinds(batches: Any) -> dict[str, list[str]]:
    return {name: [action.kind for action in one.actions] for name, one in incidents(batches).items()}


def last_cursor(batches: Any) -> str | None:
    cursors: list[str | None] = [batch.cursor or None for batch in batches if isinstance(batch, Batch)]
    return next((cursor for cursor in reversed(cursors) if cursor), None)
