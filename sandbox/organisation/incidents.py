"""Incidents that are kept as labelled issues in the operations repository, with fixes and follow-ups."""

from __future__ import annotations

from datetime import date

from sandbox.model import Account, Issue
from sandbox.organisation.maker import Maker, soon_after
from sandbox.organisation.places import Places, paths
from sandbox.organisation.quarters import later, some_moment
from sandbox.organisation.words import UPDATES, problem_title

COUNT = 12
SEVERITIES = ("sev1", "sev2", "sev2", "sev3", "sev3")


def keep_incidents_as_issues(maker: Maker, places: Places) -> None:
    """The incidents of a quarter: declared, assigned, updated, fixed, followed up, written up."""
    for number in range(COUNT):
        _incident(maker, places, number)


def _incident(maker: Maker, places: Places, number: int) -> Issue:
    rng = maker.rng("incident", number)
    opened_at = some_moment(rng, maker.quarter, number / COUNT, (number + 1) / COUNT)
    team = rng.choice(places.staff.teams)
    here = [
        places.account(who)
        for who in places.staff.on(date.fromisoformat(opened_at[:10]), team, managers=True)
    ]
    declarer, *responders = rng.sample(here, min(len(here), 3))
    incident = maker.issue(
        places.operations,
        declarer,
        opened_at,
        problem_title(rng),
        "Customers see errors. What changed in the last hour?",
        ("incident", rng.choice(SEVERITIES)),
    )
    at = opened_at
    for responder in responders:
        at = later(at, minutes=3 + rng.randrange(9))
        maker.assign(incident, responder, declarer, at)
    for text in rng.sample(UPDATES, 1 + rng.randrange(3)):
        at = later(at, minutes=10 + rng.randrange(40))
        maker.comment(incident, rng.choice(responders or [declarer]), at, text)
    fixer = (responders or [declarer])[0]
    closed_at = soon_after(rng, at, 3)
    if rng.random() < 0.6:
        closed_at = _fix(maker, places, incident, team, fixer, declarer, at)
    else:
        maker.close(incident, fixer, closed_at)
    if rng.random() < 0.5:
        _follow_up(maker, places, incident, rng.choice(here), fixer, closed_at, is_done=rng.random() < 0.7)
    if rng.random() < 0.4:
        _write_up(maker, places, incident, fixer, declarer, closed_at)
    return incident


def _fix(
    maker: Maker, places: Places, incident: Issue, team: str, fixer: Account, reviewer: Account, at: str
) -> str:
    """A pull request that closes the incident from another repository; the moment of the merge."""
    rng = maker.rng("fix", incident.id)
    files = paths(rng, "fix", team, with_tests=rng.random() < 0.5)
    title = f"Fix: {incident.title[0].lower()}{incident.title[1:]}"
    pull = maker.pull_request(places.home_repository(team), fixer, later(at, minutes=20), title, files=files)
    maker.commit(pull, [fixer], later(at, minutes=15), title)
    maker.refer(pull, incident, later(at, minutes=20), closes=True)
    maker.review(pull, reviewer, "APPROVED", later(at, minutes=30))
    maker.merge(pull, fixer, later(at, minutes=40))
    return later(at, minutes=40)


def _follow_up(
    maker: Maker, places: Places, incident: Issue, who: Account, by: Account, at: str, *, is_done: bool
) -> None:
    opened_at = later(at, hours=20)
    labels = ("follow-up",)
    issue = maker.issue(
        places.operations, by, opened_at, f"After the incident: {incident.title}", labels=labels
    )
    maker.refer(issue, incident, opened_at)
    maker.assign(issue, who, by, later(opened_at, minutes=1))
    if is_done:
        maker.close(issue, who, later(opened_at, days=6))


def _write_up(
    maker: Maker, places: Places, incident: Issue, author: Account, reviewer: Account, at: str
) -> None:
    opened_at = later(at, days=2)
    title = f"Post-mortem: {incident.title}"
    issue = maker.issue(
        places.operations, author, opened_at, title, "What went well, what did not.", ("postmortem",)
    )
    maker.refer(issue, incident, opened_at)
    maker.comment(
        issue, reviewer, later(opened_at, hours=5), "Could we say when the alert should have fired?"
    )
    maker.close(issue, author, later(opened_at, days=3))
