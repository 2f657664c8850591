"""Quarters, moments and seeded random numbers: the same seed and quarter always give the same quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    year: int
    number: int

    @property
    def name(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def ordinal(self) -> int:
        """Quarters since the beginning of 2024, when the organisation was founded."""
        return (self.year - 2024) * 4 + self.number - 1

    @property
    def starts_on(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def ends_on(self) -> date:
        """The first day after the quarter."""
        return self.next().starts_on

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    def next(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def day(self, place: float) -> date:
        """The day at this place of the quarter, 0 the first and 1 the last."""
        return self.starts_on + timedelta(days=int(place * (self.days - 1)))


FOUNDED = Quarter(2024, 1)


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def quarters_until(day: date, closed: int) -> list[Quarter]:
    """The quarter of this day and `closed` whole ones before it, oldest first, none before the founding."""
    last = quarter_of(day)
    found = [FOUNDED]
    while found[-1] < last:
        found.append(found[-1].next())
    return found[-closed - 1 :]


def chance(seed: str, *about: object) -> Random:
    """Random numbers for this seed and subject, the same in every run and on every machine."""
    return Random("/".join(map(str, (seed, *about))))  # noqa: S311  # reproducible on purpose


def moment(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> str:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).strftime(FORMAT)


def later(text: str, *, hours: float = 0, minutes: float = 0, days: float = 0) -> str:
    at = datetime.strptime(text, FORMAT).replace(tzinfo=UTC)
    return (at + timedelta(days=days, hours=hours, minutes=minutes)).strftime(FORMAT)


def some_moment(rng: Random, quarter: Quarter, first: float = 0, last: float = 1) -> str:
    """A working hour of a weekday of the quarter, between two places of it."""
    day = quarter.day(first + rng.random() * (last - first))
    if day.weekday() > 4:
        friday = day - timedelta(days=day.weekday() - 4)
        day = friday if friday >= quarter.starts_on else friday + timedelta(days=3)
    return moment(day, rng.randrange(7, 17), rng.randrange(60), rng.randrange(60))
