"""A schedule's entries -> shifts in whole days, quarter by quarter, for every tool that has schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from connectors.records import Account, Counted, Inventory, OnCallShift

REREAD = timedelta(days=30)
"""How far back shifts are read again: overrides are entered afterwards, and leave no trace."""

FIFTEEN_MONTHS = timedelta(days=458)
"""As long as evidence is kept."""

Entry = tuple[datetime, datetime | None, str]
"""Begin, end (None: without end) and the tool's id of the user on call."""


class Rota:
    """The shifts of one account. What a run has read of them is not read again in it."""

    def __init__(
        self, since: date, tomorrow: Callable[[], date], read: Callable[[date, date], list[OnCallShift]]
    ) -> None:
        self._since = since
        self._tomorrow = tomorrow
        self._read_from_source = read
        self._read: dict[date, tuple[date, list[OnCallShift]]] = {}
        """By the first day of a quarter: how far it was read, and what is in it."""

    def quarters(self, read_through: date | None) -> Iterator[tuple[date, date]]:
        """The quarters to read after a run that had read so far; the last one ends tonight.

        Full quarters, so that the id of a shift does not change when `since` does.
        """
        first_day = quarter_of(self._since)
        if read_through is not None:
            first_day = max(first_day, quarter_of(read_through - REREAD))
        yield from _quarters(first_day, self._tomorrow())

    def between(self, starts_on: date, ends_on: date) -> list[OnCallShift]:
        """The shifts of a quarter, without those that were over before `since`."""
        known = self._read.get(starts_on)
        if known is None or known[0] != ends_on:
            shifts = self._read_from_source(starts_on, ends_on)
            known = ends_on, [shift for shift in shifts if shift.ends_on >= self._since]
            self._read[starts_on] = known
        return known[1]

    def inventory(self) -> Iterator[Inventory]:
        """Every shift there is."""
        for starts_on, ends_on in self.quarters(None):
            yield from _listed(self.between(starts_on, ends_on))

    def tally(self) -> Iterator[Inventory | Counted]:
        """The same for less: a shift of two quarters ago cannot be overridden any more, and is as it was."""
        first_read, first_asked = min(self._read, default=self._tomorrow()), quarter_of(self._since)
        if first_asked < first_read:
            yield Counted("oncall_shifts", first_asked, first_read, None)
        for _, shifts in self._read.values():
            yield from _listed(shifts)

    def again(self, shift_ids: Sequence[str]) -> Iterator[tuple[list[OnCallShift], set[str]]]:
        """These shifts as they are now, and the ids of those that are no longer there."""
        by_quarter: dict[date, set[str]] = {}
        for shift_id in shift_ids:
            day = date.fromisoformat(shift_id.partition(":")[2][:10])
            by_quarter.setdefault(quarter_of(day), set()).add(shift_id)
        for quarter, wanted in by_quarter.items():
            ends_on = min(_next_quarter(quarter), self._tomorrow())
            self._read.pop(quarter, None)
            shifts = self.between(quarter, ends_on) if self._since < ends_on else []
            kept = [shift for shift in shifts if shift.shift_id in wanted]
            yield kept, wanted - {shift.shift_id for shift in kept}


def shifts_of(
    source: str,
    schedule_id: str,
    entries: Iterable[Entry],
    starts_on: date,
    ends_on: date,
    service_ids: Sequence[str] = (),
) -> list[OnCallShift]:
    """The shifts of one schedule from `starts_on` until before `ends_on`, as UTC dates.

    A shift that ends at midnight does not hold the day that begins there. Pieces of one person's shift that
    begin on the same day (an override in between) are one shift. What reaches over an edge is cut there, so
    that an id means the same whenever its quarter is read, and on-call without end has an end.
    """
    first, last = midnight(starts_on), midnight(ends_on)
    pieces = []
    for begin, end, user_id in entries:
        begin, end = max(first, begin), min(last, end or last)
        if begin < end:
            pieces.append((begin, user_id, (end - timedelta(microseconds=1)).date()))
    through: dict[tuple[date, str], date] = {}
    for begin, user_id, end_day in sorted(pieces):
        key = (begin.date(), user_id)
        through[key] = max(end_day, through.get(key, end_day))
    shifts: list[OnCallShift] = []
    on_day: dict[date, int] = {}
    for (day, user_id), end_day in through.items():
        on_day[day] = on_day.get(day, 0) + 1
        nth = f":{on_day[day]}" if on_day[day] > 1 else ""
        shifts.append(
            OnCallShift(
                shift_id=f"{schedule_id}:{day}{nth}",  # neither a person nor a clock
                source=source,
                schedule_id=schedule_id,
                account=Account(source, user_id, user_id),  # the login is no name and no address
                starts_on=day,
                ends_on=end_day,
                service_ids=tuple(service_ids),
            )
        )
    return shifts


def quarter_of(day: date) -> date:
    """The first day of the calendar quarter that holds this day."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def first_quarter(today: date) -> date:
    """The first day of the quarter 15 months ago: what is read where no first day is set."""
    return quarter_of(today - FIFTEEN_MONTHS)


def midnight(day: date) -> datetime:
    """The moment with which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def _next_quarter(quarter: date) -> date:
    return quarter_of(quarter + timedelta(days=100))


def _quarters(starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
    """The calendar quarters between two days, the first and the last one cut there."""
    while starts_on < ends_on:
        until = min(_next_quarter(quarter_of(starts_on)), ends_on)
        yield starts_on, until
        starts_on = until


def _listed(shifts: Iterable[OnCallShift]) -> Iterator[Inventory]:
    for shift in shifts:
        yield Inventory("oncall_shifts", shift.shift_id, shift.starts_on)
