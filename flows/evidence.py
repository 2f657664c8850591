"""Evidence of the night, with nothing of people who opted out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from flows.context import Night
from flows.run_log import EvidenceRun, SignalRefused
from people.rights import rights_of
from signals.participants import refusal
from signals.run import refresh
from warehouse import evidence, history
from warehouse.as_of import refused_signals_at
from warehouse.windows import Window


def compute_evidence(night: Night, run_id: str) -> int:
    """Brings the months that changed up to date, without people who opted out; the rows there are in all.

    A signal whose rows are about other people is refused, and the night goes on with the others.
    """
    night.log.append(EvidenceRun(history.begin(night.store.con, run_id, night.as_of)))
    with rights_of(night.settings) as own:
        back = own.opted_in_again()
    for since in back.values():
        evidence.compute_again(night.store, since, night.today + timedelta(days=1))
    refresh(night.store.con, night.catalog, since=night.floor, run=night.log.run)
    refused = refused_signals_at(night.store, night.log.run)
    night.log.append(
        *(SignalRefused(name, refusal(night.signals[name], rows)) for name, rows in refused.items())
    )
    for person_id, since in out_of_evidence(night).items():
        evidence.leave_out(night.store, person_id, since)
    with rights_of(night.settings) as own:
        for person_id in back.keys() & own.opted_in_again().keys():
            own.note_counted_again(person_id, night.as_of)
    return night.store.count("evidence")


def out_of_evidence(night: Night) -> Mapping[str, date]:
    """Who is out, and since when, as far as evidence and reports go."""
    if night.policy.opt_out == "bands":
        return {}
    with rights_of(night.settings) as own:
        return own.opt_outs()


def is_out(out: Mapping[str, date], person_id: str, window: Window) -> bool:
    """Whether the window has a day on which this person was out."""
    return person_id in out and out[person_id] < window.ends_on
