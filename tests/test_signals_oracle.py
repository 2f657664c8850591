"""Night after night, what is computed in part is what would be computed whole, on generated worlds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.records import (
    Account,
    Batch,
    Comment,
    Commit,
    Discussion,
    Incident,
    IncidentAction,
    IncidentPage,
    Interview,
    Issue,
    IssueEvent,
    Membership,
    OnCallShift,
    PullRequest,
    PullRequestEvent,
    Repository,
    Reverted,
    Review,
    ReviewComment,
    ReviewThread,
    Root,
)
from signals.catalog import load_catalog
from signals.run import TARGETS, recompute, refresh
from warehouse.store import Store
from warehouse.vault import Vault

CATALOG = load_catalog()
Rows = list[tuple[object, ...]]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_night_after_night_the_part_equals_the_whole(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    random = Random(seed)
    folder = tmp_path_factory.mktemp("world")
    store = Store(folder / "warehouse.duckdb", "set threads = 1")  # small tables are quicker so
    vault = Vault(folder / "vault.duckdb")
    store.write("github", "acme", [Batch(tuple(world(random)), "")], vault)
    store.write_memberships(roster(random), vault, START)
    refresh(store.con, CATALOG)
    for _ in range(3):
        tonight(store, vault, random)
        refresh(store.con, CATALOG)
    in_part = results(store.con)
    recompute(store.con, CATALOG)
    assert in_part == results(store.con)
    store.close()


def test_the_generated_world_has_rows_for_every_signal(store: Store, vault: Vault) -> None:
    """Or the comparison with the oracle would compare nothing with nothing."""
    random = Random(7)
    store.write("github", "acme", [Batch(tuple(world(random, size=60)), "")], vault)
    store.write_memberships(roster(random), vault, START)
    counts = refresh(store.con, CATALOG)
    assert [signal for signal, count in counts.items() if count == 0] == []


def test_the_same_rows_come_out_again_and_none_twice(store: Store, vault: Vault) -> None:
    random = Random(3)
    store.write("github", "acme", [Batch(tuple(world(random)), "")], vault)
    recompute(store.con, CATALOG)
    first = results(store.con)
    recompute(store.con, CATALOG)
    assert results(store.con) == first
    assert [len(set(rows)) for rows in first] == [len(rows) for rows in first]


def test_every_row_of_evidence_points_to_something_stored(store: Store, vault: Vault) -> None:
    random = Random(11)
    store.write("github", "acme", [Batch(tuple(world(random)), "")], vault)
    refresh(store.con, CATALOG)
    stored = " union all ".join(
        f"select '{kind}' as source_kind, {key} as source_id from {table}"
        for kind, key, table in (
            ("pull_request", "pull_request_id", "pull_requests"),
            ("issue", "issue_id", "issues"),
            ("discussion", "discussion_id", "discussions"),
            ("incident", "incident_id", "incidents"),
            ("oncall_shift", "shift_id", "oncall_shifts"),
            ("interview", "interview_id", "interviews"),
        )
    )
    lost = f"select * from evidence anti join ({stored}) using (source_kind, source_id)"
    assert store.count("evidence") > 0
    assert store.con.execute(lost).fetchall() == []


def test_no_robot_has_evidence_or_an_opportunity(store: Store, vault: Vault) -> None:
    random = Random(13)
    store.write("github", "acme", [Batch(tuple(world(random)), "")], vault)
    store.write_memberships(roster(random), vault, START)
    refresh(store.con, CATALOG)
    found = "select count(*) from {} join persons using (person_id) where is_bot"
    assert store.con.execute("select count(*) from persons where is_bot").fetchone() != (0,)
    assert [store.con.execute(found.format(t)).fetchone() for t in TARGETS.values()] == [(0,)] * 3


# --- builders -------------------------------------------------------------------------------------------

ROBOT = Account("github", "U8", "login8", is_bot=True)
PEOPLE = [Account("github", f"U{n}", f"login{n}") for n in range(8)] + [ROBOT]
START = date(2025, 11, 1)


def world(random: Random, size: int = 10) -> Iterator[Root]:
    """A small organisation in which everything that a signal asks about may happen."""
    yield from (Repository(f"R{n}", f"acme/r{n}", "-") for n in range(2))
    yield from (any_pull_request(f"P{n}", random) for n in range(size))
    yield from (any_issue(f"I{n}", random) for n in range(size))
    yield from (any_discussion(f"D{n}", random) for n in range(size))
    yield from (any_incident(f"N{n}", random) for n in range(size))
    yield from (any_shift(f"S{n}", random) for n in range(size))
    yield from (any_interview(f"V{n}", random) for n in range(size))


def roster(random: Random) -> list[Membership]:
    return [
        Membership(person, (), random.choice("ab"), None, begins, ends, "ic1")
        for person in PEOPLE
        for begins, ends in [_span(random)]
    ]


def tonight(store: Store, vault: Vault, random: Random) -> None:
    """What a night may bring: new and changed roots, roots that are gone, a roster, a robot found out."""
    numbers = [random.randrange(12) for _ in range(3)]
    roots: list[Root] = [any_pull_request(f"P{numbers[0]}", random), any_issue(f"I{numbers[1]}", random)]
    if random.random() < 0.3:
        roots.append(any_discussion(f"D{numbers[1]}", random))
    if random.random() < 0.5:
        roots += [any_incident(f"N{numbers[2]}", random), any_shift(f"S{numbers[0]}", random)]
    if random.random() < 0.3:
        roots.append(any_interview(f"V{numbers[1]}", random))
    gone = (f"{random.choice('PINSVD')}{numbers[2]}",)
    store.write("github", "acme", [Batch(tuple(roots), "", gone=gone)], vault)
    if random.random() < 0.2:
        store.write_memberships(roster(random), vault, START)
    if random.random() < 0.2:
        store.con.execute(
            "update persons set is_bot = not is_bot where person_id = (select min(person_id) from persons)"
        )
    if random.random() < 0.2:
        store.write(
            "github", "acme", [Batch((Repository("R0", f"acme/r{random.randrange(3)}", "-"),), "")], vault
        )


def any_pull_request(key: str, random: Random) -> PullRequest:
    created = _day(random)
    state = random.choice(["open", "merged", "merged", "merged", "closed"])
    ended = created + timedelta(days=random.randrange(150)) if state != "open" else None
    reviews, threads, commits = [], [], []
    for position in range(random.randrange(7)):
        who, on = random.choice(PEOPLE), created + timedelta(days=random.randrange(120))
        match random.randrange(3):
            case 0:
                state_of_review = random.choice(["approved", "changes_requested", "commented", "dismissed"])
                reviews.append(
                    Review(
                        f"{key}:r{position}", who, state_of_review, on, position, _odds(random), _odds(random)
                    )
                )
            case 1:
                ours = reviews[-1].review_id if reviews and _odds(random) else None
                comment = ReviewComment(
                    f"{key}:c{position}", ours, who, on, position, _odds(random), _odds(random)
                )
                outdated = _odds(random)
                threads.append(ReviewThread(f"{key}:t{position}", _odds(random), who, outdated, (comment,)))
            case _:
                commits.append(Commit(f"{key}:k{position}", (PEOPLE[hash_of(key)], who), on, position))
    return PullRequest(
        pull_request_id=key, repository_id=f"R{hash_of(key) % 2}", number=_number(key),
        author=random.choice([*PEOPLE, None]) if _odds(random) else PEOPLE[hash_of(key)],
        state=state, is_draft=False, created_on=created, merged_on=ended if state == "merged" else None,
        closed_on=ended, touches_code=_odds(random), touches_tests=_odds(random), touches_docs=_odds(random),
        touches_experiments=_odds(random), touches_designs=_odds(random),
        is_generated_only=random.random() < 0.1, is_backport=random.random() < 0.1,
        is_revert=random.random() < 0.1, has_description=True,
        has_context=_odds(random), size_band=random.choice(["small", "medium", "unknown"]),
        closes_issue_ids=(f"I{random.randrange(10)}",) if _odds(random) else (),
        commits=tuple(commits), reviews=tuple(reviews), threads=tuple(threads), comments=(),
        reviews_total=len(reviews), reviews_left_out=0, threads_total=len(threads),
        review_comments_total=len(threads), comments_total=0,
        touches_team_tools=_odds(random), is_on_default_branch=random.random() < 0.9,
        is_in_milestone=_odds(random), merge_commit_id=f"{hash_of(key):07}",
        checks_at_review=random.choice(["passed", "failed", "none"]),
        events=tuple(any_event(f"{key}:e{n}", created, random) for n in range(random.randrange(4))),
        file_ids=tuple(f"F{n}" for n in random.sample(range(6), 2)),
        reverted=(Reverted(random.randrange(60), None), Reverted(None, f"{random.randrange(8):07}")),
    )  # fmt: skip


def any_event(key: str, created: date, random: Random) -> PullRequestEvent:
    kind = random.choice(["review_requested", "ready_for_review", "queued_to_merge", "merged"])
    on = created + timedelta(days=random.randrange(30))
    return PullRequestEvent(
        key, kind, random.choice(PEOPLE), random.choice(PEOPLE), False, on, random.randrange(9)
    )


def any_discussion(key: str, random: Random) -> Discussion:
    created = _day(random)
    answered = created + timedelta(days=random.randrange(150)) if _odds(random) else None
    answerer, marker = (random.choice([*PEOPLE, None]) if answered else None for _ in range(2))
    return Discussion(
        key, "R0", 1, random.choice(PEOPLE), created, _odds(random), _odds(random), _odds(random), answerer,
        answered, marker,
    )  # fmt: skip


def any_issue(key: str, random: Random) -> Issue:
    created = _day(random)
    is_closed = random.random() < 0.7
    closed = created + timedelta(days=random.randrange(90)) if is_closed else None
    events = [
        IssueEvent(
            f"{key}:e{position}",
            kind,
            random.choice(PEOPLE),
            None,
            created + timedelta(days=position),
            position,
        )
        for position in range(random.randrange(3))
        for kind in [random.choice(["labeled", "assigned", "reopened"])]
    ]
    if closed:
        events.append(IssueEvent(f"{key}:closed", "closed", random.choice(PEOPLE), None, closed, 9))
    kinds = tuple(random.sample(["regression", "bug", "question", "proposal"], random.randrange(3)))
    comments = tuple(
        Comment(f"{key}:m{n}", random.choice(PEOPLE), created + timedelta(days=n), n, _odds(random))
        for n in range(random.randrange(3))
    )
    return Issue(
        key, "R0", 1, random.choice([*PEOPLE, None]), "closed" if closed else "open",
        random.choice(["completed", "completed", "not_planned", None]) if closed else None, created, closed,
        kinds, _odds(random), (random.choice(PEOPLE),), tuple(events), comments, len(comments),
    )  # fmt: skip


def any_incident(key: str, random: Random) -> Incident:
    opened = _day(random)
    kinds = ["declared", "acknowledged", "responded", "role", "updated", "followup_completed", "postmortem"]
    actions = tuple(
        IncidentAction(
            f"{key}:a{n}", random.choice(PEOPLE), random.choice(kinds), None, _odds(random),
            opened + timedelta(days=n * 20), n,
        )
        for n in range(random.randrange(5))
    )  # fmt: skip
    merged_into = f"N{random.randrange(12)}" if random.random() < 0.4 else None
    fixes = (f"acme/r{random.randrange(2)}#{random.randrange(10)}",) if _odds(random) else ()
    service = random.choice(["api", "web"])
    pages = (IncidentPage(random.choice(PEOPLE), opened),) if _odds(random) else ()
    same_as = (f"N{random.randrange(12)}",) if random.random() < 0.2 else ()
    source = random.choice(["pagerduty", "incident_io"])
    ends = opened + timedelta(days=3)
    return Incident(
        key, source, None, service, None, opened, ends, merged_into, actions, fixes, None, pages, same_as
    )


def any_shift(key: str, random: Random) -> OnCallShift:
    begins = _day(random)
    ends = begins + timedelta(days=random.randrange(60))
    return OnCallShift(key, "pagerduty", "weekly", random.choice(PEOPLE), begins, ends, ("api", "web"))


def any_interview(key: str, random: Random) -> Interview:
    held = _day(random)
    return Interview(key, "files", random.choice(PEOPLE), held, held + timedelta(days=random.randrange(3)))


def _day(random: Random) -> date:
    return START + timedelta(days=random.randrange(300))


def _span(random: Random) -> tuple[date, date | None]:
    begins = START + timedelta(days=random.randrange(-100, 200))
    return begins, random.choice([None, begins + timedelta(days=random.randrange(1, 200))])


def _odds(random: Random) -> bool:
    return random.random() < 0.5


def _number(key: str) -> int:
    return int("0" + "".join(filter(str.isdigit, key)))


def hash_of(key: str) -> int:
    return sum(map(ord, key)) % 8


def results(con: duckdb.DuckDBPyConnection) -> tuple[Rows, ...]:
    return tuple(con.execute(f"select * from {table} order by all").fetchall() for table in TARGETS.values())
