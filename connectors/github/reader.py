"""The repositories that one set of credentials reads, each from a cursor, in parts that can be stored.

The objects of a repository are listed first, as ids, moments and counts, and then loaded by id. So objects
that change while they are listed are not lost, and several requests can be under way.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from connectors.contract import Connector, ThreadState
from connectors.errors import Refused, SourceError
from connectors.github import payloads
from connectors.github.api.access import visible_ids
from connectors.github.api.client import Client, CursorRefused
from connectors.github.api.documents import document
from connectors.github.api.transport import TooHeavy
from connectors.github.by_id import objects_by_id
from connectors.github.cursor import (
    OVERLAP,
    KindProgress,
    Progress,
    Walk,
    first_walk,
    iso,
    next_walk,
    progress_from,
)
from connectors.github.listing import Head, Listed, Node, Pages, inventory_entry
from connectors.github.loading import Loaded, Loader, cancel
from connectors.github.planning import Cost
from connectors.github.query_batches import KINDS, MOST_AT_ONCE, Kind, kind_of
from connectors.github.settings import GitHubSettings
from connectors.plans import Plan
from connectors.records import (
    Batch,
    Discussion,
    Gap,
    Inventory,
    Issue,
    PullRequest,
    Repository,
)

HEADS_AT_ONCE = 50
"""Fifty repositories, two lists each: one point."""
HEADS_KEPT_SECONDS = 3_600
"""What changes after the request is left to the next run, which begins at the moment of the request."""
PAGES_A_PART = 3
"""Three hundred objects are stored together: enough for few query batches, little to read again."""
PARTS_AHEAD = 2
"""Parts that are being loaded while one is being stored."""
MOST_ROUNDS = 4
"""Walks in one fetch; what still moves after the last is the next run's."""


@dataclass(frozen=True, slots=True)
class _WalkPart:
    """A few pages of a walk, and where the walk stands after them."""

    kind: Kind
    nodes: list[Node]
    gaps: list[Gap]
    repository: Repository | None
    reading: KindProgress
    is_complete_walk: bool
    """The only part of a walk of one page: nothing had time to move."""


class _FetchedInventory:
    """The inventory that a fetch has seen: it need not be requested again the same night."""

    def __init__(self, scope: str = "") -> None:
        self.scope = scope
        self.is_from_the_top = True
        self.is_complete = False
        self.objects: dict[str, Inventory] = {}


class Reader(Connector):
    """Reads repositories that the same credentials can see. Not for two threads at once."""

    source = "github"
    names_all = True
    can_check_threads = True
    remedies: Mapping[str, str] = {"discussions": ", or set github.discussions to false"}

    def __init__(
        self,
        settings: GitHubSettings,
        client: Client,
        yields: tuple[str, ...],
        without_discussions: Collection[str],
    ) -> None:
        self.since: date = settings.starts_on
        self.yields = yields
        self.client = client
        self._settings = settings
        self._pages = Pages(client, settings, without_discussions)
        self._loader = Loader(client, self._pages)
        self.expected: Sequence[str] = ()
        """What will be fetched, in this order: the first pages of the next fifty come in one request."""
        self.unreadable: dict[str, Refused] = {}
        """Scopes that no credentials can read, and why."""
        self._heads: dict[str, Head | str] = {}
        self._fetched = _FetchedInventory()

    def close(self) -> None:
        """Waits for requests under way."""
        self._loader.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points of these credentials so far."""
        return self.client.requests, self.client.points

    def scopes(self) -> Sequence[str]:
        """What it is expected to read."""
        return self.expected

    def expect(self, scopes: Sequence[str]) -> None:
        """Says what will be fetched, and forgets the first pages known so far."""
        self.expected = scopes
        self._heads.clear()

    def plan(self, cursors: Mapping[str, str | None]) -> Plan:
        """What a fetch of these scopes from these cursors needs, by what moved last in each."""
        cost = Cost()
        scopes = list(cursors)
        for start in range(0, len(scopes), HEADS_AT_ONCE):
            chunk = scopes[start : start + HEADS_AT_ONCE]
            try:
                self._heads |= self._pages.heads(chunk)
            except TooHeavy:
                continue  # requested one by one later
            for scope in chunk:
                head, progress = self._heads[scope], progress_from(cursors[scope], self.since)
                if isinstance(head, Head):
                    for kind in KINDS:
                        reading = progress.of_kind(kind)
                        cost.add(kind, head, _walk(reading, self.since, OVERLAP), is_unread=not reading.until)
        return cost.plan(self.client.budget(), len(self.client.tokens))

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything updated since `cursor`, a batch for a few hundred objects.

        A quiet repository costs one request, shared with the fifty that follow it in `scopes()`.
        """
        if scope in self.unreadable:
            raise self.unreadable[scope]
        progress = progress_from(cursor, self.since)
        self._fetched = _FetchedInventory(scope)
        overlap = OVERLAP
        kinds = [progress.of_kind(kind) for kind in self._pages.kinds(scope)]
        is_settled = all(reading.until and not reading.walk for reading in kinds)
        for turn in range(MOST_ROUNDS):
            head = self._head(scope, may_be_shared=turn == 0)
            has_read = took_long = False
            for kind in self._pages.kinds(scope):
                walk = _walk(progress.of_kind(kind), self.since, overlap)
                if turn == 0:
                    self._fetched.is_from_the_top &= walk == first_walk(self.since)
                for part, loaded in self._walked(scope, kind, walk, head):
                    progress = progress.with_kind(kind, part.reading)
                    if part.nodes or part.gaps:
                        yield self._batch(part, loaded, progress)
                        has_read = True
                    took_long |= not part.is_complete_walk
            if not has_read:
                # nothing moved, so the old bookmark is as good as a new one, and nothing has to be written
                kept = cursor if is_settled and turn == 0 and cursor else progress.cursor()
                repository = head.repository
                yield Batch((payloads.repository(repository),) if repository else (), kept)
            if not took_long:
                break
            # What moved while we walked stands above where the walk began; there is no lag to make up for.
            overlap = timedelta(0)
        self._fetched.is_complete = self._fetched.is_from_the_top

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """Whatever was updated since `since`, with what GitHub counts below it; a gap for a refused list.

        After a fetch that listed them all, what it saw; the second time, a new request.
        """
        fetched, self._fetched = self._fetched, _FetchedInventory()
        if fetched.scope == scope and fetched.is_complete:
            yield from fetched.objects.values()
        else:
            yield from self._pages.inventory(scope)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects again, complete.

        Raises Refused where the repository can no longer be seen.
        """
        if kind not in KINDS:
            raise ValueError(f"github hydrates {', '.join(KINDS)}, not {kind!r}")
        known: Kind = next(each for each in KINDS if each == kind)
        ids = list(dict.fromkeys(object_ids))
        most = PAGES_A_PART * self._pages.size(scope, "list").most
        for start in range(0, len(ids), most):
            nodes, refused, gone = self._pages.counts(ids[start : start + most])
            loaded = self._loader.finish(known, self._loader.start(scope, known, nodes))
            gaps = [self._pages.gap(known, code, object_id) for object_id, code in refused.items()]
            gaps += loaded.gaps(nodes)
            roots = tuple(self._record(known, payload) for payload in loaded.payloads)
            gone += loaded.gone
            if gone and "/" in scope and not visible_ids(self.client, [scope]):
                # GitHub says that nothing exists in a repository that may no longer be seen.
                raise Refused(self._pages.not_there(scope, "not_found"))
            yield Batch(roots, "", tuple(gaps), gone=tuple(gone))

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:
        """What these, by repository, hold now; a hundred a request."""
        nodes, _, _ = self._pages.counts([object_id for ids in object_ids.values() for object_id in ids])
        return [inventory_entry(kind_of(node), node) for node in nodes]

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> list[ThreadState]:
        """How these review threads stand now, a hundred a request; those that are not given are left out."""
        ids = [one for chunk in thread_ids.values() for one in chunk]
        states: list[ThreadState] = []
        for start in range(0, len(ids), MOST_AT_ONCE):
            chunk = ids[start : start + MOST_AT_ONCE]
            objects = objects_by_id(self.client, document("threads"), {}, "ids", chunk)
            states += [payloads.thread_state(node) for node in objects.nodes]
        return states

    def _walked(self, scope: str, kind: Kind, walk: Walk, head: Head) -> Iterator[tuple[_WalkPart, Loaded]]:
        """The parts of a walk, loaded; the next ones are being loaded while one is being stored."""
        parts = self._parts(scope, kind, walk, head)
        waiting: list[tuple[_WalkPart, list[Future[Loaded]]]] = []
        error: SourceError | None = None
        try:
            while error is None:
                try:
                    part = next(parts, None)
                except SourceError as stopped:
                    part, error = None, stopped
                if part is not None:
                    waiting.append((part, self._loader.start(scope, kind, part.nodes)))
                elif not waiting:
                    break
                if part is None or len(waiting) > PARTS_AHEAD:
                    done, started = waiting.pop(0)
                    yield done, self._loader.finish(kind, started)
            while waiting:
                done, started = waiting.pop(0)
                yield done, self._loader.finish(kind, started)
            if error:
                raise error
        finally:
            for _, started in waiting:
                cancel(started)

    def _parts(self, scope: str, kind: Kind, walk: Walk, head: Head) -> Iterator[_WalkPart]:
        """The walk from its page down to its floor, a few pages at a time."""
        before = walk
        listed = None if walk.after else head.listed.get(kind)
        listed = listed or self._first_page(scope, kind, walk.after)
        walk = replace(walk, started=walk.started or iso(listed.answered_at))
        repository = payloads.repository(listed.repository) if listed.repository else None
        nodes: list[Node] = []
        gaps: list[Gap] = []
        pages = 0
        while True:
            pages += 1
            fresh = [node for node in listed.nodes if node["updatedAt"] >= walk.floor]
            nodes += fresh
            gaps += listed.gaps
            is_last = not listed.after or len(fresh) < len(listed.nodes)
            if is_last or pages % PAGES_A_PART == 0:
                reading = KindProgress(walk.started)
                if not is_last:
                    reading = KindProgress(walk.until, replace(walk, after=listed.after))
                if listed.is_refused:
                    # Nothing was read; once it may be, it is read from where it stood.
                    reading = KindProgress(walk.until)
                is_complete_walk = is_last and pages == 1 and not before.after
                yield _WalkPart(kind, nodes, gaps, repository, reading, is_complete_walk)
                nodes, gaps = [], []
            if is_last:
                return
            listed = self._pages.listed(scope, kind, listed.after)

    def _first_page(self, scope: str, kind: Kind, after: str | None) -> Listed:
        try:
            return self._pages.listed(scope, kind, after)
        except CursorRefused:
            return self._pages.listed(scope, kind, None)

    def _head(self, scope: str, *, may_be_shared: bool) -> Head:
        """The first pages of a repository, requested together with the scopes after it where possible."""
        kept = self._heads.pop(scope, None) if may_be_shared else None
        if isinstance(kept, Head) and time.monotonic() - kept.asked_at > HEADS_KEPT_SECONDS:
            kept = None
        if kept is None:
            next_scopes: Sequence[str] = ()
            if may_be_shared and scope in self.expected:
                start = self.expected.index(scope) + 1
                next_scopes = self.expected[start : start + HEADS_AT_ONCE - 1]
            try:
                self._heads |= self._pages.heads([scope, *next_scopes])
            except TooHeavy:
                self.client.check_alive()
                self._heads |= self._pages.heads([scope])
            kept = self._heads.pop(scope)
        if isinstance(kept, str):
            raise Refused(self._pages.not_there(scope, kept))
        return kept

    def _batch(self, part: _WalkPart, loaded: Loaded, progress: Progress) -> Batch:
        gone = {*loaded.gone}
        objects = [inventory_entry(part.kind, node) for node in part.nodes if node["id"] not in gone]
        self._fetched.objects |= {each.object_id: each for each in objects}
        self._fetched.is_from_the_top &= not part.gaps
        for object_id in gone:
            self._fetched.objects.pop(object_id, None)
        records = [self._record(part.kind, payload) for payload in loaded.payloads]
        return Batch(
            roots=(*((part.repository,) if part.repository else ()), *records),
            cursor=progress.cursor(),
            gaps=(*part.gaps, *loaded.gaps(part.nodes)),
            gone=tuple(gone),
        )

    def _record(self, kind: Kind, payload: dict[str, Any]) -> PullRequest | Issue | Discussion:
        if kind == "discussions":
            return payloads.discussion(payload, self._settings.labels)
        if kind == "issues":
            return payloads.issue(payload, self._settings.labels)
        return payloads.pull_request(payload, self._settings.team_tools)


def _walk(reading: KindProgress, since: date, overlap: timedelta) -> Walk:
    """The walk to go on with, or the one that begins where the last ended."""
    if reading.walk:
        return reading.walk
    return next_walk(reading.until, overlap) if reading.until else first_walk(since)
