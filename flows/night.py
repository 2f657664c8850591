"""The night as plain sentences. The orchestrator wraps each `do`; tests run them as they stand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from config.recorded_settings import record_settings
from connectors.contract import Connector
from connectors.errors import Refused, SourceError, Unreachable
from flows import (
    accounts,
    assess,
    collect,
    counting,
    departed,
    evidence,
    receipt,
    reconcile,
    retention,
    roster,
    thread_states,
)
from flows.concurrency import WriterLock, side_by_side
from flows.context import Night
from flows.run_log import Alteration, Message, Refusal, SignalRefused
from flows.step import Do, Progress, run_step
from privacy import logbook

FEW_SCOPES = 50
"""So many are read each in a step of its own, which tells most when one of them goes wrong."""
SCOPES_A_STEP = 25


def run_night(night: Night, do: Do = run_step, progress: Progress = lambda _: None) -> dict[str, Any]:
    """One night: fetch, reconcile, evidence, cells, reports, releases, receipt. Returns the status.

    Raises StepFailed or HomeNotWritable; what a source refused is in the status instead.
    """
    started = receipt.now()
    run: dict[str, Any] = {
        "run_id": f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}",
        "started_at": started.isoformat(),
        "as_of": night.as_of.isoformat(),
    }
    receipt.note_outcome(night, run, "running")
    try:
        do("settings", lambda: record_settings(night.settings))
        run |= do("retention", lambda: retention.keep(night))
        fetch_everything(night, do, progress)
        run["evidence_rows"] = do("evidence", lambda: evidence.compute_evidence(night, run["run_id"]))
        run |= do("reports", lambda: assess.write_self_reports(night))
        run |= do("releases", lambda: assess.publish_due(night))
    except Exception:
        receipt.note_outcome(night, run, "failed")
        raise
    finished = receipt.now()
    run |= receipt.totals(night) | {
        "outcome": _outcome(night),
        "finished_at": finished.isoformat(),
        "seconds": round((finished - started).total_seconds()),
        "messages": list(
            dict.fromkeys(
                sentence for kind in (Refusal, SignalRefused, Message) for sentence in night.log.texts(kind)
            )
        ),
    }
    status: dict[str, Any] = do("receipt", lambda: receipt.write_status(night, run))
    do("audit", lambda: logbook.note_night(night.settings, run))
    return status


def fetch_everything(night: Night, do: Do, progress: Progress) -> None:
    """The roster, and what every source has; what one refuses is noted in the night."""
    do("roster", partial(roster.import_roster, night))
    for connector in night.connectors:
        try:
            scopes = do(f"scopes {connector.source}", partial(collect.list_scopes, night, connector))
        except SourceError as error:
            collect.leave_source_open(night, connector, error)
            continue
        _fetch_scopes(night, connector, scopes, do, progress)
        do(f"lost scopes {connector.source}", partial(collect.look_for_lost_scopes, night, connector))
    departed.note(night)


def _fetch_scopes(
    night: Night, connector: Connector, scopes: Sequence[str], do: Do, progress: Progress
) -> None:
    due = counting.due_tonight(night, connector, scopes)
    with suppress(SourceError):  # whoever refuses now refuses again below, where it is written down
        do(
            f"plan {connector.source}",
            partial(counting.plan_fetch, night, connector, scopes, due, progress),
        )
    if connector.can_check_threads:
        counted = [scope for scope in scopes if scope in due]
        with suppress(SourceError):  # whoever is counted without an answer is asked again then
            do(f"threads {connector.source}", partial(thread_states.look, night, connector, counted))
    groups = connector.by_budget(scopes)
    if len(groups) > 1:

        def read(reader: Connector, readable: Sequence[str], lock: WriterLock) -> None:
            def do_locked(name: str, action: Callable[[], Any]) -> Any:
                def locked() -> Any:
                    with lock.held():
                        return action()

                with lock.released():
                    return do(name, locked)

            _fetch_group(night, reader, readable, due, do_locked, progress)

        side_by_side(groups, read)
    else:
        _fetch_group(night, connector, scopes, due, do, progress)
    try:
        do(f"accounts {connector.source}", partial(accounts.follow_accounts, night, connector))
        do(f"sample {connector.source}", partial(counting.sample_the_rest, night, connector, scopes))
    except SourceError as error:
        night.log.say(f"{connector.source}: accounts and sample were not looked at ({error})")


def _fetch_group(
    night: Night,
    connector: Connector,
    scopes: Sequence[str],
    due: set[str],
    do: Do,
    progress: Progress,
) -> None:
    """Reads these scopes one after another; what refuses one of them twice refuses the rest."""
    is_large = len(scopes) > FEW_SCOPES
    left = _fetch_most(night, connector, scopes, due, do, progress) if is_large else scopes
    said_before = ""
    for number, scope in enumerate(left):
        name = f"{connector.source} {scope}"
        try:
            progress(f"fetching {name}")
            do(f"fetch {name}", partial(collect.fetch_scope, night, connector, scope, progress))
            if counting.is_due(night, connector, scope, due):
                progress(f"reconciling {name}")
                do(f"reconcile {name}", partial(reconcile.reconcile_scope, night, connector, scope))
            said_before = ""
        except SourceError as error:
            collect.leave_scope_open(night, connector, scope, error)
            if isinstance(error, Refused | Unreachable) and str(error) == said_before:
                # the same answer twice is the host's, not the scope's: the others need not ask
                for other in left[number + 1 :]:
                    collect.leave_scope_open(night, connector, other, error)
                return
            said_before = str(error)


def _fetch_most(
    night: Night,
    connector: Connector,
    scopes: Sequence[str],
    due: set[str],
    do: Do,
    progress: Progress,
) -> list[str]:
    """Reads the scopes, many in a step; returns those that did not go well, to be read each in its own.

    To the orchestrator a step is a few rows and requests, which is more than a quiet repository costs.
    """

    def read(batch: Sequence[str]) -> list[str]:
        for number, scope in enumerate(batch):
            try:
                progress(f"fetching {connector.source} {scope}")
                collect.fetch_scope(night, connector, scope, progress)
                if counting.is_due(night, connector, scope, due):
                    reconcile.reconcile_scope(night, connector, scope)
            except SourceError:
                return list(batch[number:])
        return []

    left: list[str] = []
    for start in range(0, len(scopes), SCOPES_A_STEP):
        batch = scopes[start : start + SCOPES_A_STEP]
        name = f"fetch {connector.source} {start + 1} to {start + len(batch)} of {len(scopes)}"
        failed = do(name, partial(read, batch))
        left += failed
        if len(failed) == len(batch):  # it is likely not about one of them
            return [*left, *scopes[start + len(batch) :]]
    return left


def _outcome(night: Night) -> str:
    if night.log.of(Refusal):
        return "refused"
    wrong = [*night.log.texts(Alteration), *night.log.texts(SignalRefused)]
    return "complete" if receipt.everything_reconciled(night) and not wrong else "gaps"
