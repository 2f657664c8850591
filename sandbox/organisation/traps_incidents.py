"""Traps in incidents that are kept as issues: duplicates, handovers, reopening, work that closes nothing."""

from __future__ import annotations

from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later
from sandbox.organisation.scene import scene


def incident_marked_as_duplicate(maker: Maker, places: Places) -> list[str]:
    """Declared twice within minutes; the second is closed as a duplicate of the first."""
    now = scene(maker, places, "duplicate incident")
    labels = ("incident", "sev2")
    first = maker.issue(places.operations, now.author, now.at, "Search answers slowly", labels=labels)
    second = maker.issue(
        places.operations, now.other, later(now.at, minutes=4), "Search is slow?", labels=labels
    )
    at = later(now.at, minutes=12)
    maker.event(second, "MarkedAsDuplicateEvent", now.reviewer, at, canonical=first, duplicate=second)
    maker.close(second, now.reviewer, at, "DUPLICATE")
    maker.close(first, now.author, later(now.at, hours=2))
    return [first.id, second.id]


def role_handed_over(maker: Maker, places: Places) -> list[str]:
    """One responder is relieved by another in the middle: both held the role."""
    now = scene(maker, places, "handover")
    incident = maker.issue(
        places.operations, now.author, now.at, "Imports stand still", labels=("incident", "sev1")
    )
    maker.assign(incident, now.reviewer, now.author, later(now.at, minutes=2))
    maker.comment(incident, now.reviewer, later(now.at, minutes=40), "Handing over, I have to leave.")
    maker.unassign(incident, now.reviewer, now.reviewer, later(now.at, minutes=41))
    maker.assign(incident, now.other, now.reviewer, later(now.at, minutes=41))
    maker.close(incident, now.other, later(now.at, hours=5))
    return [incident.id]


def incident_reopened(maker: Maker, places: Places) -> list[str]:
    """Closed too early, reopened and closed again by somebody else."""
    now = scene(maker, places, "reopened")
    incident = maker.issue(
        places.operations, now.author, now.at, "Exports are empty", labels=("incident", "sev3")
    )
    maker.close(incident, now.author, later(now.at, hours=1))
    maker.event(incident, "ReopenedEvent", now.other, later(now.at, hours=2))
    maker.close(incident, now.other, later(now.at, hours=6))
    return [incident.id]


def comment_after_the_incident(maker: Maker, places: Places) -> list[str]:
    """A remark months after the incident is over is no update during it."""
    now = scene(maker, places, "late comment")
    incident = maker.issue(
        places.operations, now.author, now.at, "Tokens expire early", labels=("incident", "sev2")
    )
    maker.close(incident, now.author, later(now.at, hours=3))
    comment = maker.comment(incident, now.other, later(now.at, days=70), "Was this ever written up?")
    return [incident.id, comment.id]


def fix_linked_by_hand(maker: Maker, places: Places) -> list[str]:
    """A merged fix that was linked with a click, without a keyword in any text."""
    now = scene(maker, places, "linked fix")
    incident = maker.issue(
        places.operations, now.author, now.at, "Totals are doubled", labels=("incident", "sev2")
    )
    fix = now.merged("Count each partition once")
    at = later(now.at, hours=3.2)
    details = {"subject": fix, "source": incident, "is_cross_repository": True}
    maker.event(incident, "ConnectedEvent", now.author, at, **details)
    maker.close(incident, now.author, later(now.at, hours=4))
    return [incident.id, fix.id]


def regression_reported(maker: Maker, places: Places) -> list[str]:
    """A regression reported as an ordinary issue, which becomes an incident hours later."""
    now = scene(maker, places, "regression")
    issue = maker.issue(places.operations, now.author, now.at, "Slower since Monday", labels=("regression",))
    maker.label(issue, "incident", now.other, later(now.at, hours=4))
    maker.label(issue, "sev3", now.other, later(now.at, hours=4))
    maker.close(issue, now.other, later(now.at, days=2))
    return [issue.id]
