"""incident.io is read whole, then by what changed; every trouble has its own error, without a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.errors import PayloadBroken, Refused, Unreachable
from connectors.incident_io.connector import IncidentIo
from connectors.incident_io.payloads import Around, IncidentPayload, incident
from connectors.incident_io.settings import IncidentIoSettings
from connectors.records import Counted, Gap, Incident, OnCallShift
from sandbox.app import Holding
from sandbox.incident_io.model import FollowUp, Postmortem, Schedule, Shift, Update, User
from sandbox.incident_io.model import Incident as Told
from sandbox.server import Running, running
from sandbox.world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = date(2026, 1, 1)
KEY = "sandbox-incident-io"
ADA = User("01ADA", "Canary Ada", "canary@tidewater.example")


@pytest.fixture
def server() -> Iterator[Running]:
    with running(Holding(World())) as found:
        yield found


def test_many_pages_are_all_read_and_cost_two_questions_an_incident(server: Running) -> None:
    for number in range(1, 301):
        told(server, number)
    connector = connected(server)
    assert len(read(connector)) == 300
    # 2 pages of incidents and 2 of their updates, none of follow-ups and post-mortems
    assert connector.spent()[0] == 2 * 300 + 2 + 2 + 1 + 1 + 1


def test_counting_after_a_first_run_costs_nothing(server: Running) -> None:
    told(server, 1)
    connector = connected(server)
    read(connector)
    before = connector.spent()
    assert connector.tally("organisation") is None
    assert [item.object_id for item in connector.inventory("organisation")] == ["01INC1"]
    assert connector.spent() == before


def test_a_quiet_night_asks_five_questions(server: Running) -> None:
    told(server, 1)
    cursor = last_cursor(connected(server))
    connector = connected(server)
    assert read(connector, cursor) == {}
    assert connector.tally("organisation") == [
        Counted("incidents", date(1970, 1, 1), date(2026, 11, 23), 1),
        Counted("oncall_shifts", date(2026, 1, 1), date(2026, 10, 1), None),
    ]
    assert connector.spent() == (5, 0)


def test_an_old_incident_with_a_new_update_follow_up_or_postmortem_is_read_again(server: Running) -> None:
    quiet, updated, followed, written = (told(server, number) for number in range(1, 5))
    cursor = last_cursor(connected(server))
    now = "2026-11-22T11:30:00Z"
    updated.updates.append(Update("N1", now, ADA, "live", "we look again"))
    followed.follow_ups.append(FollowUp("N2", "2026-03-01T11:00:00Z", ADA, "completed", now))
    written.postmortems.append(Postmortem("N3", "2026-03-01T11:00:00Z", [ADA], now))
    found = read(connected(server), cursor)
    assert {name: [action.kind for action in one.actions] for name, one in found.items()} == {
        updated.id: ["declared", "updated"],
        followed.id: ["declared", "followup_assigned", "followup_completed"],
        written.id: ["declared", "postmortem"],
    }
    assert quiet.id not in found


def test_an_incident_older_than_the_first_day_stays_out_even_when_touched(server: Running) -> None:
    ancient = told(server, 1, "2025-12-31T23:59:59Z")
    cursor = last_cursor(connected(server))
    ancient.follow_ups.append(FollowUp("N1", "2026-11-22T11:30:00Z", ADA))
    assert read(connected(server), cursor) == {}


def test_an_earlier_first_day_makes_the_next_run_start_over(server: Running) -> None:
    told(server, 1, "2025-10-01T00:00:00Z")
    cursor = last_cursor(connected(server))
    assert set(read(connected(server, since=date(2025, 10, 1)), cursor)) == {"01INC1"}


def test_hydrated_incidents_are_complete_and_the_lost_ones_gone(server: Running) -> None:
    told(server, 1)
    declined = told(server, 2)
    declined.updates.append(Update("N1", "2026-03-02T00:00:00Z", ADA, "declined"))
    (batch,) = connected(server).hydrate("organisation", "incidents", ["01INC1", "01INC2", "01LOST"])
    assert [root.incident_id for root in batch.roots if isinstance(root, Incident)] == ["01INC1"]
    assert batch.gone == ("01INC2", "01LOST")


def test_an_incident_that_was_entered_afterwards_has_the_day_it_tells_of(server: Running) -> None:
    told(server, 1).mode = "retrospective"
    server.holding.incident_io.incidents[0].impact_started_at = "2026-01-15T23:00:00Z"
    (found,) = read(connected(server)).values()
    assert found.opened_on == date(2026, 1, 15)


def test_no_text_name_or_clock_of_a_payload_is_in_its_record(server: Running) -> None:
    one = told(server, 1)
    one.updates.append(Update("N1", "2026-03-01T10:30:00Z", ADA, "closed", "canary in words"))
    kept = repr(read(connected(server)))
    for planted in ("canary", "Canary", "tidewater", "10:30", "Queue", "T10"):
        assert planted not in kept


@pytest.mark.parametrize("address", ["http://app.incident.io/1", "javascript:alert(1)", "https://a b", None])
def test_only_a_plain_https_address_is_kept(address: str | None) -> None:
    assert incident(payload(permalink=address), Around()).url is None


def test_a_reference_that_is_none_is_not_kept() -> None:
    assert incident(payload(reference="INC-7"), Around()).reference == "INC-7"
    assert incident(payload(reference="Ada's incident"), Around()).reference is None


def test_a_wrong_key_is_refused_and_not_shown(server: Running) -> None:
    with pytest.raises(Refused) as caught:
        read(connected(server, token="canary-key"))
    assert "canary" not in str(caught.value)
    assert "401" in str(caught.value)


def test_without_a_key_nothing_is_asked(server: Running) -> None:
    with pytest.raises(Refused, match="no key"):
        connected(server, token="").scopes()


def test_an_address_where_nobody_answers_is_unreachable() -> None:
    settings = IncidentIoSettings(base_url="http://127.0.0.1:9", token=SecretStr("x"))
    with pytest.raises(Unreachable, match="base_url"):
        list(IncidentIo(settings, NOW).fetch("organisation", None))


@pytest.mark.parametrize("fault", ["truncated_body", "server_error", "too_many_429"])
def test_a_trouble_that_passes_is_asked_through(server: Running, fault: str) -> None:
    told(server, 1)
    server.post("/_sandbox/faults", {"name": fault, "count": 1, "where": "incident_io", "seconds": 0})
    assert set(read(connected(server))) == {"01INC1"}


def test_a_payload_of_another_shape_says_where_and_quotes_nothing(server: Running) -> None:
    told(server, 1).created_at = "canary"
    with pytest.raises(PayloadBroken) as caught:
        read(connected(server))
    assert str(caught.value) == "incident_io: incidents: created_at is not as described; the API changed"


def test_what_paged_for_it_and_the_issue_kept_for_it_are_the_same_incident(server: Running) -> None:
    one, other = told(server, 1), told(server, 2)
    one.pagerduty_ids.append("Q3YON8WNWTZMRQ")
    one.issue_address = "https://github.com/acme/operations/issues/12"
    other.issue_address = "https://github.com/acme/operations/pull/12"
    found = read(connected(server))
    assert found["01INC1"].same_as == ("Q3YON8WNWTZMRQ", "acme/operations#12")
    assert found["01INC2"].same_as == ()


def test_an_issue_of_another_tracker_is_no_incident_of_github() -> None:
    issue = {"provider": "linear", "issue_permalink": "https://github.com/acme/operations/issues/12"}
    assert incident(payload(external_issue_reference=issue), Around()).same_as == ()


# --- on call --------------------------------------------------------------------------------------------


def test_more_shifts_than_fit_a_page_are_all_read_each_once(server: Running) -> None:
    days = [date(2026, 1, 1) + timedelta(days=nth) for nth in range(200)]
    on_call(server, *((f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z") for day in days))
    assert sorted(shifts(connected(server))) == [f"01ROTA:{day}" for day in days]


def test_an_override_entered_afterwards_is_followed_by_the_next_night(server: Running) -> None:
    rota = on_call(server, ("2026-11-16T09:00:00Z", "2026-11-18T09:00:00Z"))
    cursor = last_cursor(connected(server))
    bob = User("01USERBOB000000000000000000", "Bob", "bob@tidewater.example")
    rota.overrides.append(Shift("2026-11-17T00:00:00Z", "2026-11-18T09:00:00Z", bob))
    found = shifts(connected(server), cursor)
    assert {key: one.account.account_id for key, one in found.items()} == {
        "01ROTA:2026-11-16": ADA.id,
        "01ROTA:2026-11-17": bob.id,
    }


def test_a_cursor_of_the_days_before_shifts_were_read_reads_them_all(server: Running) -> None:
    on_call(server, ("2026-02-02T09:00:00Z", "2026-02-09T09:00:00Z"))
    cursor = json.dumps({"since": SINCE.isoformat(), "read_until": NOW.isoformat()})
    assert list(shifts(connected(server), cursor)) == ["01ROTA:2026-02-02"]


def test_a_key_that_may_not_read_schedules_leaves_shifts_open_and_nothing_else(server: Running) -> None:
    told(server, 1)
    connector = connected(server, token=f"{KEY}-without-schedules")
    batches = list(connector.fetch("organisation", None))
    assert [root.incident_id for one in batches for root in one.roots if isinstance(root, Incident)] == [
        "01INC1"
    ]
    assert [gap for one in batches for gap in one.gaps] == [
        Gap("oncall_shifts", SINCE, date(2026, 11, 23), "forbidden")
    ]
    (listed, gap) = connector.inventory("organisation")
    assert (listed.kind, gap) == ("incidents", Gap("oncall_shifts", SINCE, date(2026, 11, 23), "forbidden"))


def test_on_call_that_is_kept_elsewhere_is_not_asked_for(server: Running) -> None:
    on_call(server, ("2026-11-16T09:00:00Z", "2026-11-18T09:00:00Z"))
    connector = connected(server, schedules=False)
    assert "oncall_shifts" not in connector.yields
    assert shifts(connector) == {}
    assert [one.kind for one in connector.inventory("organisation")] == []


def test_hydrated_shifts_are_as_they_are_now(server: Running) -> None:
    on_call(server, ("2026-11-16T09:00:00Z", "2026-11-18T09:00:00Z"))
    lost = "01ROTA:2026-11-09"
    (batch,) = connected(server).hydrate("organisation", "oncall_shifts", ["01ROTA:2026-11-16", lost])
    assert [root.shift_id for root in batch.roots if isinstance(root, OnCallShift)] == ["01ROTA:2026-11-16"]
    assert batch.gone == (lost,)


def test_an_address_that_would_show_the_key_is_no_setting() -> None:
    with pytest.raises(ValidationError):
        IncidentIoSettings(base_url="http://api.incident.io")


# --- builders -------------------------------------------------------------------------------------------


def told(server: Running, number: int, at: str = "2026-03-01T10:00:00Z") -> Told:
    created = datetime.fromisoformat(at) + timedelta(seconds=number if number > 1 else 0)
    found = Told(f"01INC{number}", number, "Queue is not drained", f"{created:%Y-%m-%dT%H:%M:%SZ}", ADA)
    found.updates.append(Update(f"01UPD{number}", found.created_at, ADA, "live"))
    server.holding.incident_io.incidents.append(found)
    return found


def connected(
    server: Running, since: date = SINCE, token: str = KEY, *, schedules: bool = True
) -> IncidentIo:
    settings = IncidentIoSettings(
        base_url=f"{server.base}/incident-io",
        since=since,
        token=SecretStr(token),
        schedules=schedules,
        wait_limit_seconds=5,
    )
    return IncidentIo(settings, NOW)


def on_call(server: Running, *spans: tuple[str, str]) -> Schedule:
    rota = Schedule("01ROTA", "first line", [Shift(start, end, ADA) for start, end in spans])
    server.holding.incident_io.schedules.append(rota)
    return rota


def shifts(connector: IncidentIo, cursor: str | None = None) -> dict[str, OnCallShift]:
    batches = list(connector.fetch("organisation", cursor))
    return {root.shift_id: root for one in batches for root in one.roots if isinstance(root, OnCallShift)}


def read(connector: IncidentIo, cursor: str | None = None) -> dict[str, Incident]:
    batches = list(connector.fetch("organisation", cursor))
    return {root.incident_id: root for batch in batches for root in batch.roots if isinstance(root, Incident)}


def last_cursor(connector: IncidentIo) -> str:
    return list(connector.fetch("organisation", None))[-1].cursor


def payload(**changes: Any) -> IncidentPayload:
    plain: dict[str, Any] = {
        "id": "01INC1",
        "reference": "INC-1",
        "created_at": "2026-03-01T10:00:00Z",
        "creator": {"alert": {"id": "01ALERT", "title": "canary"}},
        "incident_status": {"category": "live"},
    }
    return IncidentPayload.model_validate(plain | changes)
