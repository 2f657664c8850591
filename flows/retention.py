"""What the agreement says about time, acted on: every kind of thing goes when its time has come.

Deleted rows stay readable in a database file, so once a week every file is written anew.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from config.settings import Settings
from flows.context import Night
from privacy import door, logbook, organisation, traces
from privacy.policy import months_before
from warehouse import rights
from warehouse.files import write_atomically
from warehouse.rewrite import databases, rewrite
from warehouse.windows import parse_window, windows_until

REWRITE_DAYS = 7


def keep(night: Night) -> dict[str, Any]:
    """Removes what is past its time; how much of each kind, for the receipt."""
    kept, settings = night.policy.retention, night.settings
    removed = {
        "reports": _remove_reports(settings, night.floor),
        "releases": _expire_releases(night, kept.releases_quarters),
        "shares": _expire_shares(settings, night.today),
        "own words": _remove_words(settings, night.floor),
        "receipts": _remove_receipts(settings, night.today - timedelta(days=kept.orchestrator_days)),
        "orchestrator rows": _expire_runs(night, night.today - timedelta(days=kept.orchestrator_days)),
    }
    marker = settings.home / "retention.json"
    if _is_due(marker, night):
        removed["records"] = night.store.forget_before(night.floor)
        removed["audit entries"] = logbook.shorten(settings, months_before(night.today, kept.audit_months))
        night.store.rewrite()
        for path in databases(settings.home):
            if path != settings.warehouse_file:
                rewrite(path)
        write_atomically(
            marker, json.dumps({"rewritten_on": night.as_of.isoformat(), "floor": str(night.floor)})
        )
    return {"retention": {kind: count for kind, count in removed.items() if count}}


def _is_due(marker: Path, night: Night) -> bool:
    """Once a week, and when the floor has moved: what is stored and no longer asked about would be missed."""
    try:
        last = json.loads(marker.read_text(encoding="utf-8"))
        rewritten_on = date.fromisoformat(last["rewritten_on"])
    except FileNotFoundError:
        # nothing was ever deleted from files that the first night makes
        write_atomically(
            marker, json.dumps({"rewritten_on": night.as_of.isoformat(), "floor": str(night.floor)})
        )
        return False
    except (OSError, ValueError, KeyError):
        return True
    return last.get("floor") != str(night.floor) or night.as_of >= rewritten_on + timedelta(days=REWRITE_DAYS)


def _remove_reports(settings: Settings, floor: date) -> int:
    """Reports of quarters that began before the floor: they hold evidence, and are not made again."""
    people = settings.published / "people"
    return sum(_removed(path) for path in people.glob("*/*.json") if _quarter_starts_on(path.stem) < floor)


def _expire_releases(night: Night, quarters: int) -> int:
    oldest = windows_until(night.as_of, quarters + 1)[0]
    names = door.past(night.settings.published, oldest)
    for name, sha256 in names.items():
        logbook.note_expired(night.settings, name, sha256)  # first: what is logged as published is looked for
    door.expire(night.settings.published, names)
    of_all = organisation.past(night.settings.published, oldest)
    for name, sha256 in of_all.items():
        logbook.note_expired(night.settings, f"{logbook.OF_ALL}{name}", sha256)
    organisation.expire(night.settings.published, of_all)
    return len(names)


def _expire_shares(settings: Settings, today: date) -> int:
    if not settings.rights_file.exists():
        return 0
    with rights.opened(settings.rights_file) as opened:
        return opened.forget_expired(today)


def _remove_words(settings: Settings, floor: date) -> int:
    """Notes and contests of quarters whose reports are removed, and who was counted in them."""
    if not settings.rights_file.exists():
        return 0
    first = next(each for each in windows_until(floor + timedelta(days=100), 3) if each.starts_on >= floor)
    with rights.opened(settings.rights_file) as opened:
        return opened.forget_quarters(first.name)


def _remove_receipts(settings: Settings, before: date) -> int:
    return sum(
        _removed(path)
        for path in settings.receipts.glob("*.json")
        if path.stem[:8] < before.strftime("%Y%m%d")
    )


def _expire_runs(night: Night, before: date) -> int:
    try:
        return traces.expire(night.settings.home / "orchestrator", before)
    except sqlite3.Error as error:  # busy, or of another version; what is left is tried again tomorrow
        night.log.say(f"the orchestrator's old runs could not be removed tonight: {error}")
        return 0


def _removed(path: Path) -> bool:
    with suppress(FileNotFoundError):
        path.unlink()
        return True
    return False


def _quarter_starts_on(name: str) -> date:
    try:
        return parse_window(name.partition("@")[0]).starts_on
    except ValueError:
        return date.max
