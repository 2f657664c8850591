"""The cursor: how far a repository has been read, and where a walk that was cut short goes on.

A walk reads a list from the last updated down to a floor. GitHub re-sorts while we page: what is updated
meanwhile moves to the head, behind us. So the bookmark is the moment the walk *started*, by GitHub's clock,
and after a walk of several pages the head is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from connectors.github.payloads import moment
from connectors.github.query_batches import KINDS, Kind

VERSION = 4
"""Raised whenever more is taken of each object: what had been read before it is read again, once."""
OVERLAP = timedelta(hours=1)
"""How far behind its bookmark a run starts: what GitHub's replicas may lag, many times over."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk under way."""

    floor: str
    """Nothing updated before this is wanted."""
    started: str | None = None
    after: str | None = None
    until: str | None = None
    """The bookmark that holds until the walk has ended."""


@dataclass(frozen=True, slots=True)
class KindProgress:
    """One kind of object in one repository."""

    until: str | None = None
    """Everything updated up to this moment has been read; None: nothing yet."""
    walk: Walk | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repository has been read; written to and read from a batch's cursor."""

    since: date
    kinds: Mapping[Kind, KindProgress] = field(default_factory=dict)

    def of_kind(self, kind: Kind) -> KindProgress:
        return self.kinds.get(kind, KindProgress())

    def with_kind(self, kind: Kind, reading: KindProgress) -> Progress:
        return replace(self, kinds={**self.kinds, kind: reading})

    def cursor(self) -> str:
        kinds = {kind: asdict(self.of_kind(kind)) for kind in KINDS}
        return json.dumps({"version": VERSION, "since": self.since.isoformat(), **kinds})


def progress_from(cursor: str | None, since: date) -> Progress:
    """The progress in a cursor; from the top when there is none, or when it started later than `since`."""
    if cursor is None:
        return Progress(since)
    written = json.loads(cursor)
    if written.get("version") != VERSION or date.fromisoformat(written["since"]) > since:
        return Progress(since)
    kinds = {kind: _kind_progress(written[kind]) for kind in KINDS if kind in written}
    return Progress(date.fromisoformat(written["since"]), kinds)


def first_walk(since: date) -> Walk:
    """The walk over everything updated since a day."""
    return Walk(iso(datetime.combine(since, time(), UTC)))


def next_walk(until: str, overlap: timedelta = OVERLAP) -> Walk:
    """The walk over what was updated since a bookmark."""
    return Walk(iso(moment(until) - overlap), until=until)


def iso(when: datetime) -> str:
    """A moment as GitHub writes it, to the second, so that text order is time order."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind_progress(written: dict[str, object]) -> KindProgress:
    walk = written["walk"]
    until = written["until"]
    return KindProgress(
        str(until) if until is not None else None, Walk(**walk) if isinstance(walk, dict) else None
    )
