"""The night as plain sentences. The orchestrator wraps each `do`; tests run them as they stand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from connectors import Connector
from connectors.errors import PayloadBroken, RateLimited, SourceError
from flows import outcomes, steps
from flows.night import Night


class Do(Protocol):
    """Runs one named step and returns what it returned."""

    def __call__(self, name: str, action: Callable[[], Any]) -> Any: ...


def plainly(name: str, action: Callable[[], Any]) -> Any:
    """A step without an orchestrator."""
    return steps.without_values(name, action)


def run_night(night: Night, do: Do = plainly, progress: steps.Progress = lambda _: None) -> dict[str, Any]:
    """One night: fetch, reconcile, evidence, cells, reports, releases, receipt. Returns the status.

    Raises StepFailed or HomeNotWritable; what a source refused is in the status instead.
    """
    run: dict[str, Any] = {"run_id": f"{steps.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"}
    started = steps.now()
    _fetch_everything(night, do, progress)
    run["evidence_rows"] = do("evidence", lambda: steps.compute_evidence(night))
    run |= do("reports", lambda: outcomes.write_self_reports(night))
    run |= do("releases", lambda: outcomes.publish_due(night))
    finished = steps.now()
    run |= steps.totals(night) | {
        "outcome": _outcome(night),
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "seconds": round((finished - started).total_seconds()),
        "messages": night.refused + night.messages,
    }
    status: dict[str, Any] = do("receipt", lambda: steps.write_status(night, run))
    return status


def _fetch_everything(night: Night, do: Do, progress: steps.Progress) -> None:
    roster_is_in = False
    for connector in sorted(night.connectors, key=lambda each: each.source != "github"):
        try:
            scopes = do(f"scopes {connector.source}", partial(steps.list_scopes, night, connector))
            if not roster_is_in:
                do("roster", lambda: steps.import_roster(night))
                roster_is_in = True
        except SourceError as error:
            night.refused.append(f"{connector.source}: {error}")
            for scope in night.scopes.get(connector.source, ()):
                steps.leave_scope_open(night, connector, scope, error)
            continue
        for scope in scopes:
            _fetch_and_reconcile(night, connector, scope, do, progress)


def _fetch_and_reconcile(
    night: Night, connector: Connector, scope: str, do: Do, progress: steps.Progress
) -> None:
    name = f"{connector.source} {scope}"
    try:
        progress(f"fetching {name}")
        do(f"fetch {name}", lambda: steps.fetch_scope(night, connector, scope, progress))
        progress(f"reconciling {name}")
        do(f"reconcile {name}", lambda: steps.reconcile_scope(night, connector, scope))
    except SourceError as error:
        steps.leave_scope_open(night, connector, scope, error)
        sentence = f"{name}: {error}"
        (night.messages if isinstance(error, PayloadBroken | RateLimited) else night.refused).append(sentence)


def _outcome(night: Night) -> str:
    if night.refused:
        return "refused"
    return "complete" if steps.everything_reconciled(night) else "gaps"
