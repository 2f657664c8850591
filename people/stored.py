"""Everything that is stored about somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filelock import FileLock, Timeout

from config.settings import Settings
from connectors.errors import BadInput
from people.access_log import entries_about
from privacy.released import Released
from warehouse.about import rows_about
from warehouse.rewrite import databases
from warehouse.vault_lookup import find_ids
from warehouse.windows import today


def everything_about(settings: Settings, person_id: str, reports: Mapping[str, Released]) -> dict[str, Any]:
    """Every row and log entry about this person, beside their reports. Raises BadInput in a night."""
    people = find_ids(settings.vault_file)
    ids = people.get(person_id, {person_id})
    other_ids = frozenset().union(*people.values()) - ids
    try:
        with FileLock(settings.lock_file, timeout=0):
            stored = {path.name: rows_about(path, ids, other_ids) for path in databases(settings.home)}
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None
    return {
        "about": sorted(ids),
        "exported_on": today().isoformat(),
        "stored": stored,
        "reports": {window: report.body for window, report in reports.items()},
        "log": list(entries_about(settings, person_id)),
    }
