"""How far a source reaches into a window: numbers to draw, and words for whoever cannot see the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reports import words
from reports.view import Source


@dataclass(frozen=True, slots=True)
class Strip:
    """A bar over the window. Positions run from 0, its first day, to 100, the first day after it."""

    starts_at: float
    width: float
    months: tuple[float, ...]
    """Where a month begins inside the window."""
    says: str


def strip(source: Source, body: Mapping[str, Any]) -> Strip:
    """The reach of this source into the report's window."""
    first, after = date.fromisoformat(body["window_starts_on"]), date.fromisoformat(body["window_ends_on"])
    from_day, through = words.parsed_day(source.starts_on), words.parsed_day(source.ends_on)
    if from_day is None or through is None:
        return Strip(0, 0, _months(first, after), "Nothing collected.")
    begin, end = max(from_day, first), min(through + timedelta(days=1), after)
    starts_at, ends_at = _share(begin, first, after), _share(end, first, after)
    return Strip(
        starts_at=starts_at,
        width=max(0.0, round(ends_at - starts_at, 2)),
        months=_months(first, after),
        says=f"Collected {source.reach}; the window is {words.window_dates(body)}.",
    )


def missing(source: Source, body: Mapping[str, Any]) -> list[str]:
    """What the source lacks: a sentence for either end of the window out of its reach, then its reason."""
    first, after = date.fromisoformat(body["window_starts_on"]), date.fromisoformat(body["window_ends_on"])
    # days that had not passed when the report was made are not missing
    due = min(after, words.parsed_day(body.get("computed_on") or body.get("published_on")) or after)
    from_day, through = words.parsed_day(source.starts_on), words.parsed_day(source.ends_on)
    sentences = []
    if from_day and from_day > first:
        sentences.append(f"Nothing before {words.day(from_day.isoformat())}.")
    if through and through + timedelta(days=1) < due:
        sentences.append(f"Nothing after {words.day(through.isoformat())}.")
    return [*sentences, *([source.because] if source.because else [])]


def _share(at: date, first: date, after: date) -> float:
    return round(100 * min(1.0, max(0.0, (at - first) / (after - first))), 2)


def _months(first: date, after: date) -> tuple[float, ...]:
    days = [first + timedelta(days=count) for count in range(1, (after - first).days)]
    return tuple(_share(at, first, after) for at in days if at.day == 1)
