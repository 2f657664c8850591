"""Traps in PagerDuty: merged incidents, machines that acknowledge, handovers, overrides, daylight saving."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox.organisation.maker import Maker
from sandbox.organisation.oncall import blank_incident, enter, local, on_call, user_of
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later, moment, some_moment
from sandbox.pagerduty.model import Incident, PagerDuty, Responder, Schedule, Shift, User


def incident_merged(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Two incidents of one cause: the second is merged into the first and thereby resolved."""
    rng, at = _start(maker, "merged")
    first, holder, other = _incident(maker, places, account, rng, at)
    second, _, _ = _incident(maker, places, account, rng, later(at, minutes=5))
    second.service = first.service
    enter(maker, first, "acknowledge", later(at, minutes=6), holder, "mobile")
    second.merged_into = first
    enter(maker, second, "resolve", later(at, minutes=9), other, "web_ui", "Merged")
    enter(maker, first, "resolve", later(at, minutes=80), holder, "web_ui")
    return [first.id, second.id]


def acknowledged_by_a_machine(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Acknowledged in somebody's name by an automation: no person did it."""
    rng, at = _start(maker, "automatic")
    incident, holder, _ = _incident(maker, places, account, rng, at)
    entry = enter(maker, incident, "acknowledge", later(at, minutes=1), holder, "auto")
    enter(maker, incident, "resolve", later(at, minutes=20), None, "timeout")
    return [incident.id, entry.id]


def handed_over_mid_incident(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Reassigned in the middle: both acknowledged, the second resolved."""
    rng, at = _start(maker, "handover")
    incident, holder, other = _incident(maker, places, account, rng, at)
    enter(maker, incident, "acknowledge", later(at, minutes=3), holder, "mobile")
    enter(maker, incident, "assign", later(at, minutes=50), holder, "web_ui", assignees=(other,))
    enter(maker, incident, "acknowledge", later(at, minutes=55), other, "web_ui")
    enter(maker, incident, "resolve", later(at, minutes=120), other, "web_ui")
    return [incident.id]


def acknowledgement_timed_out(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Acknowledged, forgotten, triggered again and escalated to somebody else."""
    rng, at = _start(maker, "timed out")
    incident, holder, other = _incident(maker, places, account, rng, at)
    enter(maker, incident, "acknowledge", later(at, minutes=3), holder, "mobile")
    enter(maker, incident, "unacknowledge", later(at, minutes=33), None, "timeout")
    enter(maker, incident, "escalate", later(at, minutes=40), None, "timeout", assignees=(other,))
    enter(maker, incident, "acknowledge", later(at, minutes=44), other, "phone")
    enter(maker, incident, "resolve", later(at, minutes=90), other, "web_ui")
    return [incident.id]


def override_on_the_rota(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Two overrides on top of each other: the later one holds."""
    schedule, monday = _schedule(account, 0), _monday(maker, 3)
    here = places.staff.on(monday, schedule.team.name.lower())
    start, end = (
        local(monday, 9, schedule.time_zone),
        local(monday + timedelta(days=2), 9, schedule.time_zone),
    )
    for person in (here[0], here[-1]):
        schedule.overrides.append(Shift(start, end, user_of(account, person)))
    return [schedule.id]


def leave_inside_a_shift(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Somebody is away for two days of their week: somebody else takes these two."""
    schedule, monday = _schedule(account, 1), _monday(maker, 5)
    here = places.staff.on(monday, schedule.team.name.lower())
    out = monday + timedelta(days=2)
    holder = on_call(schedule, local(out, 10, schedule.time_zone))
    stand_in = next(user for who in here if (user := user_of(account, who)) is not holder)
    start, end = local(out, 0, schedule.time_zone), local(out + timedelta(days=2), 0, schedule.time_zone)
    schedule.overrides.append(Shift(start, end, stand_in))
    return [schedule.id]


def daylight_saving_inside_a_shift(maker: Maker, places: Places, account: PagerDuty) -> list[str]:  # noqa: ARG001
    """Rotas in Berlin and New York hand over at nine local time, so one week has 167 or 169 hours."""
    zones = ("Europe/Berlin", "America/New_York")
    return [schedule.id for schedule in account.schedules if schedule.time_zone in zones]


def incident_in_the_last_second(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Triggered in the last second of the quarter, acknowledged in the next one."""
    rng = maker.rng("trap", "last second on call")
    at = moment(maker.quarter.ends_on - timedelta(days=1), 23, 59, 59)
    incident, holder, _ = _incident(maker, places, account, rng, at)
    enter(maker, incident, "acknowledge", moment(maker.quarter.ends_on, 0, 4), holder, "phone")
    enter(maker, incident, "resolve", moment(maker.quarter.ends_on, 1), holder, "web_ui")
    return [incident.id]


def asked_but_never_joined(maker: Maker, places: Places, account: PagerDuty) -> list[str]:
    """Asked as a responder and never joined: being asked is no contribution."""
    rng, at = _start(maker, "never joined")
    incident, holder, other = _incident(maker, places, account, rng, at)
    enter(maker, incident, "acknowledge", later(at, minutes=3), holder, "mobile")
    incident.responders.append(Responder(other, holder, later(at, minutes=5)))
    enter(maker, incident, "resolve", later(at, minutes=60), holder, "web_ui")
    return [incident.id]


def _start(maker: Maker, name: str) -> tuple[Random, str]:
    rng = maker.rng("trap", "on call", name)
    return rng, some_moment(rng, maker.quarter, 0.05, 0.35)


def _incident(
    maker: Maker, places: Places, account: PagerDuty, rng: Random, at: str
) -> tuple[Incident, User, User]:
    """A triggered incident, who is on call for it, and somebody else."""
    service = rng.choice(account.services)
    incident = blank_incident(maker, service, at, "Queue is not drained", "P2")
    account.incidents.append(incident)
    enter(maker, incident, "trigger", at, None, "api")
    here = [user_of(account, who) for who in places.staff.on(date.fromisoformat(at[:10]))]
    holder = on_call(service.policy.schedule, at) or here[0]
    other = next(user for user in here if user is not holder)
    return incident, holder, other


def _schedule(account: PagerDuty, place: int) -> Schedule:
    return account.schedules[place % len(account.schedules)]


def _monday(maker: Maker, week: int) -> date:
    first = maker.quarter.starts_on
    return first + timedelta(days=-first.weekday() % 7 + 7 * week)
