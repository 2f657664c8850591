"""What GitHub does on a bad day: a fetch ends complete, names the gap, or says what to do."""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from connectors.errors import PayloadBroken, RateLimited, Refused, SourceError, Unreachable
from connectors.github.api.client import PageSize
from connectors.github.api.credentials import Credentials
from connectors.github.api.rate_limits import Limited, Token, TokenPool
from connectors.github.api.transport import Reply, Transport
from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Gap, Inventory, Issue, PullRequest
from sandbox import model
from sandbox.faults import FAULTS
from sandbox.graphql_context import NotFound
from sandbox.server import Running, running
from sandbox.world import World

SCOPE = "acme/queue"
PULLS, ISSUES, REVIEWS, COMMENTS = 17, 12, 34, 17


@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_one_bad_answer_loses_nothing(name: str, skip: int) -> None:
    with fetching(lambda on: on(name, 1, skip=skip, limit=3 if name == "page_too_heavy" else None)) as found:
        found.fetch()
    assert found.counts() == (PULLS, ISSUES, REVIEWS, COMMENTS)
    assert found.gaps == []
    assert found.error is None


@pytest.mark.parametrize("limit", [1, 4])
def test_pages_shrink_until_github_can_give_them(limit: int) -> None:
    with fetching(lambda on: on("page_too_heavy", limit=limit)) as found:
        found.fetch()
    assert (found.counts(), found.gaps, found.error) == ((PULLS, ISSUES, REVIEWS, COMMENTS), [], None)


def test_null_nodes_are_a_page_too_large_and_never_an_empty_page() -> None:
    with fetching(lambda on: on("resource_limits", 1_000, limit=2)) as found:
        found.fetch()
    assert (found.counts(), found.gaps, found.error) == ((PULLS, ISSUES, REVIEWS, COMMENTS), [], None)


def test_one_pull_request_that_github_can_never_give_is_a_gap_and_the_rest_arrives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    monkeypatch.setattr(model.PullRequest, "state", property(_state_of_all_but_the_fifth))
    with fetching(world=world) as found:
        found.fetch()
    assert found.error is None
    assert (len(found.pulls), "PR_5" in found.pulls) == (PULLS - 1, False)
    assert found.gaps == [
        Gap("pull_requests", date(2026, 1, 5), date(2026, 1, 6), "too_heavy", "PR_5"),
    ]


def test_an_object_that_stays_hidden_is_a_gap_and_the_rest_is_kept() -> None:
    """In what moved last, in the list, and in the list asked for once more."""
    with fetching(lambda on: on("not_found_node", 3)) as found:
        found.fetch()
    assert (len(found.pulls), len(found.issues)) == (PULLS - 1, ISSUES)
    assert [(gap.kind, gap.reason) for gap in found.gaps] == [("pull_requests", "not_found")]


def test_a_list_that_may_not_be_read_is_a_gap_and_is_read_from_the_top_once_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    issues, slot = world.repositories[SCOPE].issues, model.Repository.issues
    monkeypatch.setattr(model.Repository, "issues", property(_refused))
    with fetching(world=world) as found:
        for _ in range(2):
            found.fetch()
            assert found.error is None
            assert (len(found.pulls), len(found.issues)) == (PULLS, 0)
        assert {(gap.kind, gap.starts_on) for gap in found.gaps} == {("issues", date(2008, 1, 1))}
        told = Counter(each.kind for each in found.github.inventory(SCOPE) if isinstance(each, Inventory))
        assert told == {"pull_requests": PULLS}, "what may be read is counted all the same"
        monkeypatch.setattr(model.Repository, "issues", slot)
        found.fetch()
    assert len(found.issues) == len(issues) == ISSUES


def test_a_comment_that_stays_hidden_is_a_gap_on_the_days_of_its_pull_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model.ReviewComment, "state", property(_state_of_all_but_the_fifth_comment))
    with fetching() as found:
        found.fetch()
    assert (len(found.pulls), found.counts()[3]) == (PULLS, COMMENTS - 1)
    assert found.gaps == [
        Gap("review_comments", date(2026, 1, 5), date(2026, 1, 6), "not_found", "PR_5"),
    ]


def test_an_object_is_gone_only_when_github_says_so_twice() -> None:
    with fetching(lambda on: on("not_found_node", 1)) as found:
        batches = list(found.github.hydrate(SCOPE, "pull_requests", ["PR_1", "PR_2"]))
    assert [batch.gone for batch in batches] == [()]
    assert len(batches[0].roots) == 2


def test_an_outage_is_raised_after_the_last_complete_batch_and_the_next_run_goes_on() -> None:
    # one at a time, or the seven that are answered may be spent on batches of which none is complete
    with fetching(lambda on: on("bad_gateway", 10_000, skip=7), requests_at_once=1) as found:
        found.fetch()
        assert isinstance(found.error, PayloadBroken)
        assert 0 < len(found.pulls) < PULLS
        found.server.sandbox.faults.switch("bad_gateway", 0)
        found.fetch()
    assert (found.counts(), found.gaps, found.error) == ((PULLS, ISSUES, REVIEWS, COMMENTS), [], None)


def test_an_outage_is_not_asked_for_every_object() -> None:
    with fetching(lambda on: on("bad_gateway", 10_000, skip=2)) as found:
        found.fetch()
    assert found.github.spent()[0] < 40


def test_a_secondary_limit_is_waited_for_as_long_as_github_says() -> None:
    with fetching(lambda on: on("secondary_403", 1, seconds=42)) as found:
        found.fetch()
    assert found.waits == [42]


def test_a_secondary_limit_without_a_time_is_waited_for_ever_longer() -> None:
    with fetching(lambda on: on("too_many_429_without_retry_after", 3)) as found:
        found.fetch()
    assert found.waits == [60, 120, 240]


@pytest.mark.parametrize("name", ["rate_limited_200", "rate_limited_403"])
def test_a_spent_budget_is_waited_for_until_its_reset(name: str) -> None:
    with fetching(lambda on: on(name, 1, seconds=300)) as found:
        found.fetch()
    assert len(found.waits) == 1
    assert 299 <= found.waits[0] <= 302


@pytest.mark.parametrize("name", ["rate_limited_200", "rate_limited_403", "secondary_403", "too_many_429"])
def test_a_wait_beyond_the_limit_stops_the_run_where_the_next_goes_on(name: str) -> None:
    with fetching(lambda on: on(name, 10_000, seconds=1_000, skip=4)) as found:
        found.fetch()
        assert isinstance(found.error, RateLimited)
        assert "the next run goes on from here" in str(found.error)
        assert found.waits == []
        found.server.sandbox.faults.switch(name, 0)
        asked = found.github.spent()
        found.fetch()
        assert isinstance(found.error, RateLimited)
        assert found.github.spent() == asked, "GitHub asked for patience, and nobody asks again meanwhile"
        found.start_again()
        found.fetch()
    assert found.counts() == (PULLS, ISSUES, REVIEWS, COMMENTS)


def test_a_second_token_goes_on_where_the_first_has_spent_its_hour() -> None:
    with fetching(points_an_hour=8) as found:
        found.fetch()
    assert isinstance(found.error, RateLimited)
    with fetching(points_an_hour=8, more_tokens=("sandbox-ana",)) as found:
        found.fetch()
        assert found.github.plan({}).budget == (16 - found.github.spent()[1], 16)
    assert (found.counts(), found.gaps, found.error) == ((PULLS, ISSUES, REVIEWS, COMMENTS), [], None)
    assert found.waits == []


def test_a_token_that_was_told_to_wait_asks_less_at_once_and_slowly_more_again() -> None:
    transport = Transport("http://127.0.0.1:1", Credentials(None))
    pool = TokenPool([Token(transport, 6)], lambda _: None)
    seen = []
    for answer in [Limited(1), Limited(1), *[None] * 100]:
        with pool.free_token(2) as turn:
            assert turn is not None
            token, _ = turn
            if answer:
                pool.refused(token, answer)
            else:
                pool.went_well(token, Reply(200, {}, ""))
            seen.append(token.at_once)
    assert (seen[0], seen[1], seen[-1]) == (3, 1, 3)


def test_a_wait_that_never_ends_is_no_endless_wait() -> None:
    with fetching(lambda on: on("secondary_403", 10_000, seconds=0)) as found:
        found.fetch()
    assert isinstance(found.error, RateLimited)
    assert len(found.waits) <= 10


def test_bad_credentials_are_refused_at_once() -> None:
    with fetching(token="wrong") as found:
        found.fetch()
    assert isinstance(found.error, Refused)
    assert found.github.spent()[0] == 2


def test_no_credentials_are_refused() -> None:
    with fetching(token=None) as found:
        found.fetch()
    assert isinstance(found.error, Refused)


def test_a_host_that_is_not_there_is_told_in_seconds() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    waits: list[float] = []
    nowhere = GitHub(GitHubSettings(base_url=address, token="t0ken"), waits.append)
    with nowhere as github, pytest.raises(Unreachable, match="cannot be reached; check base_url"):
        list(github.fetch(SCOPE, None))
    assert sum(waits) < 3


def test_something_that_is_no_github_is_refused_in_one_sentence() -> None:
    with fetching() as found:
        address = found.server.base + "/elsewhere/api/v3"
        elsewhere = GitHub(GitHubSettings(base_url=address, token="sandbox-token"), found.waits.append)
        with elsewhere as github, pytest.raises(Refused, match="nothing at this address; check base_url"):
            list(github.fetch(SCOPE, None))


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_no_error_and_no_log_line_holds_the_token_or_what_was_asked(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with fetching(lambda on: on(name, 10_000, seconds=10_000, limit=0)) as found:
        found.fetch()
    told = f"{found.error} {found.error.__cause__ if found.error else ''} {caplog.text}"
    for secret in ("sandbox-token", "pullRequests", "acme", "PR_"):
        assert secret not in told
    assert "\n" not in str(found.error)


def test_a_page_is_halved_and_after_a_while_doubled_again() -> None:
    page = PageSize(20)
    page.halve()
    page.halve()
    sizes = []
    for _ in range(20):
        page.keep()
        sizes.append(page.size)
    assert (sizes[0], sizes[-1]) == (5, 20)


def test_a_size_that_failed_twice_is_not_tried_again() -> None:
    page = PageSize(20)
    page.halve()
    for _ in range(8):
        page.keep()
    assert page.size == 20
    page.halve()
    for _ in range(50):
        page.keep()
    assert page.size == 10


# --- builders ---------------------------------------------------------------------------------------


class Fetched:
    """What came of fetching while things went wrong."""

    def __init__(self, settings: GitHubSettings, server: Running, waits: list[float]) -> None:
        self.settings, self.server, self.waits = settings, server, waits
        self.github = GitHub(settings, lambda wait: _note(waits, wait))
        self.pulls: dict[str, PullRequest] = {}
        self.issues: dict[str, Issue] = {}
        self.gaps: list[Gap] = []
        self.error: SourceError | None = None
        self.cursor: str | None = None

    def start_again(self) -> None:
        """As another night does: with nothing but the cursor."""
        self.github.close()
        self.github = GitHub(self.settings, lambda wait: _note(self.waits, wait))

    def fetch(self) -> None:
        self.error = None
        try:
            for batch in self.github.fetch(SCOPE, self.cursor):
                self.cursor = batch.cursor
                self.gaps += batch.gaps
                self.pulls |= {
                    one.pull_request_id: one for one in batch.roots if isinstance(one, PullRequest)
                }
                self.issues |= {one.issue_id: one for one in batch.roots if isinstance(one, Issue)}
        except SourceError as error:
            self.error = error

    def counts(self) -> tuple[int, int, int, int]:
        pulls = self.pulls.values()
        said = [comment for pull in pulls for thread in pull.threads for comment in thread.comments]
        return len(pulls), len(self.issues), sum(len(pull.reviews) for pull in pulls), len(said)


@contextmanager
def fetching(
    spoil: Callable[[Callable[..., Any]], Any] | None = None,
    world: World | None = None,
    points_an_hour: int = 5_000,
    **chosen: Any,
) -> Iterator[Fetched]:
    waits: list[float] = []
    with running(world or a_world(), points_an_hour=points_an_hour) as server:
        asked = {"base_url": server.github, "page_size": 5, "token": "sandbox-token"} | chosen
        found = Fetched(GitHubSettings(**asked), server, waits)
        if spoil:
            spoil(server.sandbox.faults.switch)
        try:
            yield found
        finally:
            found.github.close()


def _state_of_all_but_the_fifth(pull: model.PullRequest) -> str:
    # Whatever page it stands in, the fifth makes it fail; that it exists can be told.
    if pull.id == "PR_5":
        raise ValueError("something went wrong")
    return "OPEN"


def _state_of_all_but_the_fifth_comment(comment: model.ReviewComment) -> str:
    if comment.id == "PRRC_5":
        raise NotFound("it may not be read")
    return "SUBMITTED"


def _refused(repository: model.Repository) -> None:
    raise NotFound(f"{repository.name} may not be read")


def _note(waits: list[float], wait: float) -> None:
    # Backoffs are fractions of seconds with chance in them; what GitHub asks for is whole.
    if wait >= 5 or wait == int(wait):
        waits.append(wait)
    time.sleep(0)


def a_world() -> World:
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    ana = world.add_account(model.Account("U_ana", "ana"))
    ben = world.add_account(model.Account("U_ben", "ben"))
    repository = world.add_repository(model.Repository("R_queue", acme, "queue"))
    for number in range(1, PULLS + 1):
        when = f"2026-01-{number:02}T12:00:00Z"
        pull = model.PullRequest(
            id=f"PR_{number}",
            repository=repository,
            number=100 + number,
            author=ana,
            title="Keep it in order",
            body="",
            created_at=when,
            updated_at=when,
        )
        for turn in range(2):
            pull.reviews.append(
                model.Review(f"PRR_{number}_{turn}", pull, ben, "COMMENTED", when, when, "Good.")
            )
        said = model.ReviewComment(f"PRRC_{number}", pull, pull.reviews[0], ben, when, "Is it?")
        pull.threads.append(model.ReviewThread(f"PRRT_{number}", pull, [said]))
        repository.pull_requests.append(pull)
        world.index(pull)
    for number in range(1, ISSUES + 1):
        when = f"2026-02-{number:02}T12:00:00Z"
        issue = model.Issue(
            id=f"I_{number}",
            repository=repository,
            number=number,
            author=ben,
            title="Out of order",
            body="",
            created_at=when,
            updated_at=when,
        )
        repository.issues.append(issue)
        world.index(issue)
    return world
