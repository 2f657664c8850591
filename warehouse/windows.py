"""Calendar quarters, half-open: a window holds the days from `starts_on` until before `ends_on`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One calendar quarter, named like `2026Q3`."""

    year: int
    quarter: int

    @property
    def name(self) -> str:
        return f"{self.year}Q{self.quarter}"

    @property
    def starts_on(self) -> date:
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def ends_on(self) -> date:
        """The first day after the window."""
        return self.next().starts_on

    def next(self) -> Window:
        return Window(self.year + self.quarter // 4, self.quarter % 4 + 1)

    def previous(self) -> Window:
        return window_of(self.starts_on - timedelta(days=1))

    def is_closed_on(self, day: date) -> bool:
        return day >= self.ends_on


def today() -> date:
    """The day it is, in UTC, like every day that is stored."""
    return datetime.now(UTC).date()


def window_of(day: date) -> Window:
    """The window that holds this day."""
    return Window(day.year, (day.month + 2) // 3)


def parse_window(text: str) -> Window:
    """`2026Q3` as a window. Raises ValueError with a sentence that shows the form."""
    match = re.fullmatch(r"(\d{4})Q([1-4])", text.strip().upper())
    if not match:
        raise ValueError(f"window {text!r} is not a quarter; write it like 2026Q3")
    return Window(int(match[1]), int(match[2]))


def windows_until(day: date, count: int) -> list[Window]:
    """The window that holds `day` and the ones before it, oldest first, `count` in all."""
    windows = [window_of(day)]
    while len(windows) < count:
        windows.append(windows[-1].previous())
    return windows[::-1]
