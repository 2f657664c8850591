"""GitHub: pull requests, reviews, threads and issues, repository by repository.

Source: GraphQL of github.com or an Enterprise Server, as a token or a GitHub App.
Cursor: JSON: per repository and kind the moment up to which everything was read, and the page of an
    unfinished walk.
Yields: Repository, PullRequest and Issue, each whole; one batch a page.
Never: titles, bodies, messages, label text, branch names, e-mail addresses; exact times.
Raises: Refused, Unreachable, RateLimited, PayloadBroken, each after the last whole batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import TracebackType
from typing import Any

from connectors.errors import Refused
from connectors.github import payloads
from connectors.github.client import Client, CursorRefused, Page
from connectors.github.documents import heads
from connectors.github.pages import CONNECTIONS, KINDS, Kind, Listed, Pages, gaps_of
from connectors.github.progress import (
    OVERLAP,
    Progress,
    Reading,
    first_walk,
    iso,
    next_walk,
    progress_from,
)
from connectors.github.settings import GitHubSettings, matches
from connectors.github.transport import TooHeavy
from connectors.github.whole import MOST_IN_A_LIST, complete
from connectors.records import Batch, Gap, Inventory, Issue, PullRequest, Repository

HEADS_AT_ONCE = 50
"""Fifty repositories, two lists each: one point."""
HEADS_KEPT_SECONDS = 300
MOST_ROUNDS = 4
"""Walks in one fetch; what still moves after the last is the next run's."""


@dataclass(frozen=True, slots=True)
class Head:
    """When the last updated pull requests and issues of a repository were updated."""

    repository: Repository | None
    """None where one of its lists may not be read."""
    moved: dict[Kind, list[str]]
    looked_at: int
    """How many of each kind were asked for."""
    said_at: str
    asked_at: float


class _Trip:
    """Where one fetch stands."""

    def __init__(self, scope: str, progress: Progress) -> None:
        self.scope = scope
        self.progress = progress
        self.had_several_pages = False


class GitHub:
    """The connector. Close it, or use it in a `with`, to close its connections."""

    source = "github"
    yields = (
        "repositories",
        "pull_requests",
        "closing_references",
        "incident_references",
        "commits",
        "commit_authors",
        "reviews",
        "review_threads",
        "review_comments",
        "pull_request_events",
        "pull_request_files",
        "reverted_changes",
        "comments",
        "issues",
        "issue_assignees",
        "issue_events",
    )

    def __init__(self, settings: GitHubSettings, pause: Callable[[float], None] = time.sleep) -> None:
        self.since: date = settings.starts_on
        self._settings = settings
        self._client = Client(settings, pause)
        self._pages = Pages(self._client, settings)
        # One request ahead of the records being made: two at a time is what GitHub has patience for.
        self._ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="github-ahead")
        self._scopes: list[str] = []
        self.remarks: list[str] = []
        """What whoever wrote the settings should know, once `scopes` was asked."""
        self.left_out: frozenset[str] = frozenset()
        """Repositories, in small letters, that are listed and that the settings keep out."""
        self._heads: dict[str, Head | str] = {}
        self._told = (0, 0)

    def __enter__(self) -> GitHub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection."""
        self._ahead.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far."""
        return self._client.requests, self._client.points

    def scopes(self) -> Sequence[str]:
        """The configured repositories, then those of the organisations.

        Of an organisation's, those that the settings let in: by pattern, archived and forked ones by rule.
        """
        found = {name.casefold(): name for name in self._settings.repositories}
        listed: list[str] = []
        for owner in self._settings.organisations:
            for name, is_wanted in self._pages.repositories_of(owner):
                listed.append(name)
                if is_wanted:
                    found.setdefault(name.casefold(), name)
        self._scopes = [name for name in found.values() if not self._settings.leaves_out(name)]
        self.remarks = [
            f"github.include: no repository of {' or '.join(self._settings.organisations)} matches "
            f"'{pattern}'; check the spelling"
            for pattern in self._settings.include
            if not any(matches(name, pattern) for name in listed)
        ]
        self.left_out = frozenset(name.casefold() for name in listed) - {
            name.casefold() for name in self._scopes
        }
        self._heads.clear()
        return tuple(self._scopes)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything updated since `cursor`, a batch a page.

        A quiet repository costs one request, shared with the fifty that follow it in `scopes()`.
        """
        trip = _Trip(scope, progress_from(cursor, self.since))
        unread = [kind for kind in KINDS if _is_unread(trip.progress.reading(kind))]
        for kind in unread:
            yield from self._walk(trip, kind, self._pages.size(scope, kind))
        if unread and not trip.had_several_pages:
            return
        # After a walk of this very run there is no lag to make up for.
        overlap = timedelta(0) if unread else OVERLAP
        for _ in range(MOST_ROUNDS):
            head = self._head(scope, may_be_shared=overlap == OVERLAP)
            behind = _behind(head, trip.progress, overlap)
            for kind, count in behind.items():
                if not count:
                    trip.progress = trip.progress.with_reading(kind, Reading(head.said_at))
            if not any(behind.values()):
                yield self._batch((head.repository,) if head.repository else (), trip.progress)
                return
            trip.had_several_pages = False
            for kind, count in behind.items():
                if count:
                    until = trip.progress.reading(kind).until
                    assert until is not None
                    reading = Reading(until, next_walk(until, overlap))
                    trip.progress = trip.progress.with_reading(kind, reading)
                    page = self._pages.size(scope, kind)
                    if count < head.looked_at:
                        # One more than moved: by it the page shows that it is the last.
                        page = Page(min(page.size, count + 1))
                    yield from self._walk(trip, kind, page)
            if not trip.had_several_pages:
                return
            overlap = timedelta(0)

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every pull request and issue updated since `since`, with what GitHub counts below it."""
        yield from self._pages.inventory(scope)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These pull requests or issues again, whole."""
        if kind not in KINDS:
            raise ValueError(f"github hydrates pull_requests and issues, not {kind!r}")
        known: Kind = "issues" if kind == "issues" else "pull_requests"
        size = self._pages.size(scope, known).size
        ids = list(dict.fromkeys(object_ids))
        for start in range(0, len(ids), size):
            found, gaps, gone = self._pages.by_id(known, ids[start : start + size])
            gaps += self._completed(known, found, MOST_IN_A_LIST)
            roots = tuple(self._record(known, payload) for payload in found)
            yield self._batch(roots, None, tuple(gaps), tuple(gone))

    def _walk(self, trip: _Trip, kind: Kind, page: Page) -> Iterator[Batch]:
        """Batches of one kind from the walk's page down to its floor; each has its progress in its cursor."""
        before = trip.progress.reading(kind)
        walk = before.walk or first_walk(self.since)
        listed = self._first_page(trip.scope, kind, walk.after, page)
        while True:
            walk = replace(walk, started=walk.started or iso(listed.said_at), pages=walk.pages + 1)
            trip.had_several_pages |= walk.pages > 1
            fresh = [node for node in listed.nodes if node["updatedAt"] >= walk.floor]
            is_last = not listed.after or len(fresh) < len(listed.nodes)
            ahead: Future[Listed] | None = None
            is_wanted = False
            if not is_last:
                walk = replace(walk, after=listed.after)
                ahead = self._ahead.submit(self._pages.listed, trip.scope, kind, listed.after, page)
            try:
                gaps = [*listed.gaps, *self._completed(kind, fresh, listed.lists)]
                if listed.is_refused:
                    # Nothing was read; once it may be, it is read from where it stood.
                    reading = Reading(before.until)
                else:
                    reading = Reading(walk.started) if is_last else Reading(before.until, walk)
                trip.progress = trip.progress.with_reading(kind, reading)
                records = [self._record(kind, payload) for payload in fresh]
                repository = (payloads.repository(listed.repository),) if listed.repository else ()
                roots = (*repository, *records)
                yield self._batch(roots, trip.progress, tuple(gaps))
                is_wanted = True
            finally:
                if ahead is not None and not is_wanted:
                    ahead.cancel()
            if ahead is None:
                return
            listed = ahead.result()

    def _completed(self, kind: Kind, nodes: Sequence[dict[str, Any]], lists: int) -> list[Gap]:
        holes = complete(self._client, nodes, kind, lists)
        return [
            gap
            for node in nodes
            for gap in gaps_of(node, (one for one in holes if one.object_id == node["id"]))
        ]

    def _first_page(self, scope: str, kind: Kind, after: str | None, page: Page) -> Listed:
        try:
            return self._pages.listed(scope, kind, after, page)
        except CursorRefused:
            return self._pages.listed(scope, kind, None, page)

    def _head(self, scope: str, *, may_be_shared: bool) -> Head:
        """What moved last in a repository, asked together with the ones after it where that serves."""
        kept = self._heads.pop(scope, None) if may_be_shared else None
        if isinstance(kept, Head) and time.monotonic() - kept.asked_at > HEADS_KEPT_SECONDS:
            kept = None
        if kept is None:
            others = []
            if may_be_shared and scope in self._scopes:
                start = self._scopes.index(scope) + 1
                others = self._scopes[start : start + HEADS_AT_ONCE - 1]
            try:
                self._heads |= self._ask_heads([scope, *others])
            except TooHeavy:
                self._client.check_alive()
                self._heads |= self._ask_heads([scope])
            kept = self._heads.pop(scope)
        if isinstance(kept, str):
            raise Refused(self._pages.not_there(scope, kept))
        return kept

    def _ask_heads(self, scopes: list[str]) -> dict[str, Head | str]:
        variables: dict[str, Any] = {}
        page = Page(self._settings.page_size)
        for index, scope in enumerate(scopes):
            variables[f"owner{index}"], variables[f"name{index}"] = scope.split("/")
        answer = self._client.graphql(heads(len(scopes)), variables, page)
        found: dict[str, Head | str] = {}
        for index, scope in enumerate(scopes):
            alias = f"r{index}"
            told = answer.data[alias]
            where, code = next(iter(answer.refused_below(alias).items()), ((), "not_found"))
            if told is None and not where:
                found[scope] = code
                continue
            # What may not be read counts as moved: the walk then says so, every night.
            found[scope] = Head(
                payloads.repository(told) if told else None,
                {kind: _moved(told, kind, iso(answer.said_at)) for kind in KINDS},
                page.size,
                iso(answer.said_at),
                time.monotonic(),
            )
        return found

    def _record(self, kind: Kind, payload: dict[str, Any]) -> PullRequest | Issue:
        if kind == "issues":
            return payloads.issue(payload, self._settings.labels, self._settings.bots)
        return payloads.pull_request(payload, self._settings.bots, self._settings.team_tools)

    def _batch(
        self,
        roots: tuple[Repository | PullRequest | Issue, ...],
        progress: Progress | None,
        gaps: tuple[Gap, ...] = (),
        gone: tuple[str, ...] = (),
    ) -> Batch:
        requests, points = self.spent()
        told_requests, told_points = self._told
        self._told = (requests, points)
        return Batch(
            roots=roots,
            cursor=progress.cursor() if progress else "",
            gaps=gaps,
            requests=requests - told_requests,
            points=points - told_points,
            gone=gone,
        )


def _moved(told: dict[str, Any] | None, kind: Kind, said_at: str) -> list[str]:
    if told is None:
        return [said_at]
    return [node["updatedAt"] if node else said_at for node in told[CONNECTIONS[kind]]["nodes"]]


def _is_unread(reading: Reading) -> bool:
    return reading.walk is not None or reading.until is None


def _behind(head: Head, progress: Progress, overlap: timedelta) -> dict[Kind, int]:
    """How many of the last updated of each kind were updated since they were read.

    Kinds that may not be read, and so never were, are left out.
    """
    behind: dict[Kind, int] = {}
    for kind in KINDS:
        until = progress.reading(kind).until
        if until is not None:
            floor = next_walk(until, overlap).floor
            behind[kind] = sum(1 for moved in head.moved[kind] if moved >= floor)
    return behind
