"""The days somebody leaves out of what is expected of them, and what that means for a quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from config.settings import Settings
from warehouse import absences
from warehouse.vault_lookup import find_ids
from warehouse.windows import Window


@dataclass(frozen=True, slots=True)
class LeaveInWindow:
    """How many days of a quarter are left out."""

    window: str
    days_out: int
    days: int

    @property
    def is_most(self) -> bool:
        """Then what was not seen says `no opportunity`."""
        return 2 * self.days_out > self.days


def own_days(settings: Settings, person_id: str) -> list[tuple[date, date]]:
    """The spans that this person left out, with whichever of their accounts; half-open."""
    ids = find_ids(settings.vault_file).get(person_id, set())
    left_out = absences.left_out(settings.absences_file)
    return sorted(span for each in ids for span in left_out.get(each, ()))


def leave_in(days_left_out: list[tuple[date, date]], window: Window) -> LeaveInWindow | None:
    """What the days left out mean for one quarter; None where none is in it."""
    days = (window.ends_on - window.starts_on).days
    present = absences.present([(window.starts_on, window.ends_on)], days_left_out, window.ends_on)
    days_out = days - sum((ends - begins).days for begins, ends in present if ends)
    return LeaveInWindow(window.name, days_out, days) if days_out else None
