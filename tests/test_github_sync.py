"""A repository is fetched whole, cheaply, and again and again, over real HTTP to the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from connectors.errors import Refused
from connectors.github.connector import GitHub
from connectors.github.cursor import iso
from connectors.github.settings import GitHubSettings
from connectors.plans import Plan
from connectors.records import Batch, Issue, PullRequest, Repository
from sandbox import commits, model
from sandbox.mutations import mutate
from sandbox.server import Running, running
from sandbox.world import World

SCOPE = "acme/queue"


def test_everything_of_a_repository_arrives_in_storable_steps() -> None:
    with fetching(a_world(pulls=37, issues=7), page_size=5) as (github, _):
        batches = list(github.fetch(SCOPE, None))
        pulls, issues = pull_requests(batches), issues_in(batches)
    assert (len(pulls), len(issues)) == (37, 7)
    assert [len([one for one in batch.roots if isinstance(one, PullRequest)]) for batch in batches[:3]] == [
        15,
        15,
        7,
    ]
    assert sum(len(pull.reviews) for pull in pulls.values()) == 74
    assert sum(len(thread.comments) for pull in pulls.values() for thread in pull.threads) == 74
    assert {pull.commits[0].authors[1].login for pull in pulls.values()} == {"ben"}
    assert {pull.closes_issue_ids for pull in pulls.values()} == {("I_1",)}
    assert all(batch.gaps == () for batch in batches)


def test_every_batch_has_the_repository_under_todays_name() -> None:
    with fetching(a_world(pulls=3)) as (github, _):
        batches = list(github.fetch(SCOPE, None))
    found = {root for batch in batches for root in batch.roots if isinstance(root, Repository)}
    assert [(repository.name, repository.is_archived) for repository in found] == [(SCOPE, False)]


def test_a_whole_repository_costs_what_its_lists_hold_and_is_then_counted_for_nothing() -> None:
    """13 pull requests of 3 + 1 + 2 + 1 lists fit into one point, 7 issues into one, co-authors into one."""
    with fetching(a_world(pulls=13, issues=7)) as (github, _):
        list(github.fetch(SCOPE, None))
        assert github.spent() == (4, 4)
        assert len(list(github.inventory(SCOPE))) == 20
        assert github.spent() == (4, 4)
        assert len(list(github.inventory(SCOPE))) == 20, "asked again, GitHub is"
        assert github.spent() == (5, 5)


def test_a_quiet_repository_costs_one_request_and_one_point() -> None:
    with fetching(a_world(pulls=13)) as (github, _):
        cursor = last_cursor(github.fetch(SCOPE, None))
        before = github.spent()
        batches = list(github.fetch(SCOPE, cursor))
        assert cost_since(before, github) == (1, 1)
    assert [type(root) for batch in batches for root in batch.roots] == [Repository]


def test_a_quiet_repository_keeps_its_bookmark_until_something_moves() -> None:
    world = a_world(pulls=3)
    with fetching(world) as (github, _):
        cursor = last_cursor(github.fetch(SCOPE, None))
        cursor = last_cursor(github.fetch(SCOPE, cursor))  # it speaks of empty lists from now on
        assert [batch.cursor for batch in github.fetch(SCOPE, cursor)] == [cursor]
        world.repositories[SCOPE].pull_requests[0].updated_at = iso(datetime.now(UTC))
        moved = list(github.fetch(SCOPE, cursor))
        assert len(pull_requests(moved)) == 1


def test_a_hundred_quiet_repositories_cost_two_requests() -> None:
    world = a_world(pulls=0, issues=0)
    for number in range(99):
        a_repository(world, f"r{number}")
    with fetching(world, repositories=(), organisations=("acme",)) as (github, _):
        scopes = github.scopes()
        cursor = last_cursor(github.fetch(SCOPE, None))
        before = github.spent()
        for scope in scopes:
            list(github.fetch(scope, cursor))
        assert (len(scopes), *cost_since(before, github)) == (100, 2, 2)


def test_a_plan_says_what_the_fetch_then_takes() -> None:
    with fetching(a_world(pulls=60, issues=9)) as (github, server):
        plan = github.plan({SCOPE: None})
        before = github.spent()
        cursor = last_cursor(github.fetch(SCOPE, None))
        assert abs(plan.points - cost_since(before, github)[1]) <= 1
        assert plan.budget == (5_000 - before[1], 5_000)
        assert github.plan({SCOPE: cursor}).points == 0
        mutate(server.holding.github, {"do": "comment", "parent": "PR_3"})
        assert github.plan({SCOPE: cursor}).points == 2


@pytest.mark.parametrize(
    ("points", "seconds", "budget", "says"),
    [
        (5_130, 2_400, (15_000, 15_000), "needs about 5,130 of 15,000 points, about 40 minutes"),
        (3, 2, (4_990, 5_000), "needs about 3 of 4,990 points, less than a minute"),
        (9_000, 8_000, (1_000, 5_000), "needs about 9,000 of 1,000 points, about 2 hours, or several nights"),
        (80, 130, None, "needs about 80 points, about 3 minutes"),
    ],
)
def test_a_plan_is_a_sentence(points: int, seconds: int, budget: tuple[int, int] | None, says: str) -> None:
    assert Plan(points, points, seconds, budget).sentence() == says


def test_what_was_updated_since_costs_three_requests() -> None:
    """What moved last, the two whole, and who else signed their commits."""
    with fetching(a_world(pulls=13)) as (github, server):
        cursor = last_cursor(github.fetch(SCOPE, None))
        mutate(server.holding.github, {"do": "comment", "parent": "PR_3"})
        mutate(server.holding.github, {"do": "comment", "parent": "PR_4"})
        before = github.spent()
        found = pull_requests(github.fetch(SCOPE, cursor))
        assert cost_since(before, github) == (3, 3)
    assert set(found) == {"PR_3", "PR_4"}


def test_a_review_long_after_the_merge_arrives_with_the_next_fetch() -> None:
    with fetching(a_world(pulls=13)) as (github, server):
        cursor = last_cursor(github.fetch(SCOPE, None))
        late = mutate(server.holding.github, {"do": "late_review", "pull_request": "PR_1", "bump": True})
        found = pull_requests(github.fetch(SCOPE, cursor))
    assert late["review"] in [review.review_id for review in found["PR_1"].reviews]


def test_a_late_review_that_moves_nothing_is_counted_by_the_inventory_and_hydrated() -> None:
    with fetching(a_world(pulls=13)) as (github, server):
        cursor = last_cursor(github.fetch(SCOPE, None))
        late = mutate(server.holding.github, {"do": "late_review", "pull_request": "PR_1", "bump": False})
        assert pull_requests(github.fetch(SCOPE, cursor)) == {}
        totals = {one.object_id: dict(one.totals) for one in github.inventory(SCOPE)}
        assert (totals["PR_1"]["reviews"], totals["PR_2"]["reviews"]) == (3, 2)
        found = pull_requests(github.hydrate(SCOPE, "pull_requests", ["PR_1"]))
    assert late["review"] in [review.review_id for review in found["PR_1"].reviews]


def test_the_inventory_counts_as_the_records_do() -> None:
    world = a_world(pulls=13, issues=7)
    pending = model.Review("PRR_pending", world.nodes["PR_1"], world.service, "PENDING", None, at(50))
    world.nodes["PR_1"].reviews.append(world.add(pending))
    with fetching(world, page_size=5) as (github, _):
        batches = list(github.fetch(SCOPE, None))
        pulls, issues = pull_requests(batches), issues_in(batches)
        listed = list(github.inventory(SCOPE))
    assert len(listed) == 20
    for one in listed:
        if one.kind == "issues":
            assert dict(one.totals) == {"comments": len(issues[one.object_id].comments)}
            continue
        pull = pulls[one.object_id]
        assert dict(one.totals) == {
            "reviews": len(pull.reviews) + pull.reviews_left_out,
            "dismissed": 0,
            "threads": len(pull.threads),
            "comments": len(pull.comments),
            "all_comments": pull.all_comments_total,
        }


def test_lists_longer_than_a_page_arrive_complete() -> None:
    world = a_world(pulls=3)
    pull, ben = world.nodes["PR_2"], world.accounts["ben"]
    for number in range(230):
        add_review(world, pull, f"long_{number}", ben, at(number))
        pull.files.append(commits.ChangedFile(f"src/f{number}.py"))
        add_commit(world, pull, f"long_{number}", [ben], at(number))
        pull.comments.append(model.Comment(f"IC_long_{number}", ben, at(number), "Go on.", pull))
    for number in range(105):
        add_thread(world, pull, f"long_{number}", [ben], at(number))
    add_thread(world, pull, "very_long", [ben] * 205, at(7))
    add_commit(world, pull, "crowd", [person(world, f"p{number}") for number in range(120)], at(8))
    for number in range(104):
        pull.closing.append(an_issue(world, 1_000 + number))
    world.index(pull)
    with fetching(world) as (github, _):
        batches = list(github.fetch(SCOPE, None))
    found = pull_requests(batches)["PR_2"]
    assert len(found.reviews) == found.reviews_total == 232
    assert len(found.threads) == found.threads_total == 107
    assert sum(len(thread.comments) for thread in found.threads) == found.review_comments_total == 312
    assert len(found.comments) == found.comments_total == 231
    assert len(found.commits) == 232
    assert max(len(commit.authors) for commit in found.commits) == 120
    assert len(found.closes_issue_ids) == 105
    assert found.size_band == "medium"
    assert all(batch.gaps == () for batch in batches)


def test_what_hangs_on_an_issue_arrives_complete() -> None:
    world = a_world(pulls=0, issues=2)
    issue, ben = world.nodes["I_1"], world.accounts["ben"]
    for number in range(120):
        who = person(world, f"q{number}")
        issue.assignees.append(who)
        issue.labels.append(model.Label(f"LA_{number}", f"label-{number}"))
        issue.comments.append(model.Comment(f"IC_i_{number}", ben, at(number), "Go on.", issue))
        issue.events.append(model.Event(f"AE_{number}", "AssignedEvent", ben, at(number), {"assignee": who}))
    issue.labels.append(model.Label("LA_zzz", "regression"))
    world.index(issue)
    with fetching(world) as (github, _):
        found = issues_in(github.fetch(SCOPE, None))["I_1"]
    assert (len(found.assignees), len(found.comments), len(found.events)) == (120, 120, 120)
    assert found.kinds == ("regression",)


def test_a_run_that_was_killed_goes_on_from_its_page() -> None:
    with fetching(a_world(pulls=43), page_size=5) as (github, server):
        first = list(islice(github.fetch(SCOPE, None), 2))
        with GitHub(settings(server, page_size=5)) as another:
            rest = list(another.fetch(SCOPE, first[-1].cursor))
    assert len(pull_requests(first)) == 30
    assert not set(pull_requests(first)) & set(pull_requests(rest))
    assert len(pull_requests([*first, *rest])) == 43


def test_what_is_bumped_while_we_page_is_not_lost() -> None:
    with fetching(a_world(pulls=23), page_size=3) as (github, server):
        fetch = github.fetch(SCOPE, None)
        batches = [next(fetch)]
        # The oldest ones, still ahead of the walk, move to the head, behind it.
        for number in (1, 2, 3):
            mutate(server.holding.github, {"do": "late_review", "pull_request": f"PR_{number}", "bump": True})
        batches += list(fetch)
    found = pull_requests(batches)
    assert len(found) == 23
    assert {len(found[f"PR_{number}"].reviews) for number in (1, 2, 3)} == {3}


def test_what_was_read_before_a_late_change_is_read_again() -> None:
    with fetching(a_world(pulls=23), page_size=3) as (github, server):
        fetch = github.fetch(SCOPE, None)
        batches = [next(fetch)]
        mutate(server.holding.github, {"do": "late_review", "pull_request": "PR_23", "bump": True})
        batches += list(fetch)
    assert len(pull_requests(batches)["PR_23"].reviews) == 3


def test_since_leaves_out_what_was_last_updated_before() -> None:
    with fetching(a_world(pulls=23), page_size=5, since=day(20)) as (github, _):
        found = pull_requests(github.fetch(SCOPE, None))
        listed = [one.object_id for one in github.inventory(SCOPE) if one.kind == "pull_requests"]
    assert set(found) == set(listed) == {"PR_20", "PR_21", "PR_22", "PR_23"}


def test_an_earlier_since_reads_again_from_the_top() -> None:
    with fetching(a_world(pulls=23), since=day(20)) as (github, server):
        cursor = last_cursor(github.fetch(SCOPE, None))
        with GitHub(settings(server, since=day(10))) as earlier:
            found = pull_requests(earlier.fetch(SCOPE, cursor))
    assert len(found) == 14


def test_an_empty_repository_is_read_and_then_quiet() -> None:
    with fetching(a_world(pulls=0, issues=0)) as (github, _):
        cursor = last_cursor(github.fetch(SCOPE, None))
        before = github.spent()
        assert len(list(github.fetch(SCOPE, cursor))) == 1
        assert cost_since(before, github) == (1, 1)


def test_a_page_that_github_no_longer_knows_is_no_end() -> None:
    with fetching(a_world(pulls=13), page_size=2) as (github, _):
        cursor = json.loads(next(iter(github.fetch(SCOPE, None))).cursor)
        cursor["pull_requests"]["walk"]["after"] = "bm9uc2Vuc2U="
        found = pull_requests(github.fetch(SCOPE, json.dumps(cursor)))
    assert len(found) == 13


def test_hydrate_names_what_is_gone() -> None:
    with fetching(a_world(pulls=3, issues=2)) as (github, server):
        mutate(server.holding.github, {"do": "delete_pull_request", "pull_request": "PR_2"})
        batches = list(github.hydrate(SCOPE, "pull_requests", ["PR_1", "PR_2", "I_1"]))
    assert {gone for batch in batches for gone in batch.gone} == {"I_1", "PR_2"}
    assert set(pull_requests(batches)) == {"PR_1"}
    assert {batch.cursor for batch in batches} == {""}


def test_a_repository_that_is_not_there_is_refused_by_name() -> None:
    with (
        fetching(a_world(), repositories=("acme/nothing",)) as (github, _),
        pytest.raises(Refused, match=r"no repository 'acme/nothing'.*check the name"),
    ):
        list(github.fetch("acme/nothing", None))


def test_an_organisation_stands_for_its_repositories_but_not_forks_or_long_archived_ones() -> None:
    world = a_world(pulls=3)
    a_repository(world, "fork").is_fork = True
    a_repository(world, "old").is_archived = True
    a_repository(world, "new")
    chosen = {"repositories": ("Acme/Queue",), "organisations": ("acme",), "since": day(1)}
    with fetching(world, **chosen) as (github, _):
        assert github.scopes() == ("Acme/Queue", "acme/new")


def test_an_unknown_organisation_is_refused_by_name() -> None:
    with (
        fetching(a_world(), repositories=(), organisations=("nobody",)) as (github, _),
        pytest.raises(Refused, match="no organisation 'nobody'"),
    ):
        github.scopes()


def test_a_renamed_person_keeps_the_account() -> None:
    with fetching(a_world(pulls=1)) as (github, server):
        before = pull_requests(github.fetch(SCOPE, None))["PR_1"].author
        mutate(server.holding.github, {"do": "rename_login", "login": "ana", "to": "ana-maria"})
        after = pull_requests(github.hydrate(SCOPE, "pull_requests", ["PR_1"]))["PR_1"].author
    assert before is not None
    assert after is not None
    assert (before.login, after.login, before.account_id) == ("ana", "ana-maria", after.account_id)


# --- builders ---------------------------------------------------------------------------------------


@contextmanager
def fetching(world: World, **chosen: Any) -> Iterator[tuple[GitHub, Running]]:
    with running(world) as server, GitHub(settings(server, **chosen)) as github:
        yield github, server


def settings(server: Running, **chosen: Any) -> GitHubSettings:
    return GitHubSettings(
        **{"base_url": server.github, "repositories": (SCOPE,), "token": "sandbox-token"} | chosen
    )


def pull_requests(batches: Iterator[Batch] | Sequence[Batch]) -> dict[str, PullRequest]:
    return {
        root.pull_request_id: root
        for batch in batches
        for root in batch.roots
        if isinstance(root, PullRequest)
    }


def issues_in(batches: Iterator[Batch] | Sequence[Batch]) -> dict[str, Issue]:
    return {root.issue_id: root for batch in batches for root in batch.roots if isinstance(root, Issue)}


def last_cursor(batches: Iterator[Batch]) -> str:
    return list(batches)[-1].cursor


def cost_since(before: tuple[int, int], github: GitHub) -> tuple[int, int]:
    after = github.spent()
    return after[0] - before[0], after[1] - before[1]


def at(number: int) -> str:
    return (datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


def a_world(pulls: int = 1, issues: int = 1) -> World:
    """`acme/queue` with merged pull requests PR_1, PR_2 ..., the higher the later, and issues I_1, I_2 ..."""
    world = World()
    world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    ana, ben = person(world, "ana"), person(world, "ben")
    repository = a_repository(world, "queue")
    for number in range(1, issues + 1):
        an_issue(world, number)
    for number in range(1, pulls + 1):
        pull = model.PullRequest(
            id=f"PR_{number}",
            repository=repository,
            number=10_000 + number,
            author=ana,
            title="Keep it in order",
            body="## Why\nIt was not.",
            created_at=at(number),
            updated_at=at(number),
            merged_at=at(number),
            closed_at=at(number),
            files=[commits.ChangedFile("src/queue.py", 3, 1)],
        )
        add_commit(world, pull, f"{number}", [ana, ben], at(number))
        for turn in range(2):
            add_review(world, pull, f"{number}_{turn}", ben, at(number))
        add_thread(world, pull, f"{number}", [ben, ana], at(number))
        pull.comments.append(model.Comment(f"IC_{number}", ben, at(number), "Thanks.", pull))
        pull.closing += repository.issues[:1]
        repository.pull_requests.append(pull)
        world.index(pull)
    return world


def a_repository(world: World, name: str) -> model.Repository:
    return world.add_repository(model.Repository(f"R_{name}", world.accounts["acme"], name))


def an_issue(world: World, number: int) -> model.Issue:
    repository = world.repositories[SCOPE]
    issue = model.Issue(
        id=f"I_{number}",
        repository=repository,
        number=number,
        author=world.accounts["ben"],
        title="It is out of order",
        body="",
        created_at=at(number % 100),
        updated_at=at(number % 100),
    )
    repository.issues.append(issue)
    world.index(issue)
    return issue


def person(world: World, login: str) -> model.Account:
    return world.add_account(model.Account(f"U_{login}", login))


def add_review(world: World, pull: model.PullRequest, key: str, who: model.Account, when: str) -> None:
    pull.reviews.append(world.add(model.Review(f"PRR_{key}", pull, who, "COMMENTED", when, when, "Good.")))


def add_thread(
    world: World, pull: model.PullRequest, key: str, people: Sequence[model.Account], when: str
) -> None:
    said = [
        world.add(
            model.ReviewComment(f"PRRC_{key}_{turn:03}", pull, None, who, when, "Is it?", "src/queue.py", 1)
        )
        for turn, who in enumerate(people)
    ]
    pull.threads.append(world.add(model.ReviewThread(f"PRRT_{key}", pull, said)))


def add_commit(
    world: World, pull: model.PullRequest, key: str, people: Sequence[model.Account], when: str
) -> None:
    authors = [commits.GitActor(who.login, f"{who.login}@example.test", who) for who in people]
    commit = world.add(commits.Commit(f"C_{key}", f"oid{key}", when, "Keep it in order", authors))
    pull.commits.append(world.add(commits.PullRequestCommit(f"PRC_{key}", commit, pull)))
