"""How a run went: the status that `sightline status` prints, and a receipt for each run."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flows.context import Night
from flows.run_log import Plan, Sampled
from reports.status import StatusUnreadable, read_status
from warehouse import reading
from warehouse.files import write_atomically
from warehouse.statuses import all_complete, statuses


def write_status(night: Night, run: dict[str, Any]) -> dict[str, Any]:
    """What `sightline status` prints, and this run's receipt, as files."""
    sources = [
        state | dict(zip(("requests", "points"), night.log.spent(source, state["scope"]), strict=True))
        for source, scopes in sorted(night.log.scopes.items())
        for state in statuses(night.store, source, scopes)
    ]
    status = {"sources": sources, "last_run": run}
    text = json.dumps(status, indent=1, sort_keys=True)
    write_atomically(night.settings.receipts / f"{run['run_id']}.json", text)
    write_atomically(night.settings.status_file, text)
    return status


def everything_reconciled(night: Night) -> bool:
    """Whether every scope of every source was held against its source tonight, and nothing is missing."""
    sources = {source: scopes for source, scopes in night.log.scopes.items() if scopes}
    return (
        bool(sources)
        and all(all_complete(night.store, source, scopes) for source, scopes in sources.items())
        and not night.log.unfinished
    )


def totals(night: Night) -> dict[str, Any]:
    """What the night cost, what was counted, and how many people it is about."""
    spent = [connector.spent() for connector in night.connectors]
    return {
        "requests": sum(requests for requests, _ in spent),
        "points": sum(points for _, points in spent),
        "planned": night.log.texts(Plan),
        "counted": len(night.log.counted()),
        "sampled": sum(entry.objects for entry in night.log.of(Sampled)),
        "scopes": sum(len(scopes) for scopes in night.log.scopes.values()),
        "people": len({row.person_id for row in reading.memberships(night.store)}),
    }


def note_outcome(night: Night, run: dict[str, Any], outcome: str) -> None:
    """Says in the status that this run is `running` or has `failed`; the sources stay as they were."""
    try:
        before = read_status(night.settings)
    except (OSError, StatusUnreadable):
        before = None
    status = {"sources": before["sources"] if before else [], "last_run": run | {"outcome": outcome}}
    with suppress(OSError):  # a full disk is said by the step that needed it
        write_atomically(night.settings.status_file, json.dumps(status, indent=1, sort_keys=True))


def now() -> datetime:
    """The moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
