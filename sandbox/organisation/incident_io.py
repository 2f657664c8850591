"""The organisation's incident.io: incidents of a quarter, and some of their post-mortems as documents."""

from __future__ import annotations

from datetime import date

from sandbox.incident_io.model import (
    Acknowledgement,
    Escalation,
    FollowUp,
    Incident,
    IncidentIo,
    Postmortem,
    RoleChange,
    Update,
    User,
)
from sandbox.organisation.maker import Maker
from sandbox.organisation.people import Person
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later, some_moment
from sandbox.organisation.words import UPDATES, problem_title

COUNT = 9
"""Incidents a quarter."""
FOLDER = "postmortems"
"""Of the operations repository."""


def incident_io_quarter(maker: Maker, places: Places, held: IncidentIo) -> None:
    """Led, handed over, merged, declined, written down; with ids that depend on nothing else."""
    for place in range(COUNT):
        number = maker.quarter.ordinal * COUNT + place + 1
        rng = maker.rng("incident.io", place)
        at = some_moment(rng, maker.quarter, place / COUNT, (place + 1) / COUNT)
        here = places.staff.on(date.fromisoformat(at[:10]))
        people = [_user(held, who) for who in rng.sample(here, 3)]
        incident = Incident(f"01INC{number:021d}", number, problem_title(rng), at, people[0])
        held.incidents.append(incident)
        _happen(incident, people, at)
        match place:
            case 1:  # an alert declares it and a rule acknowledges it: nobody's
                incident.creator = None
                incident.acknowledgements.append(
                    Acknowledgement(f"{incident.id}K", later(at, minutes=1), None)
                )
            case 2:  # handed over in the middle
                lead = incident.roles[0].new
                change = RoleChange(
                    f"{incident.id}H", later(at, minutes=70), "Incident Lead", people[2], lead
                )
                incident.roles.append(change)
            case 3:  # turned out to be the one before
                into = held.incidents[-2]
                incident.updates.append(
                    Update(f"{incident.id}M", later(at, minutes=30), people[0], "merged", None, into)
                )
            case 4:  # turned out to be none
                incident.updates.append(
                    Update(f"{incident.id}D", later(at, minutes=20), people[0], "declined", "A false alarm.")
                )
            case 5:
                incident.mode = "test"
            case _:
                _learn(places, incident, people, later(at, hours=30), as_document=place == 8)


def incident_io_until(held: IncidentIo, places: Places, end: str) -> None:
    """Removes what happens at `end` or later."""
    documents = places.operations.documents
    for path in [path for path in documents if path.removeprefix(f"{FOLDER}/") >= end[:10]]:
        del documents[path]
    held.incidents = [one for one in held.incidents if one.created_at < end]
    for one in held.incidents:
        one.updates = [each for each in one.updates if each.created_at < end]
        one.roles = [each for each in one.roles if each.at < end]
        one.escalations = [each for each in one.escalations if each.at < end]
        one.acknowledgements = [each for each in one.acknowledgements if each.at < end]
        one.follow_ups = [each for each in one.follow_ups if each.created_at < end]
        one.postmortems = [each for each in one.postmortems if each.created_at < end]
        for item in one.follow_ups:
            if item.completed_at and item.completed_at >= end:
                item.status, item.completed_at = "outstanding", None


def _happen(incident: Incident, people: list[User], at: str) -> None:
    lead, scribe = people[1], people[2]
    incident.updates.append(Update(f"{incident.id}U0", at, incident.creator, "live"))
    incident.roles += [
        RoleChange(f"{incident.id}L", later(at, minutes=3), "Incident Lead", lead),
        RoleChange(f"{incident.id}S", later(at, minutes=5), "Scribe", scribe),
    ]
    incident.escalations.append(Escalation(f"{incident.id}E", later(at, minutes=1), [lead]))
    incident.acknowledgements.append(Acknowledgement(f"{incident.id}A", later(at, minutes=2), lead))
    incident.updates += [
        Update(
            f"{incident.id}U1", later(at, minutes=15), scribe, "live", UPDATES[incident.number % len(UPDATES)]
        ),
        Update(f"{incident.id}U2", later(at, minutes=90), lead, "learning", "It works again."),
    ]


def _learn(places: Places, incident: Incident, people: list[User], at: str, *, as_document: bool) -> None:
    done_at = later(at, hours=50)
    incident.follow_ups += [
        FollowUp(f"{incident.id}F1", at, people[1], "completed", done_at),
        FollowUp(f"{incident.id}F2", at, people[2]),
    ]
    if as_document:
        login_of = {each.person.incident_io_id: each.person.login for each in places.staff.memberships}
        fields = {
            "title": incident.name,
            "incident": incident.reference,
            "date": at[:10],
            "authors": f"[{login_of[people[1].id]}]",
            "reviewers": f"[{login_of[people[2].id]}]",
        }
        front = "".join(f"{name}: {value}\n" for name, value in fields.items())
        path = f"{FOLDER}/{at[:10]}-{incident.reference.lower()}.md"
        places.operations.documents[path] = f"---\n{front}---\n# What we learnt\n"
    else:
        incident.postmortems.append(Postmortem(f"{incident.id}P", at, [people[1]]))


def _user(held: IncidentIo, who: Person) -> User:
    known = next((user for user in held.users if user.id == who.incident_io_id), None)
    if known is None:
        known = User(who.incident_io_id, who.name, f"{who.login}@tidewater.example")
        held.users.append(known)
    return known
