"""Objects by id, complete: several query batches at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.github.api.client import Client
from connectors.github.api.documents import document
from connectors.github.by_id import MissingField, objects_by_id
from connectors.github.complete_lists import complete_lists, fill_in_commits
from connectors.github.listing import Node, Pages, gaps_of
from connectors.github.query_batches import MOST_AT_ONCE, PARTS, Kind, QueryBatch, query_batches
from connectors.records import Gap

COMMITS_THREADS = 3


@dataclass(slots=True)
class Loaded:
    """Objects with all their lists, and what is missing of them."""

    payloads: list[dict[str, Any]] = field(default_factory=list)
    missing: list[MissingField] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def gaps(self, nodes: Sequence[Mapping[str, Any]]) -> list[Gap]:
        """What could not be had, over the days on which its object was alive, as it was listed."""
        return [
            gap
            for node in nodes
            for gap in gaps_of(node, (each for each in self.missing if each.object_id == node["id"]))
        ]


class Loader:
    """Loads what was listed. More may be started before the first is waited for."""

    def __init__(self, client: Client, pages: Pages) -> None:
        self._client = client
        self._pages = pages
        self._workers = ThreadPoolExecutor(client.at_once, thread_name_prefix="github")
        # What finishes one part must not queue behind what begins the next.
        self._commit_workers = ThreadPoolExecutor(COMMITS_THREADS, thread_name_prefix="github-commits")

    def close(self) -> None:
        """Waits for requests under way and starts no more."""
        for pool in (self._workers, self._commit_workers):
            pool.shutdown(wait=True, cancel_futures=True)

    def start(self, scope: str, kind: Kind, nodes: Sequence[Node]) -> list[Future[Loaded]]:
        """Begins to load these; `finish` gives the result."""
        most = self._pages.size(scope, kind).size
        batches = query_batches(kind, nodes, most)
        return [self._workers.submit(self._load_batch, scope, batch) for batch in batches]

    def finish(self, kind: Kind, futures: Sequence[Future[Loaded]]) -> Loaded:
        """All that was started. Raises what any of the requests raised."""
        loaded = Loaded()
        for future in futures:
            part = future.result()
            loaded.payloads += part.payloads
            loaded.missing += part.missing
            loaded.gone += part.gone
        if kind == "pull_requests":
            # A hundred in a request: one batch has few commits to ask about.
            hundreds = [
                loaded.payloads[start : start + MOST_AT_ONCE]
                for start in range(0, len(loaded.payloads), MOST_AT_ONCE)
            ]
            for missing in self._commit_workers.map(partial(fill_in_commits, self._client), hundreds):
                loaded.missing += missing
        return loaded

    def _load_batch(self, scope: str, batch: QueryBatch) -> Loaded:
        empty: dict[str, Any] = {part: [] for part in PARTS.values()}
        objects = objects_by_id(
            self._client,
            document("hydrate"),
            {**empty, **batch.lists.variables()},
            PARTS[batch.kind],
            batch.ids,
            page=self._pages.size(scope, batch.kind),
        )
        # Every id has come, is gone, or is a gap: none may be left out without a word.
        answered = {node["id"] for node in objects.nodes} | {*objects.gone}
        lost = {object_id: "truncated" for object_id in batch.ids if object_id not in answered}
        missing = [MissingField(each, batch.kind, code) for each, code in (lost | objects.refused).items()]
        missing += objects.missing_fields(batch.kind)
        missing += complete_lists(self._client, objects.nodes, batch.kind)
        return Loaded(objects.nodes, missing, objects.gone)


def cancel(futures: Sequence[Future[Loaded]]) -> None:
    """None of these is wanted any more."""
    for future in futures:
        future.cancel()
