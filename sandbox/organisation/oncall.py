"""Rotas, pages and incidents of the organisation's PagerDuty."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sandbox.organisation.maker import Maker, soon_after
from sandbox.organisation.people import Person
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import FORMAT, later, some_moment
from sandbox.organisation.words import UPDATES, problem_title
from sandbox.pagerduty.model import (
    EscalationPolicy,
    Incident,
    LogEntry,
    PagerDuty,
    Responder,
    Schedule,
    Service,
    Shift,
    Team,
    User,
)

ZONES = ("Europe/Berlin", "America/New_York", "UTC")
COUNT = 18
"""Incidents a quarter."""


def pagerduty_account(places: Places) -> PagerDuty:
    """The account without any incident: a rota, a policy and a service for each team but the first."""
    account = PagerDuty()
    for person in {each.person.number: each.person for each in places.staff.memberships}.values():
        email = f"{person.login}@tidewater.example"
        account.users.append(User(person.pagerduty_id, person.name, email, ZONES[person.number % 3]))
    users = {user.id: user for user in account.users}
    for number, name in enumerate(places.staff.teams):
        members = {each.person.pagerduty_id for each in places.staff.memberships if each.team == name}
        team = Team(f"PT{number:05d}", name.title(), [users[each] for each in sorted(members)])
        account.teams.append(team)
        if number == 0 and len(places.staff.teams) > 1:
            continue  # the first team has no rota: its people have no opportunity
        schedule = Schedule(f"PS{number:05d}", f"{name} rota", ZONES[number % 3], team)
        policy = EscalationPolicy(f"PE{number:05d}", f"{name} escalation", schedule, team)
        account.schedules.append(schedule)
        account.policies.append(policy)
        account.services.append(Service(f"PV{number:05d}", f"{name} service", policy))
    return account


def paged_quarter(maker: Maker, places: Places, account: PagerDuty) -> None:
    """The rota of a quarter and the incidents in it."""
    for schedule in account.schedules:
        _rota(maker, places, account, schedule)
    for number in range(COUNT):
        rng = maker.rng("page", number)
        at = some_moment(rng, maker.quarter, number / COUNT, (number + 1) / COUNT)
        new_incident(maker, places, account, rng, at)


def pagerduty_until(account: PagerDuty, end: str) -> None:
    """Removes what happens at `end` or later. Schedules keep their future shifts."""
    account.incidents = [incident for incident in account.incidents if incident.created_at < end]
    for incident in account.incidents:
        incident.entries = [entry for entry in incident.entries if entry.created_at < end]
        incident.responders = [responder for responder in incident.responders if responder.requested_at < end]
        for responder in incident.responders:
            if responder.joined_at and responder.joined_at >= end:
                responder.joined_at = None
        if incident.status != "resolved":
            incident.merged_into = None
    account.incidents.sort(key=lambda incident: incident.created_at)


def user_of(account: PagerDuty, person: Person) -> User:
    return next(user for user in account.users if user.id == person.pagerduty_id)


def local(day: date, hour: int, zone: str) -> str:
    """This hour of the day in this time zone, in UTC: a handover moves with daylight saving."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC).strftime(FORMAT)


def _rota(maker: Maker, places: Places, account: PagerDuty, schedule: Schedule) -> None:
    """Weekly shifts from Monday to Monday at nine, local time, and some overrides."""
    team = schedule.team.name.lower()
    monday = maker.quarter.starts_on
    monday += timedelta(days=-monday.weekday() % 7)
    week = 0
    while monday < maker.quarter.ends_on:
        here = places.staff.on(monday, team)
        if here:
            # the whole-week place in the calendar decides, so every quarter goes on where the last ended
            person = here[(monday.toordinal() // 7) % len(here)]
            start = local(monday, 9, schedule.time_zone)
            end = local(monday + timedelta(days=7), 9, schedule.time_zone)
            schedule.shifts.append(Shift(start, end, user_of(account, person)))
            if week % 4 == 2 and len(here) > 1:
                stand_in = here[(monday.toordinal() // 7 + 1) % len(here)]
                out = monday + timedelta(days=2)
                schedule.overrides.append(
                    Shift(
                        local(out, 9, schedule.time_zone),
                        local(out + timedelta(days=1), 9, schedule.time_zone),
                        user_of(account, stand_in),
                    )
                )
        monday += timedelta(days=7)
        week += 1


def on_call(schedule: Schedule, at: str) -> User | None:
    """Who holds the schedule at this moment, overrides applied."""
    for shift in (*reversed(schedule.overrides), *schedule.shifts):
        if shift.start <= at < shift.end:
            return shift.user
    return None


def new_incident(
    maker: Maker, places: Places, account: PagerDuty, rng: Random, at: str, *, by_person: bool | None = None
) -> Incident:
    """An incident from its trigger to its resolution, by whoever is on call and some who help."""
    service = rng.choice(account.services)
    incident = blank_incident(maker, service, at, problem_title(rng), rng.choice(("P1", "P2", "P3", None)))
    account.incidents.append(incident)
    holder = on_call(service.policy.schedule, at) or service.policy.schedule.team.members[0]
    mates = [user_of(account, who) for who in places.staff.on(date.fromisoformat(at[:10]))]
    helper = rng.choice([user for user in mates if user is not holder])
    if by_person if by_person is not None else rng.random() < 0.3:
        enter(maker, incident, "trigger", at, helper, "web_ui")
    else:
        enter(maker, incident, "trigger", at, None, "api")
    enter(maker, incident, "assign", at, None, "auto", assignees=(holder,))
    enter(maker, incident, "notify", later(at, minutes=1), None, "auto", assignees=(holder,))
    seen_at = later(at, minutes=2 + rng.randrange(12))
    if rng.random() < 0.85:
        enter(maker, incident, "acknowledge", seen_at, holder, rng.choice(("mobile", "web_ui", "phone")))
    if rng.random() < 0.5:
        joined_at = later(seen_at, minutes=6) if rng.random() < 0.8 else None
        incident.responders.append(Responder(helper, holder, later(seen_at, minutes=2), joined_at))
    if rng.random() < 0.5:
        enter(
            maker,
            incident,
            "status_update",
            later(seen_at, minutes=15),
            helper,
            "web_ui",
            rng.choice(UPDATES),
        )
    if rng.random() < 0.4:
        enter(maker, incident, "annotate", later(seen_at, minutes=25), holder, "web_ui", rng.choice(UPDATES))
    resolved_at = soon_after(rng, later(seen_at, minutes=30), 2)
    by_hand = rng.random() < 0.7
    enter(
        maker, incident, "resolve", resolved_at, holder if by_hand else None, "web_ui" if by_hand else "auto"
    )
    return incident


def blank_incident(
    maker: Maker, service: Service, at: str, title: str, priority: str | None = None
) -> Incident:
    """An incident without a history."""
    _, number = maker.next_ids("Q")
    urgency = "low" if priority == "P3" else "high"
    return Incident(f"Q{number:011d}", number, title, at, service, urgency, priority)


def enter(
    maker: Maker,
    incident: Incident,
    what: str,
    at: str,
    agent: User | None,
    channel: str,
    note: str = "",
    *,
    assignees: tuple[User, ...] = (),
) -> LogEntry:
    """Add a line to the history of an incident."""
    _, number = maker.next_ids("R")
    entry = LogEntry(f"R{number:011d}", f"{what}_log_entry", at, agent, channel, note, assignees)
    incident.entries.append(entry)
    return entry
