"""Objects by id, whole: parcels of one point, several at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.github.api.client import Client
from connectors.github.api.documents import document
from connectors.github.by_id import Hole, below, complete, objects_by_id
from connectors.github.listing import Node, Pages, gaps_of
from connectors.github.query_batches import MOST_AT_ONCE, PARTS, Kind, Parcel, parcels
from connectors.records import Gap

FINISHED_AT_ONCE = 3


@dataclass(slots=True)
class Hydrated:
    """What asking for objects by id brought."""

    payloads: list[dict[str, Any]] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def gaps(self, nodes: Sequence[Mapping[str, Any]]) -> list[Gap]:
        """What could not be had, over the days on which its object was alive, as it was listed."""
        return [
            gap
            for node in nodes
            for gap in gaps_of(node, (hole for hole in self.holes if hole.object_id == node["id"]))
        ]


class Hydration:
    """Asks for what was listed. Safe to start more of before the first is waited for."""

    def __init__(self, client: Client, pages: Pages) -> None:
        self._client = client
        self._pages = pages
        self._workers = ThreadPoolExecutor(client.at_once, thread_name_prefix="github")
        # What finishes one step must not queue behind what begins the next.
        self._finishers = ThreadPoolExecutor(FINISHED_AT_ONCE, thread_name_prefix="github-below")

    def close(self) -> None:
        """Waits for what is on its way and starts nothing more."""
        for pool in (self._workers, self._finishers):
            pool.shutdown(wait=True, cancel_futures=True)

    def start(self, scope: str, kind: Kind, nodes: Sequence[Node]) -> list[Future[Hydrated]]:
        """Begins to ask for these; `finish` gives what came of it."""
        most = self._pages.size(scope, kind).size
        return [self._workers.submit(self._parcel, scope, parcel) for parcel in parcels(kind, nodes, most)]

    def finish(self, kind: Kind, started: Sequence[Future[Hydrated]]) -> Hydrated:
        """All that was asked for. Raises what any of the requests raised."""
        whole = Hydrated()
        for future in started:
            part = future.result()
            whole.payloads += part.payloads
            whole.holes += part.holes
            whole.gone += part.gone
        if kind == "pull_requests":
            # A question about a hundred at a time: a parcel has few commits that are asked about.
            hundreds = [
                whole.payloads[start : start + MOST_AT_ONCE]
                for start in range(0, len(whole.payloads), MOST_AT_ONCE)
            ]
            for holes in self._finishers.map(partial(below, self._client), hundreds):
                whole.holes += holes
        return whole

    def _parcel(self, scope: str, parcel: Parcel) -> Hydrated:
        empty: dict[str, Any] = {part: [] for part in PARTS.values()}
        told = objects_by_id(
            self._client,
            document("hydrate"),
            {**empty, **parcel.holds.variables()},
            PARTS[parcel.kind],
            parcel.ids,
            page=self._pages.size(scope, parcel.kind),
        )
        # Whatever was asked for has come, is gone, or is a gap: nothing may be short without a word.
        heard_of = {node["id"] for node in told.found} | {*told.gone}
        lost = {object_id: "truncated" for object_id in parcel.ids if object_id not in heard_of}
        holes = [Hole(object_id, parcel.kind, code) for object_id, code in (lost | told.refused).items()]
        holes += told.holes(parcel.kind)
        return Hydrated(told.found, holes + complete(self._client, told.found, parcel.kind), told.gone)


def cancel(started: Sequence[Future[Hydrated]]) -> None:
    """Nothing of this is wanted any more."""
    for future in started:
        future.cancel()
