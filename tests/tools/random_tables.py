# ruff: noqa: ARG005 -- each column's rule is handed chance and a number, and most need one of them
"""Random stored rows, anything missing, doubled or dangling among them, and what signals find in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from random import Random
from types import SimpleNamespace
from typing import Any

from signals.catalog import load_catalog
from signals.queries import empty_warehouse
from signals.run import compute, wrong_rows

CATALOG = load_catalog()


class World:
    """The stored rows, and what several claims need to know of them."""

    def __init__(self, tables: dict[str, list[SimpleNamespace]]) -> None:
        self.tables = tables
        self._members: dict[date, set[tuple[str, str]]] = {}

    def __getattr__(self, table: str) -> list[SimpleNamespace]:
        return self.tables[table]

    @cached_property
    def humans(self) -> set[str]:
        return {each.person_id for each in self.persons if not each.is_bot}

    def members(self, day: date) -> set[tuple[str, str]]:
        """Everybody, robots apart, with each team that they are in on this day."""
        if day not in self._members:
            self._members[day] = {
                (row.person_id, row.team)
                for row in self.memberships
                if row.person_id in self.humans
                and row.starts_on <= day
                and (row.ends_on is None or day < row.ends_on)
            }
        return self._members[day]

    @cached_property
    def pulls(self) -> dict[str, SimpleNamespace]:
        return {each.pull_request_id: each for each in self.pull_requests}

    @cached_property
    def stored_incidents(self) -> dict[str, SimpleNamespace]:
        return {each.incident_id: each for each in self.incidents}

    @cached_property
    def issues_by_id(self) -> dict[str, SimpleNamespace]:
        return {each.issue_id: each for each in self.issues}

    def is_of_another_human(self, person: str | None, author: str | None) -> bool:
        return person in self.humans and author in self.humans and person != author

    @cached_property
    def ties(self) -> set[tuple[str, str]]:
        """Each incident that is a part of another, with it: merged into it, or named by another tool's."""
        found = {(k, i.merged_into) for k, i in self.stored_incidents.items()}
        for key, event in self.stored_incidents.items():
            named = {each.lower() for each in event.same_as or ()}
            for part_key, part in self.stored_incidents.items():
                called = {part_key.lower(), (part.reference or part_key).lower()}
                if part.source != event.source and called & named:
                    found.add((part_key, key))
        return {(part, event) for part, event in found if event in self.stored_incidents}

    def surviving(self, incident: str) -> str:
        """What this incident is in the end: of all tied to it, the first that is no part of another."""
        one = {incident}
        while grown := {end for tie in self.ties if one & {*tie} for end in tie} - one:
            one |= grown
        parts = {part for part, _ in self.ties}
        return min(one - parts or one)

    def openings(self) -> Iterator[SimpleNamespace]:
        """The first comment of each thread, on a pull request of another human."""
        ordered = sorted(self.review_comments, key=lambda c: (c.thread_id, c.position, c.comment_id))
        for _, comments in groupby(ordered, key=lambda c: c.thread_id):
            first = next(comments)
            pull = self.pulls.get(first.pull_request_id)
            if pull and self.is_of_another_human(first.author_id, pull.author_id):
                yield first

    def others_reviews(self) -> Iterator[tuple[SimpleNamespace, SimpleNamespace]]:
        for review in self.reviews:
            pull = self.pulls.get(review.pull_request_id)
            if pull and self.is_of_another_human(review.reviewer_id, pull.author_id):
                yield review, pull

    def said_on(self, comment: SimpleNamespace) -> date:
        """A comment of a review is said when that is submitted."""
        return next(
            (r.submitted_on for r in self.reviews if r.review_id == comment.review_id), comment.created_on
        )

    def first_opened_on(self, key: str) -> date:
        """When the first of all incidents that are one with this one was opened."""
        one = self.surviving(key)
        return min(i.opened_on for k, i in self.stored_incidents.items() if self.surviving(k) == one)

    def fixes(self) -> Iterator[tuple[str, SimpleNamespace]]:
        """Each incident with a merged change that either side links to it, and that is no older."""
        names = {r.repository_id: r.name.lower() for r in self.repositories}
        for key, incident in self.stored_incidents.items():
            for pull in self.pull_requests:
                named_there = any(
                    f.incident_id == key
                    and f.repository_name.lower() == names.get(pull.repository_id)
                    and f.number == pull.number
                    for f in self.incident_fixes
                )
                named_here = any(
                    r.pull_request_id == pull.pull_request_id
                    and (r.reference == key or is_called(incident, r.reference))
                    for r in self.incident_references
                )
                is_late_enough = pull.state == "merged" and pull.merged_on >= self.first_opened_on(key)
                if (named_there or named_here) and is_late_enough:
                    yield key, pull


def is_called(incident: SimpleNamespace, reference: str) -> bool:
    return incident.reference is not None and incident.reference.lower() == reference.lower()


def computed(random: Random, signals: Iterable[str]) -> tuple[World, dict[str, set[tuple[Any, ...]]]]:
    """Random tables, and the rows that each of these signals' own SQL finds in them."""
    with _stored(random) as world:
        return world, {name: set(compute(_CON, CATALOG[name])) for name in signals}


def without_part(random: Random, signals: Iterable[str]) -> dict[str, int]:
    """How many rows of each signal name somebody who took no part in their object, where any do."""
    with _stored(random):
        return {name: wrong for name in signals if (wrong := wrong_rows(_CON, CATALOG[name]))}


@contextmanager
def _stored(random: Random) -> Iterator[World]:
    tables = {table: any_rows(table, random) for table in SHAPES}
    _relate(World(tables), random)
    _CON.execute("begin")
    try:
        for table, rows in tables.items():
            columns = [name for name, _ in COLUMNS[table]]
            marks = f"({', '.join('?' * len(columns))})"
            values = [getattr(row, name) for row in rows for name in columns]
            if rows:
                _CON.execute(f"insert into {table} values {', '.join([marks] * len(rows))}", values)
        yield World(tables)
    finally:
        _CON.execute("rollback")


_CON = empty_warehouse()
PEOPLE = [f"p{n}" for n in range(6)] + ["robot"]
KINDS = ["question", "regression", "proposal", "bug"]
PULLS = 20
SERVICES = ["api", "web"]
PULL_KINDS = ["merged", "review_requested", "review_request_removed", "ready_for_review", "queued_to_merge"]
ACTS = [
    "declared",
    "acknowledged",
    "responded",
    "role",
    "updated",
    "fixed",
    "followup_completed",
    "postmortem",
]

# How many rows, and the columns that need more than their type says. A key is numbered, so that it is unique.
Shape = tuple[int, dict[str, Callable[[Random, int], Any]]]
SHAPES: dict[str, Shape] = {
    "persons": (7, {"person_id": lambda r, n: PEOPLE[n], "is_bot": lambda r, n: PEOPLE[n] == "robot"}),
    "repositories": (2, {"repository_id": lambda r, n: f"R{n}", "name": lambda r, n: f"Acme/r{n}"}),
    "memberships": (
        12,
        {
            "person_id": lambda r, n: "robot" if n in (8, 9) else f"p{n % 6}",
            "team": lambda r, n: r.choice(["core", "edge"]),
        },
    ),
    "pull_requests": (
        PULLS,
        {
            "pull_request_id": lambda r, n: f"P{n}",
            "number": lambda r, n: n % 8,
            "author_id": lambda r, n: r.choice([*[f"p{n % 6}"] * 4, r.choice(PEOPLE), "robot", None]),
            "state": lambda r, n: r.choice(["merged"] * 4 + ["open"]),
            "size_band": lambda r, n: r.choice(["small", "medium", "large", "unknown"]),
            "checks_at_review": lambda r, n: r.choice(["passed", "passed", "failed"]),
            "merge_commit_id": lambda r, n: r.choice([None, f"abcdef{n % 4}12"]),
            "is_on_default_branch": lambda r, n: r.random() < 0.8,
            **dict.fromkeys(["is_generated_only", "is_backport", "is_revert"], lambda r, n: r.random() < 0.2),
        },
    ),
    "closing_references": (10, {}),
    "incident_references": (6, {"reference": lambda r, n: r.choice(["N1", "N2", "SEV-3", "SEV-4", "-"])}),
    "commits": (
        28,
        {
            "commit_id": lambda r, n: f"abcdef{n % 5}34{n}",
            "pull_request_id": lambda r, n: f"P{n % PULLS}",
            "position": lambda r, n: 4 + n // 2,  # no two of one pull request share a place
        },
    ),
    "commit_authors": (
        44,
        {
            "commit_id": lambda r, n: f"abcdef{n % 28 % 5}34{n % 28}",
            "pull_request_id": lambda r, n: f"P{n % 28 % PULLS}",
            "person_id": lambda r, n: r.choice([f"p{n % 28 % PULLS % 6}", r.choice(PEOPLE)]),
        },
    ),
    "reviews": (80, {"review_id": lambda r, n: f"r{n}", "state": lambda r, n: r.choice(REVIEWS)}),
    "review_threads": (28, {"thread_id": lambda r, n: f"t{n}"}),
    "review_comments": (
        44,
        {
            "comment_id": lambda r, n: f"c{n}",
            "thread_id": lambda r, n: f"t{n % 29}",
            "review_id": lambda r, n: r.choice([None, f"r{r.randrange(46)}"]),
        },
    ),
    "pull_request_events": (
        72,
        {
            "event_id": lambda r, n: f"e{n}",
            "kind": lambda r, n: r.choice(PULL_KINDS),
            "reviewer_id": lambda r, n: r.choice([*PEOPLE, None]),
        },
    ),
    "pull_request_files": (36, {"file_id": lambda r, n: f"F{r.randrange(4)}"}),
    "reverted_changes": (
        8,
        {
            "number": lambda r, n: r.choice([None, r.randrange(8)]),
            "commit_id": lambda r, n: r.choice([None, "abcdef", f"abcdef{n % 4}", f"abcdef{n % 4}12"]),
        },
    ),
    "issues": (
        10,
        {
            "issue_id": lambda r, n: "N1" if n == 9 else f"I{n}",
            "state": lambda r, n: r.choice(["closed", "closed", "open"]),
            "closed_as": lambda r, n: r.choice([None, "completed", "not_planned", "duplicate"]),
            "closed_on": lambda r, n: r.choice([None, a_day(r), a_day(r)]),
            "kinds": lambda r, n: r.sample(KINDS, r.randrange(3)),
        },
    ),
    "issue_events": (16, {"kind": lambda r, n: r.choice(["closed", "closed", "labeled", "assigned", "-"])}),
    "issue_assignees": (8, {}),
    "comments": (40, {"parent_kind": lambda r, n: "issue", "parent_id": lambda r, n: f"I{r.randrange(10)}"}),
    "discussions": (8, {"discussion_id": lambda r, n: f"D{n}", "answered_on": lambda r, n: a_day(r)}),
    "incidents": (
        7,
        {
            "incident_id": lambda r, n: f"N{n}",
            "source": lambda r, n: ["pagerduty", "incident_io"][n % 2],
            "merged_into": lambda r, n: r.choice([None, None, f"N{r.randrange(9)}"]),
            "same_as": lambda r, n: r.choice([None, [], [f"N{r.randrange(8)}", f"sev-{r.randrange(8)}"]]),
            "reference": lambda r, n: r.choice([None, f"SEV-{n}"]),
            "service_id": lambda r, n: r.choice([None, None, *SERVICES]),
            "resolved_on": lambda r, n: r.choice([None, a_day(r)]),
        },
    ),
    "incident_actions": (30, {"incident_id": lambda r, n: f"N{n % 8}", "kind": lambda r, n: r.choice(ACTS)}),
    "incident_fixes": (
        6,
        {"incident_id": lambda r, n: f"N{n}", "repository_name": lambda r, n: f"acme/R{r.randrange(2)}",
         "number": lambda r, n: r.randrange(8)},
    ),
    "oncall_shifts": (
        9,
        {
            "shift_id": lambda r, n: f"s{n}",
            # The same schedule id at two sources: whoever takes over on one of them does not on the other.
            "source": lambda r, n: r.choice(["pagerduty", "incident_io"]),
            "schedule_id": lambda r, n: r.choice(["one", "two"]),
        },
    ),
    "oncall_services": (
        14,
        {"shift_id": lambda r, n: f"s{n}", "service_id": lambda r, n: r.choice(SERVICES)},
    ),
    "incident_pages": (12, {"incident_id": lambda r, n: f"N{r.randrange(8)}"}),
    "interviews": (8, {"held_on": lambda r, n: date(2026, 8, n + 1), "scorecard_on": lambda r, n: r.choice(
        [None, date(2026, 8, n + 1 + r.randrange(-1, 4) if n else 1)])}),
    "postmortem_documents": (
        4,
        {
            "postmortem_id": lambda r, n: f"M{n}",
            "reference": lambda r, n: f"{r.choice(['SEV', 'sev'])}-{n + 1}",
        },
    ),
    "postmortem_authors": (6, {"postmortem_id": lambda r, n: f"M{n % 5}"}),
}  # fmt: skip
REVIEWS = ["approved", "changes_requested", "commented", "dismissed"]
COLUMNS = {
    table: [(str(row[0]), str(row[1])) for row in _CON.execute(f"describe {table}").fetchall()]
    for table in SHAPES
}


def any_rows(table: str, random: Random) -> list[SimpleNamespace]:
    size, special = SHAPES[table]
    rows = []
    for number in range(size):
        row = SimpleNamespace()
        for name, kind in COLUMNS[table]:
            setattr(
                row,
                name,
                special[name](random, number) if name in special else any_value(name, kind, random, number),
            )
        if table == "pull_requests":
            row.merged_on = a_day(random) if row.state == "merged" else None
        if table == "reviews" and rows and random.random() < 0.4:  # looks at it again
            row.pull_request_id, row.reviewer_id = rows[-1].pull_request_id, rows[-1].reviewer_id
        if table == "memberships":
            row.ends_on = random.choice([None, row.starts_on + timedelta(days=random.randrange(1, 90))])
        if table == "oncall_shifts":
            if rows and random.random() < 0.7:
                row.starts_on = random.choice(rows).ends_on  # takes over, if on the same schedule
            row.ends_on = row.starts_on + timedelta(days=random.choice([0, 1, 21, 22, 23, 24, 40, 110]))
        rows.append(row)
    keyed = {
        "closing_references",
        "incident_references",
        "commit_authors",
        "issue_assignees",
        "pull_request_files",
    }
    return list({str(row): row for row in rows}.values()) if table in keyed else rows


def any_value(name: str, kind: str, random: Random, number: int) -> Any:
    if kind == "BOOLEAN":
        return random.random() < 0.5
    if kind == "DATE":
        return a_day(random)
    if kind == "BIGINT":
        return random.randrange(20) if name == "position" else number
    if name in ("author_id", "answerer_id", "marker_id"):
        return random.choice([*PEOPLE, None])
    if name in ("reviewer_id", "person_id", "actor_id", "assignee_id", "interviewer_id", "resolver_id"):
        return random.choice(PEOPLE)
    keys = {"pull_request_id": "P", "repository_id": "R", "issue_id": "I"}
    if name in keys:
        return f"{keys[name]}{random.randrange({'P': PULLS, 'R': 2, 'I': 10}[keys[name]])}"
    return f"{name} {number}"


def a_day(random: Random) -> date:
    return date(2026, 3, 15) + timedelta(days=random.randrange(210))


def _relate(world: World, random: Random) -> None:
    """What random rows seldom say: who opened a thread resolved it, and nothing ended before it began.

    Half of the pull requests are reviewed and merged within a few days.
    """
    for each in world.persons:
        each.is_bot = each.is_bot or random.random() < 0.2  # robots in every part that somebody can have
    openers = {each.thread_id: each.author_id for each in reversed(world.review_comments)}
    for thread in world.review_threads:
        if random.random() < 0.5:
            thread.resolver_id = openers.get(thread.thread_id)
    for issue in world.issues:
        issue.created_on = min(issue.created_on, issue.closed_on or issue.created_on)
    for pull in world.pull_requests:
        near = random.random() < 0.5
        if pull.merged_on and near:
            pull.merged_on = pull.created_on + timedelta(days=random.randrange(8))
        pull.closed_on = pull.merged_on or random.choice([None, pull.closed_on])
        pull.created_on = min(pull.created_on, pull.closed_on or pull.created_on)
        around = [(row, "submitted_on", 6) for row in world.reviews] if near else []
        around += [(row, "occurred_on", 3) for row in world.pull_request_events] if near else []
        for row, day, most in around:
            if row.pull_request_id == pull.pull_request_id:
                setattr(row, day, pull.created_on + timedelta(days=random.randrange(most)))
