"""The rows of `warehouse/rights.py`: what people say, share and decide about their own results."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

Because = Literal["not-me", "wrong-item", "missing"]
NoteKind = Literal["note", "contest"]
Decision = Literal["upheld", "dismissed"]


class Note(NamedTuple):
    """What somebody wrote beside a cell of theirs."""

    person_id: str
    quarter: str
    item: str
    kind: str
    said: str
    written_on: date


class Contest(NamedTuple):
    """Somebody says that a cell of theirs is wrong; `state` says what became of it."""

    contest_id: str
    person_id: str
    quarter: str
    item: str
    because: str
    opened_on: date
    state: str
    resolved_on: date | None
    resolver_id: str | None


class Share(NamedTuple):
    """Some cells of one person, for one reader, until before `ends_on`."""

    share_id: str
    person_id: str
    recipient_id: str | None
    token_sha256: str
    quarter: str
    items: list[str]
    with_notes: bool
    shared_on: date
    ends_on: date
    revoked_on: date | None


class SharedEarly(NamedTuple):
    """Somebody shared something of a quarter before it was published."""

    person_id: str
    quarter: str


class Counted(NamedTuple):
    """Somebody was one of `size` people in a release."""

    person_id: str
    team: str
    quarter: str
    rubric: str
    size: int
    drawn: bool


class Delivery(NamedTuple):
    """The file name of one person's encrypted report."""

    person_id: str
    name: str
    sha256: str
    delivered_on: date
