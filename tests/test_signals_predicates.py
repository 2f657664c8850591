"""What each signal's row claims, told again in plain Python over the stored rows, and held against its SQL.

No claim reads a signal's file. On random tables, in which anything may be missing, doubled or dangling, the
rows that a signal finds are those of which its claim holds, and no others; and a cell over any rule of them
says `seen` only where they add up, and `none seen` only where no source that feeds it has a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import groupby
from random import Random
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from random_tables import World, computed, is_called

from rubric.cells import Evidence, SourceState, evaluate
from rubric.map import Item
from rubric.rule import Group, Indicator, Part
from signals.catalog import load_catalog
from warehouse.windows import Window

CATALOG = load_catalog()
EVIDENCE = [signal.signal for signal in CATALOG.of_kind("evidence")]
WINDOW, AS_OF = Window(2026, 3), date(2026, 10, 20)
Claim = tuple[str | None, date | None, str, str]
"""Person, day, kind and id of the object."""


# --- the claims -----------------------------------------------------------------------------------------

CLAIMS: dict[str, Callable[[World], Iterator[Claim]]] = {}
"""For each signal, all rows of which its claim holds; of one person and object the earliest day counts."""

_EVERY_QUARTER = {"oncall_shifts", "review_breadth"}
"""What is found again in each quarter; everything else has its one day."""


def claim(function: Callable[[World], Iterator[Claim]]) -> Callable[[World], Iterator[Claim]]:
    CLAIMS[function.__name__] = function
    return function


def expected(signal: str, world: World) -> set[Claim]:
    """The rows of this signal in this world, by its claim: humans alone, each object once."""
    held = {row for row in CLAIMS[signal](world) if row[0] in world.humans and row[1] is not None}
    if signal in _EVERY_QUARTER:
        return held
    first: dict[tuple[str | None, str, str], date] = {}
    for person, on, kind, key in held:
        assert on is not None
        first[person, kind, key] = min(on, first.get((person, kind, key), date.max))
    return {(person, on, kind, key) for (person, kind, key), on in first.items()}


def _of_changes(world: World, holds: Callable[[SimpleNamespace], bool], least: int = 1) -> Iterator[Claim]:
    """Everybody who wrote a merged change of which this holds, where so many humans did."""
    for pull in world.pull_requests:
        if pull.state != "merged" or pull.is_generated_only or pull.is_backport or not holds(pull):
            continue
        wrote = {c.person_id for c in world.commit_authors if c.pull_request_id == pull.pull_request_id}
        humans = (wrote | {pull.author_id}) & world.humans
        if len(humans) >= least:
            yield from ((who, pull.merged_on, "pull_request", pull.pull_request_id) for who in humans)


def _by_authors(
    world: World, holds: Callable[[SimpleNamespace], bool], day: str = "created_on"
) -> Iterator[Claim]:
    for pull in world.pull_requests:
        if holds(pull):
            yield pull.author_id, getattr(pull, day), "pull_request", pull.pull_request_id


claim_of_changes: dict[str, tuple[Callable[[SimpleNamespace], bool], int]] = {
    "merged_work": (bool, 1),
    "coauthored_work": (bool, 2),
    "work_size_band": (lambda p: p.size_band in ("medium", "large"), 1),
    "docs_merged": (lambda p: p.touches_docs and not p.is_revert, 1),
    "experiments_merged": (lambda p: p.touches_experiments and not p.is_revert, 1),
    "team_tools_applied": (lambda p: p.touches_team_tools and not p.is_revert, 1),
    "tests_touched": (lambda p: p.touches_code and p.touches_tests and not p.is_revert, 1),
}
for _name, (_holds, _least) in claim_of_changes.items():
    CLAIMS[_name] = lambda world, holds=_holds, least=_least: _of_changes(world, holds, least)


@claim
def checks_green_at_review(world: World) -> Iterator[Claim]:
    def holds(pull: SimpleNamespace) -> bool:
        is_own = not (pull.is_generated_only or pull.is_backport or pull.is_revert)
        return pull.state == "merged" and pull.touches_code and pull.checks_at_review == "passed" and is_own

    return _by_authors(world, holds, "merged_on")


@claim
def context_given(world: World) -> Iterator[Claim]:
    return _by_authors(world, lambda p: p.has_context and not p.is_backport and not p.is_generated_only)


@claim
def designs_opened(world: World) -> Iterator[Claim]:
    def is_a_design(pull: SimpleNamespace) -> bool:
        return pull.touches_designs and not (pull.is_backport or pull.is_revert or pull.is_generated_only)

    yield from _by_authors(world, is_a_design)
    yield from (
        (i.author_id, i.created_on, "issue", i.issue_id) for i in world.issues if "proposal" in i.kinds
    )
    for each in world.discussions:
        if each.is_proposal:
            yield each.author_id, each.created_on, "discussion", each.discussion_id


@claim
def questions_opened(world: World) -> Iterator[Claim]:
    for issue in world.issues:
        if issue.asks_question or "question" in issue.kinds:
            yield issue.author_id, issue.created_on, "issue", issue.issue_id
    for each in world.discussions:
        if each.asks_question or each.is_question:
            yield each.author_id, each.created_on, "discussion", each.discussion_id


@claim
def reviews_given(world: World) -> Iterator[Claim]:
    for review, _ in world.others_reviews():
        yield review.reviewer_id, review.submitted_on, "pull_request", review.pull_request_id


@claim
def review_breadth(world: World) -> Iterator[Claim]:
    def first_of(pair: tuple[SimpleNamespace, SimpleNamespace]) -> tuple[Any, ...]:
        review, pull = pair
        quarter = (review.submitted_on.year, (review.submitted_on.month - 1) // 3)
        return review.reviewer_id, pull.author_id, pull.repository_id, quarter

    def order(pair: tuple[SimpleNamespace, SimpleNamespace]) -> tuple[Any, ...]:
        return *first_of(pair), pair[0].submitted_on, pair[0].pull_request_id

    for _, pairs in groupby(sorted(world.others_reviews(), key=order), key=first_of):
        review, _ = next(pairs)
        yield review.reviewer_id, review.submitted_on, "pull_request", review.pull_request_id


@claim
def reviews_with_substance(world: World) -> Iterator[Claim]:
    for review, _ in world.others_reviews():
        who, key = review.reviewer_id, review.pull_request_id
        theirs = [c for c in world.review_comments if c.author_id == who]
        is_inline = any(c.review_id == review.review_id for c in theirs)
        if review.has_body or review.state == "changes_requested" or is_inline:
            yield who, review.submitted_on, "pull_request", key
        first = min(
            r.submitted_on
            for r, _ in world.others_reviews()
            if (r.reviewer_id, r.pull_request_id) == (who, key)
        )
        for comment in theirs:
            if comment.review_id is None and comment.pull_request_id == key:
                yield who, max(comment.created_on, first), "pull_request", key


@claim
def newcomer_reviews(world: World) -> Iterator[Claim]:
    joined: dict[str, date] = {}
    for row in world.memberships:
        joined[row.person_id] = min(row.starts_on, joined.get(row.person_id, date.max))
    for who, on, kind, key in reviews_with_substance(world):
        since = joined.get(world.pulls[key].author_id)
        if since and on and since <= on < since + timedelta(days=90):
            yield who, on, kind, key


@claim
def review_questions(world: World) -> Iterator[Claim]:
    for review, _ in world.others_reviews():
        if review.asks_question:
            yield review.reviewer_id, review.submitted_on, "pull_request", review.pull_request_id
    for first in world.openings():
        if first.asks_question:
            yield first.author_id, world.said_on(first), "pull_request", first.pull_request_id


@claim
def review_explanations(world: World) -> Iterator[Claim]:
    for first in world.openings():
        if first.has_suggestion or first.links_documentation:
            yield first.author_id, world.said_on(first), "pull_request", first.pull_request_id


@claim
def review_comments_acted_on(world: World) -> Iterator[Claim]:
    threads = {each.thread_id: each for each in world.review_threads}
    for first in world.openings():
        thread, key = threads.get(first.thread_id), first.pull_request_id
        merged = [
            e.position for e in world.pull_request_events if (e.pull_request_id, e.kind) == (key, "merged")
        ]
        for push in world.commits:
            wrote = {
                c.person_id
                for c in world.commit_authors
                if (c.pull_request_id, c.commit_id) == (push.pull_request_id, push.commit_id)
            }
            is_after = push.pull_request_id == key and push.position > first.position
            is_in_time = not merged or push.position < min(merged)
            if thread and thread.is_outdated and is_after and is_in_time and first.author_id not in wrote:
                yield first.author_id, max(first.created_on, push.committed_on), "pull_request", key


@claim
def feedback_addressed(world: World) -> Iterator[Claim]:
    threads = {each.thread_id: each for each in world.review_threads}
    asked = [
        (r.pull_request_id, r.reviewer_id, None, r.submitted_on, r.position)
        for r, _ in world.others_reviews()
        if r.state == "changes_requested"
    ] + [(c.pull_request_id, c.author_id, c.thread_id, c.created_on, c.position) for c in world.openings()]
    for key, reviewer, thread_id, on, position in asked:
        author = world.pulls[key].author_id
        by_author = {
            c.commit_id for c in world.commit_authors if (c.pull_request_id, c.person_id) == (key, author)
        }
        pushes = [c for c in world.commits if c.pull_request_id == key and c.commit_id in by_author]
        after = sorted((c for c in pushes if c.position > position), key=lambda c: int(c.position))
        if not after:
            continue
        for review in world.reviews:
            is_theirs = (review.pull_request_id, review.reviewer_id) == (key, reviewer)
            if is_theirs and review.state == "approved" and review.position > after[0].position:
                yield author, review.submitted_on, "pull_request", key
        thread = threads.get(thread_id)
        if thread and thread.is_resolved and thread.resolver_id == reviewer:
            yield author, max(on, after[0].committed_on), "pull_request", key


@claim
def tracked_work_closed(world: World) -> Iterator[Claim]:
    closing = {(c.pull_request_id, c.issue_id) for c in world.closing_references}
    closed_by: set[tuple[str | None, str]] = set()
    for pull in world.pull_requests:
        if pull.state == "merged" and not pull.is_backport:
            issues = {issue for key, issue in closing if key == pull.pull_request_id}
            closed_by |= {(pull.author_id, issue) for issue in issues}
            if issues or pull.is_in_milestone:
                yield pull.author_id, pull.merged_on, "pull_request", pull.pull_request_id
    for row in world.issue_assignees:
        issue = world.issues_by_id.get(row.issue_id)
        is_done = issue and issue.state == "closed" and issue.closed_as in (None, "completed")
        if issue and is_done and (row.person_id, row.issue_id) not in closed_by:
            yield row.person_id, issue.closed_on, "issue", issue.issue_id


@claim
def triage_events(world: World) -> Iterator[Claim]:
    for event in world.issue_events:
        issue = world.issues_by_id.get(event.issue_id)
        if not issue or not world.is_of_another_human(event.actor_id, issue.author_id):
            continue
        by_merge = any(
            c.issue_id == issue.issue_id
            and (pull := world.pulls.get(c.pull_request_id))
            and (pull.state, pull.merged_on) == ("merged", event.occurred_on)
            for c in world.closing_references
        )
        is_closing = event.kind == "closed" and issue.closed_as is not None and not by_merge
        if event.kind in ("labeled", "assigned") or is_closing:
            yield event.actor_id, event.occurred_on, "issue", issue.issue_id


@claim
def answers_given(world: World) -> Iterator[Claim]:
    for issue in world.issues:
        closings = [
            e.position for e in world.issue_events if (e.issue_id, e.kind) == (issue.issue_id, "closed")
        ]
        is_done = issue.state == "closed" and issue.closed_as in (None, "completed")
        for comment in world.comments:
            is_here = (comment.parent_kind, comment.parent_id) == ("issue", issue.issue_id)
            is_asked = issue.asks_question or "question" in issue.kinds
            if is_here and is_asked and is_done and closings and not comment.asks_question:
                is_in_time = comment.position < max(closings)
                if is_in_time and world.is_of_another_human(comment.author_id, issue.author_id):
                    yield comment.author_id, comment.created_on, "issue", issue.issue_id
        closing = {c.pull_request_id for c in world.closing_references if c.issue_id == issue.issue_id}
        for pull in world.pull_requests:
            closes_it = pull.pull_request_id in closing and pull.state == "merged" and not pull.is_backport
            if closes_it and is_done and world.is_of_another_human(pull.author_id, issue.author_id):
                yield pull.author_id, pull.merged_on, "issue", issue.issue_id
    for each in world.discussions:
        others = {each.author_id, each.marker_id}  # of whom unknown is not somebody else
        if None not in others and each.answerer_id not in others:
            yield each.answerer_id, each.answered_on, "discussion", each.discussion_id


@claim
def unfamiliar_code(world: World) -> Iterator[Claim]:
    changes = [
        p
        for p in world.pull_requests
        if p.state == "merged" and p.is_on_default_branch and p.author_id in world.humans
        and not (p.is_generated_only or p.is_backport or p.is_revert)
    ]  # fmt: skip
    changes.sort(key=lambda p: (p.merged_on, p.number, p.pull_request_id))
    files = {(f.pull_request_id, f.file_id) for f in world.pull_request_files}
    last: dict[str, str] = {}
    for pull in changes:
        touched = [file for key, file in files if key == pull.pull_request_id]
        strange = [file for file in touched if last.get(file, pull.author_id) != pull.author_id]
        if 2 * len(strange) > len(touched):
            yield pull.author_id, pull.merged_on, "pull_request", pull.pull_request_id
        last |= dict.fromkeys(touched, pull.author_id)


@claim
def reverted_within_14_days(world: World) -> Iterator[Claim]:
    landed = [p for p in world.pull_requests if p.state == "merged" and p.is_on_default_branch]
    for taken in world.reverted_changes:
        revert = next((p for p in landed if p.pull_request_id == taken.pull_request_id), None)
        for pull in landed if revert else []:
            assert revert is not None
            commits = {c.commit_id for c in world.commits if c.pull_request_id == pull.pull_request_id}
            commits |= {pull.merge_commit_id} - {None}
            by_number = taken.number is not None and taken.number == pull.number
            by_commit = taken.commit_id and any(
                made.startswith(taken.commit_id) and len(taken.commit_id) >= 7 for made in commits
            )
            days = (revert.merged_on - pull.merged_on).days
            if revert.repository_id == pull.repository_id and (by_number or by_commit) and 0 <= days <= 14:
                yield pull.author_id, revert.merged_on, "pull_request", pull.pull_request_id


def _acted(world: World, kinds: tuple[str, ...], *, by_hand: bool) -> Iterator[Claim]:
    for act in world.incident_actions:
        if act.incident_id in world.stored_incidents and act.kind in kinds and (act.by_hand or not by_hand):
            yield act.actor_id, act.occurred_on, "incident", world.surviving(act.incident_id)


for _name, _kinds, _by_hand in (
    ("incident_roles", ("role",), False),
    ("incident_followups", ("followup_completed",), False),
    ("incident_updates", ("updated",), True),
    ("incidents_acknowledged", ("acknowledged",), True),
):
    CLAIMS[_name] = lambda world, kinds=_kinds, by_hand=_by_hand: _acted(world, kinds, by_hand=by_hand)


@claim
def incident_participation(world: World) -> Iterator[Claim]:
    yield from _acted(world, ("role", "updated", "responded", "fixed"), by_hand=True)
    for key, pull in world.fixes():
        yield pull.author_id, pull.merged_on, "incident", world.surviving(key)


@claim
def incident_fixes(world: World) -> Iterator[Claim]:
    for _, pull in world.fixes():
        yield pull.author_id, pull.merged_on, "pull_request", pull.pull_request_id


@claim
def incidents_declared(world: World) -> Iterator[Claim]:
    yield from _acted(world, ("declared",), by_hand=True)
    for issue in world.issues:
        if "regression" in issue.kinds and issue.issue_id not in world.stored_incidents:
            yield issue.author_id, issue.created_on, "issue", issue.issue_id


@claim
def postmortems(world: World) -> Iterator[Claim]:
    yield from _acted(world, ("postmortem",), by_hand=False)
    for author in world.postmortem_authors:
        for document in world.postmortem_documents:
            for key, incident in world.stored_incidents.items():
                is_about = key == document.reference or is_called(incident, document.reference)
                if document.postmortem_id == author.postmortem_id and is_about:
                    yield author.person_id, document.written_on, "incident", world.surviving(key)


@claim
def interviews_on_time(world: World) -> Iterator[Claim]:
    for each in world.interviews:
        if each.scorecard_on and 0 <= (each.scorecard_on - each.held_on).days <= 1:
            yield each.interviewer_id, each.held_on, "interview", each.interview_id


@claim
def oncall_shifts(world: World) -> Iterator[Claim]:
    for shift in world.oncall_shifts:
        day = shift.starts_on
        while day <= shift.ends_on:  # the first day, and the first of each quarter after it
            if day == shift.starts_on or (day.day == 1 and day.month in (1, 4, 7, 10)):
                yield shift.person_id, day, "oncall_shift", shift.shift_id
            day += timedelta(days=1)


# --- the tests ------------------------------------------------------------------------------------------


def test_every_signal_of_evidence_has_a_claim() -> None:
    assert sorted(CLAIMS) == sorted(EVIDENCE)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_signal_finds_what_its_claim_holds_of_and_nothing_else(seed: int) -> None:
    world, found = computed(Random(seed), EVIDENCE)
    for name in EVIDENCE:
        assert found[name] == expected(name, world), name


def test_the_random_worlds_have_rows_of_every_signal() -> None:
    """Or nothing would be held against nothing."""
    worlds = [computed(Random(seed), EVIDENCE)[1] for seed in range(6)]
    assert [name for name in EVIDENCE if not any(found[name] for found in worlds)] == []


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_cell_says_seen_where_the_claims_add_up_and_none_seen_where_nothing_could_be_missing(
    seed: int,
) -> None:
    random = Random(seed)
    world, found = computed(random, EVIDENCE)
    rows = [Evidence(str(row[0]), name, row[1], *row[2:]) for name in EVIDENCE for row in found[name]]  # type: ignore[arg-type]
    claims = {name: expected(name, world) for name in EVIDENCE}
    for number in range(40):
        item, sources = any_item(random), any_sources(random)
        person = f"p{number % 6}"
        cell = evaluate(
            item, CATALOG, person_id=person, window=WINDOW, as_of=AS_OF,
            evidence=[row for row in rows if row.person_id == person],
            opportunities=set(CATALOG), memberships=[(date(2020, 1, 1), None)], sources=sources,
        )  # fmt: skip
        for row in cell.evidence:
            assert (row.person_id, row.occurred_on, row.source_kind, row.source_id) in claims[row.signal]
        in_span = {
            each.signal: [
                claim
                for claim in claims[each.signal]
                if claim[0] == person and claim[1] and begin(each) <= claim[1] < WINDOW.ends_on
            ]
            for each in item.indicators
        }
        assert (cell.state == "seen") == adds_up(item, in_span)
        assert bool(cell.evidence) == any(in_span.values())
        if cell.state == "none seen":
            read = {table for each in item.indicators for table in CATALOG[each.signal].reads}
            tables = read - {"persons", "memberships"}  # which no one source answers for
            optional = {table for each in item.indicators for table in CATALOG[each.signal].optional}
            feeding = [source for source in sources if tables & source.kinds]
            begins = min(map(begin, item.indicators))
            assert all(each.complete and each.from_day and each.from_day <= begins for each in feeding)
            assert all(each.through_day and each.through_day >= WINDOW.ends_on for each in feeding)
            fed = set().union(*(each.kinds for each in feeding))
            assert tables - optional <= fed


# --- random mappings and gaps ---------------------------------------------------------------------------


def any_item(random: Random) -> Item:
    named = random.sample(EVIDENCE, random.randint(1, 5))
    rules = [
        Indicator(name, random.choice([1, 1, 2, 3]), CATALOG[name].unit, random.choice([None, None, 2]),
                  random.choice([1, 1, 2]))
        for name in named
    ]  # fmt: skip
    how = random.choice(["all", "any"])
    parts: list[Part] = list(rules)
    if len(rules) > 2 and random.random() < 0.7:
        cut = random.randint(2, len(rules) - 1)
        parts = [Group("any" if how == "all" else "all", tuple(rules[:cut])), *rules[cut:]]
    return Item("i", "P", "G", "S.", "partly", "B.", "Q?", tuple(parts), how, "0", 1)  # type: ignore[arg-type]


def any_sources(random: Random) -> list[SourceState]:
    """One to three sources that share all tables out among them, each with or without a gap."""
    names = ["one", "two", "three"][: random.randint(1, 3)]
    tables = sorted({table for signal in CATALOG.values() for table in signal.reads})
    filled = {
        table: random.choice([*names, names[0], None] if random.random() < 0.1 else names) for table in tables
    }
    return [
        SourceState(
            name,
            frozenset(table for table, by in filled.items() if by == name),
            random.choice([date(2026, 1, 1)] * 5 + [date(2026, 7, 1), date(2026, 7, 2), None]),
            random.choice([AS_OF] * 5 + [WINDOW.ends_on, WINDOW.ends_on - timedelta(days=1), None]),
            random.random() < 0.9,
        )
        for name in names
    ]


def begin(rule: Indicator) -> date:
    return date(2026, 7, 1) if rule.over_quarters == 1 else date(2026, 4, 1)


def adds_up(item: Item, rows: dict[str, list[Claim]]) -> bool:
    """The rule by hand: amounts and weeks of each indicator, then any and all of them."""

    def holds(rule: Indicator) -> bool:
        days = [row[1] for row in rows[rule.signal] if row[1]]
        objects = {row[2:] for row in rows[rule.signal]}
        return len(objects) >= rule.at_least and len({d.isocalendar()[:2] for d in days}) >= (
            rule.in_weeks or 0
        )

    met = []
    for part in item.parts:
        inside = [holds(each) for each in (part.indicators if isinstance(part, Group) else (part,))]
        met.append(any(inside) if item.seen_when == "all" else all(inside))
    return all(met) if item.seen_when == "all" else any(met)
