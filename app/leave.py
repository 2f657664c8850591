"""`sightline me leave`: the days somebody leaves out of what is expected of them, and what that does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.identity import asking
from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from warehouse import absences
from warehouse.vault import find_ids, find_own_id
from warehouse.windows import Window, today, windows_until

YEARS = 2
"""How far from today days may lie: older ones are in no report, and later ones are a slip of the pen."""
QUARTERS_SAID = 5


def change_leave(config: Path, first: date, last: date, *, leave: bool) -> str:
    """Leaves these days out, both included, or counts them again. Raises BadInput or Refused."""
    settings = recorded_settings(config)
    if last < first:
        raise BadInput([f"{last} is before {first}; write the first day, then the last"])
    if any(abs((day - today()).days) > YEARS * 366 for day in (first, last)):
        raise BadInput([f"{first} to {last} is more than {YEARS} years from today; check the year"])
    person_id, own_id = _proven(settings)
    absences.change(
        settings.absences_file, find_ids(settings.vault_file)[person_id], own_id, first, last, leave=leave
    )
    return _said(settings, person_id)


def show_leave(config: Path) -> str:
    """The days that are left out, and what that means for the quarters they are in."""
    settings = recorded_settings(config)
    person_id, _ = _proven(settings)
    return _said(settings, person_id)


def _said(settings: Settings, person_id: str) -> str:
    mine = own_days(settings, person_id)
    if not mine:
        return "no days are left out of what is expected of you"
    lines = [f"{begins} to {absences.last_day(ends)}" for begins, ends in mine]
    lines += [line for window in windows_until(today(), QUARTERS_SAID) if (line := effect(mine, window))]
    lines.append(
        "Your next report is made with this. Nobody else sees it: no reason is kept, and no band or page of "
        "a team depends on it."
    )
    return "\n".join(lines)


def own_days(settings: Settings, person_id: str) -> list[tuple[date, date]]:
    """What this person said, with whichever of their accounts."""
    ids = find_ids(settings.vault_file).get(person_id, set())
    said = absences.left_out(settings.absences_file)
    return sorted(span for each in ids for span in said.get(each, ()))


def effect(mine: list[tuple[date, date]], window: Window) -> str | None:
    """What the days left out mean for one quarter; None where none is in it."""
    whole = (window.ends_on - window.starts_on).days
    kept = absences.present([(window.starts_on, window.ends_on)], mine, window.ends_on)
    out = whole - sum((ends - begins).days for begins, ends in kept if ends)
    if not out:
        return None
    said = f"{window.name}: you left {out} of {whole} days out"
    if 2 * (whole - out) < whole:
        return f"{said}, more than half: what was not seen there says `no opportunity`"
    return f"{said}: what was seen stays seen, and the rest is as before"


def _proven(settings: RecordedSettings) -> tuple[str, str]:
    asker = asking(settings)
    own_id = find_own_id(settings.vault_file, asker.account)
    if asker.person_id is None or own_id is None:
        raise Refused("nothing is kept of the account of this token; ask whoever keeps the roster")
    return asker.person_id, own_id
