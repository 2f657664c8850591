"""Personal mode's source: what one person did, beyond search's wall, proven by its counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.errors import Refused
from connectors.github.accounts import whoami
from connectors.github.own.connector import GitHubOwn
from connectors.github.settings import GitHubSettings
from connectors.github.titles import titles
from connectors.records import Account, Batch, Discussion, Inventory, Issue, PullRequest, Repository
from sandbox import resolvers
from sandbox.discussions import QUESTIONS, DiscussionComment
from sandbox.discussions import Discussion as Asked
from sandbox.model import Account as Person
from sandbox.model import Comment, Review
from sandbox.model import Issue as TheirIssue
from sandbox.model import PullRequest as TheirPull
from sandbox.model import Repository as Place
from sandbox.organisation.prolific import prolific
from sandbox.server import Running, running
from sandbox.world import World


def test_all_2500_pull_requests_of_one_person_are_found_behind_a_wall_of_a_thousand() -> None:
    with running(prolific(2_500, until=date(2026, 11, 24))) as server, own(server, "prolific") as source:
        counted = inventory(source)
        mine = {
            pull.id
            for place in server.holding.github.accounts["tidewater-works"].repositories
            for pull in place.pull_requests
            if pull.author and pull.author.login == "prolific"
        }
        assert len(mine) == 2_500
        assert mine <= counted.keys()
        # 3,000 pull requests and 125 issues, a hundred a request, and the searches that are cut in between
        assert source.spent()[0] <= 60


def test_what_a_person_opened_reviewed_commented_or_is_assigned_to_is_found_and_nothing_else() -> None:
    with running(a_world()) as server, own(server, "ada") as source:
        batches = everything(source)
    assert {pull.pull_request_id for pull in of(PullRequest, batches)} == {
        "P_own",
        "P_reviewed",
        "P_commented",
    }
    assert {issue.issue_id for issue in of(Issue, batches)} == {
        "I_own", "I_assigned", "I_commented", "I_closed_by_own"
    }  # fmt: skip
    assert {place.name for place in of(Repository, batches)} == {"acme/api"}
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_discussions_that_a_person_opened_or_answered_are_found_and_no_others() -> None:
    with running(with_discussions(a_world())) as server, own(server, "ada") as source:
        batches = everything(source)
    found = {each.discussion_id: each for each in of(Discussion, batches)}
    assert found.keys() == {"D_asked", "D_answered"}
    assert found["D_answered"].answered_by is not None
    assert found["D_answered"].answered_by.login == "ada"
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_more_discussions_than_search_reaches_are_found_by_splitting_their_days() -> None:
    world = with_discussions(a_world())
    for number in range(1_300):
        at = f"2026-0{1 + number % 9}-{1 + number % 28:02}T10:00:00Z"
        asks(world, f"D_{number}", "ada", at=at)
    with running(world) as server, own(server, "ada") as source:
        found = {each.object_id for each in inventory(source).values() if each.kind == "discussions"}
        assert source.spent()[0] < 40
    assert len(found) == 1_302


def test_an_answer_that_search_leaves_out_is_a_gap_in_discussions_alone() -> None:
    world = with_discussions(a_world())
    for kind in ("pull_requests", "issues"):
        getattr(world.repositories["acme/api"], kind).clear()
    for number in range(6):
        asks(world, f"D_{number}", "ada")
    with running(world, faults=["search_incomplete:99"]) as server, own(server, "ada") as source:
        gaps = [gap for batch in everything(source) for gap in batch.gaps]
    assert {(gap.kind, gap.reason) for gap in gaps} == {("discussions", "search_incomplete")}


def test_a_token_that_may_not_read_discussions_where_its_owner_works_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Search says nothing of what it leaves out: the places are asked themselves."""
    world = a_world()
    refuse(monkeypatch, world.repositories["acme/api"].discussions)
    with running(world) as server, own(server, "ada") as source:
        batches = everything(source)
    gaps = {(gap.kind, gap.reason) for batch in batches for gap in batch.gaps}
    assert gaps == {("discussions", "not_found")}
    assert len(of(PullRequest, batches)) == 3


def test_discussions_that_are_not_wanted_are_neither_searched_for_nor_claimed() -> None:
    with running(with_discussions(a_world())) as server:
        wanted = settings(server, "ada").model_copy(update={"discussions": False})
        with GitHubOwn(wanted, whoami(server.github, "sandbox-ada"), lambda _: None) as source:
            assert of(Discussion, everything(source)) == []
            assert "discussions" not in source.yields


def test_the_inventory_counts_what_was_fetched_without_asking_again() -> None:
    with running(a_world()) as server, own(server, "ada") as source:
        batches = everything(source)
        before = source.spent()
        counted = inventory(source)
        assert source.spent() == before
    fetched = {pull.pull_request_id for pull in of(PullRequest, batches)}
    assert counted.keys() == fetched | {issue.issue_id for issue in of(Issue, batches)}


def test_the_second_run_reads_only_what_changed() -> None:
    with running(a_world()) as server:
        with own(server, "ada") as source:
            cursor = everything(source)[0].cursor
        pull = server.holding.github.nodes["P_reviewed"]
        pull.updated_at = text(datetime.now(UTC))
        with own(server, "ada") as source:
            batches = list(source.fetch("own", cursor))
    assert [pull.pull_request_id for pull in of(PullRequest, batches)] == ["P_reviewed"]
    assert of(Issue, batches) == []


def test_what_was_once_asked_about_stays_asked_about() -> None:
    with running(a_world()) as server:
        with own(server, "ada", since=date(2026, 1, 1)) as source:
            cursor = everything(source)[0].cursor
        with own(server, "ada", since=date(2026, 9, 1)) as source:
            list(source.fetch("own", cursor))
            assert source.since == date(2026, 1, 1)
            assert "P_own" in inventory(source)


def test_nobodys_login_but_the_owners_is_told() -> None:
    with running(a_world()) as server, own(server, "ada") as source:
        batches = everything(source)
    logins = {account.login for batch in batches for account in accounts(batch.roots)}
    assert logins == {"ada", ""}


def test_a_page_that_lacks_results_is_asked_again_until_it_has_as_many_as_it_counts() -> None:
    with running(a_world(), faults=["search_incomplete:2"]) as server, own(server, "ada") as source:
        batches = everything(source)
    assert len(of(PullRequest, batches)) == 3
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_results_that_stay_away_are_a_gap_and_not_an_absence() -> None:
    with running(a_world(), faults=["search_incomplete:99"]) as server, own(server, "ada") as source:
        batches = everything(source)
    gaps = {(gap.kind, gap.reason) for batch in batches for gap in batch.gaps}
    assert gaps == {("pull_requests", "search_incomplete"), ("issues", "search_incomplete")}


def test_more_than_a_thousand_in_one_second_are_a_gap() -> None:
    world = a_world()
    place = world.repositories["acme/api"]
    for number in range(1_001):
        pull = TheirPull(**item(f"P_{number}", place, world.accounts["ada"]))
        place.pull_requests.append(pull)
        world.index(pull)
    with running(world) as server, own(server, "ada") as source:
        first = next(source.fetch("own", None))
        found = len(inventory(source))
    assert {(gap.kind, gap.reason) for gap in first.gaps} == {("pull_requests", "search_wall")}
    assert found >= 1_000


def test_an_organisation_behind_single_sign_on_is_a_gap() -> None:
    world = a_world()
    world.sso_organisations = {"acme"}
    with running(world) as server, own(server, "ada") as source:
        batches = everything(source)
    assert {gap.reason for batch in batches for gap in batch.gaps} == {"single_sign_on_missing"}


def test_a_classic_token_that_sees_public_repositories_only_is_a_gap() -> None:
    world = a_world()
    world.scopes_of["ada"] = "public_repo, read:user"
    with running(world) as server, own(server, "ada") as source:
        batches = everything(source)
    assert {gap.reason for batch in batches for gap in batch.gaps} == {"token_without_repo_scope"}


def test_a_token_that_became_somebody_elses_is_refused() -> None:
    with running(a_world()) as server:
        ben = whoami(server.github, "sandbox-ben")
        with GitHubOwn(settings(server, "ada"), ben) as source, pytest.raises(Refused, match="somebody else"):
            source.scopes()


def test_titles_are_asked_for_and_those_one_may_not_read_are_absent() -> None:
    with running(a_world()) as server:
        assert titles(settings(server, "ada"), ["P_own", "I_own", "gone"]) == {
            "P_own": "Mine",
            "I_own": "Why?",
        }


# --- builders ---

DAY = "2026-08-03T10:00:00Z"


def with_discussions(world: World) -> World:
    """One that Ada asked, one that she answered; beside them one she commented on, and one of Ben's."""
    asks(world, "D_asked", "ada")
    for name, author in (("D_answered", "ada"), ("D_commented", "ada"), ("D_other", "ben")):
        found = asks(world, name, "ben")
        found.comments.append(DiscussionComment(f"DC_{name}", world.accounts[author], DAY, "So.", found))
    answered = world.nodes["D_answered"]
    answered.answer, answered.answer_chosen_by = answered.comments[0], world.accounts["ben"]
    answered.answer_chosen_at = DAY
    return world


def asks(world: World, name: str, login: str, at: str = DAY) -> Asked:
    place = world.repositories["acme/api"]
    place.has_discussions_enabled = True
    number = 1_000 + len(place.discussions)
    author = world.accounts[login]
    return world.add_discussion(
        Asked(name, place, number, author, "Which one?", "", at, QUESTIONS, updated_at=at)
    )


def refuse(monkeypatch: pytest.MonkeyPatch, kept: object) -> None:
    """From now on the sandbox refuses to list this; search goes on to leave it out."""
    listing = resolvers._sorted

    def listing_but(info: Any, things: Any, *rest: Any) -> Any:
        if things is kept:
            raise resolvers.NotFound("Resource not accessible by personal access token")
        return listing(info, things, *rest)

    monkeypatch.setattr(resolvers, "_sorted", listing_but)


def a_world() -> World:
    """Ada's own pull request and issue; Ben's, with and without a trace of her."""
    world = World()
    ada, ben = (world.add_account(Person(f"U_{name}", name)) for name in ("ada", "ben"))
    place = world.add_repository(Place("R_1", world.add_account(Person("O", "acme", "Organization")), "api"))

    def pull(name: str, author: Person, title: str = "") -> TheirPull:
        made = TheirPull(**item(name, place, author, title))
        place.pull_requests.append(made)
        return made

    def issue(name: str, author: Person, title: str = "") -> TheirIssue:
        made = TheirIssue(**item(name, place, author, title))
        place.issues.append(made)
        return made

    mine, reviewed, commented = pull("P_own", ada, "Mine"), pull("P_reviewed", ben), pull("P_commented", ben)
    items = [mine, reviewed, commented, pull("P_other", ben)]
    mine.reviews.append(Review("V_ben", mine, ben, "APPROVED", DAY, DAY))
    reviewed.reviews.append(Review("V_ada", reviewed, ada, "APPROVED", DAY, DAY))
    commented.comments.append(Comment("C_1", ada, DAY, "Hm.", commented))
    asked, assigned, answered = (
        issue("I_own", ada, "Why?"),
        issue("I_assigned", ben),
        issue("I_commented", ben),
    )
    closed = issue("I_closed_by_own", ben)
    found: list[TheirPull | TheirIssue] = [*items, asked, assigned, answered, closed, issue("I_other", ben)]
    assigned.assignees.append(ada)
    answered.comments.append(Comment("C_2", ada, DAY, "So.", answered))
    mine.closing.append(closed)
    for each in found:
        world.index(each)
    return world


def item(name: str, place: Place, author: Person, title: str = "") -> dict[str, Any]:
    number = int.from_bytes(name.encode()[-4:])
    return {"id": name, "repository": place, "number": number, "author": author, "title": title, "body": "",
            "created_at": DAY, "updated_at": DAY}  # fmt: skip


def settings(server: Running, login: str, since: date = date(2026, 1, 1)) -> GitHubSettings:
    return GitHubSettings(base_url=server.github, token=SecretStr(f"sandbox-{login}"), since=since)


@contextmanager
def own(server: Running, login: str, since: date = date(2026, 1, 1)) -> Iterator[GitHubOwn]:
    owner = whoami(server.github, f"sandbox-{login}")
    with GitHubOwn(settings(server, login, since), owner, lambda _: None) as source:
        yield source


def everything(source: GitHubOwn) -> list[Batch]:
    [scope] = source.scopes()
    return list(source.fetch(scope, None))


def inventory(source: GitHubOwn) -> dict[str, Inventory]:
    return {each.object_id: each for each in source.inventory("own")}


def of(kind: type[Any], batches: Sequence[Batch]) -> list[Any]:
    return [root for batch in batches for root in batch.roots if isinstance(root, kind)]


def accounts(value: object) -> Iterator[Account]:
    if isinstance(value, Account):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from accounts(each)
    elif is_dataclass(value):
        for part in fields(value):
            yield from accounts(getattr(value, part.name))


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
