"""What a source says about itself: what it has, and what of that could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the source says exists of one object, to hold against what is stored.

    `totals` maps a kind below the object (`reviews`, `threads`, `comments`) to the source's count.
    """

    kind: Literal[
        "pull_requests",
        "issues",
        "discussions",
        "incidents",
        "postmortem_documents",
        "oncall_shifts",
        "interviews",
    ]
    object_id: str
    created_on: date
    totals: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """What the source says of some days (half-open) without listing them: how many objects were created then.

    `count` is None where the source cannot have changed what it told about these days before.
    """

    kind: Literal["incidents", "oncall_shifts"]
    starts_on: date
    ends_on: date
    count: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the source has, or may have, that could not be fetched; and for which days that matters."""

    kind: str
    """A table: `pull_requests`, `reviews`, `incidents` ... or `*` for everything in the scope."""
    starts_on: date
    ends_on: date
    """The first day that is complete again (half-open)."""
    reason: str
    """A code, never a value: `forbidden`, `rate_limited`, `truncated`, `not_found`, `unreachable` ..."""
    object_id: str | None = None
