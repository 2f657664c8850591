"""The days somebody leaves out of what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.request import Asker
from app.roles import checked
from config.recorded_settings import RecordedSettings
from connectors.errors import BadInput, Refused
from people.leave import LeaveInWindow, leave_in, own_days
from warehouse import absences
from warehouse.vault_lookup import find_ids, find_own_id
from warehouse.windows import Window, today, windows_until

YEARS = 2
"""How far from today days may lie: older ones are in no report, and later ones are a slip of the pen."""
WINDOWS_LISTED = 5


@dataclass(frozen=True, slots=True)
class Leave:
    """Spans of days that are left out, both ends included, and what they mean for quarters."""

    spans: tuple[tuple[date, date], ...]
    windows: tuple[LeaveInWindow, ...]


@checked
def change_leave(settings: RecordedSettings, asker: Asker, first: date, last: date, *, leave: bool) -> None:
    """Leaves these days out, both included, or counts them again. Raises BadInput or Refused."""
    _check_days(first, last)
    assert asker.account is not None
    own_id = find_own_id(settings.vault_file, asker.account)
    if own_id is None:
        raise Refused("nothing is kept of the account of this token; ask whoever keeps the roster")
    ids = find_ids(settings.vault_file)[asker.person_id]
    absences.change(settings.absences_file, ids, own_id, first, last, leave=leave)


@checked
def days_left_out(settings: RecordedSettings, asker: Asker, window: Window | None = None) -> Leave:
    """The days that are left out, and what that means for one quarter, or for the last five."""
    days = own_days(settings, asker.person_id)
    windows = [window] if window else windows_until(today(), WINDOWS_LISTED)
    return Leave(
        tuple((begins, absences.last_day(ends)) for begins, ends in days),
        tuple(leave for each in windows if (leave := leave_in(days, each))),
    )


def _check_days(first: date, last: date) -> None:
    """Raises BadInput for days the wrong way round, or far from today."""
    if last < first:
        raise BadInput([f"{last} is before {first}; write the first day, then the last"])
    if any(abs((day - today()).days) > YEARS * 366 for day in (first, last)):
        raise BadInput([f"{first} to {last} is more than {YEARS} years from today; check the year"])
