"""Opting out, and in again: what somebody says, and what the next night does about it.

From the day somebody opted out, nothing they do becomes evidence, no report of a window with such a day is
made, and no band rests on them: they stay in the count, by chance. What was stored before stays until its
time has come, and so do the records that colleagues' evidence needs, such as who wrote what they reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from app.identity import proven, rights_of, today
from config.recorded_settings import recorded_settings
from connectors.errors import BadInput, Refused
from flows.night import Night
from privacy import logbook
from privacy.policy import load_policy
from signals.run import refresh
from warehouse import evidence
from warehouse.windows import Window, window_of


def opt_out(config: Path) -> str:
    """Opts whoever asks out from today on; returns what that changes. Raises Refused."""
    settings = recorded_settings(config)
    allowed = load_policy(settings.agreement).opt_out
    person_id, on = proven(settings), today()
    if allowed == "nothing":
        raise Refused(
            "the agreement has nothing to opt out of; `sightline privacy agreement` says what is collected "
            "and why, and whoever negotiates it can change that"
        )
    with rights_of(settings) as own:
        logbook.note(settings, "opted out", person=logbook.mark(settings, person_id))
        own.opt_out(person_id, on)
    running = window_of(on).name
    bands = f"no band of {running} or later rests on what you do: you are counted by chance"
    if allowed == "bands":
        return f"from today on {bands}; your own report goes on. To undo it: sightline me opt-in"
    return (
        f"from today on nothing you do becomes evidence, and {bands}. Your report of {running} stays as it "
        "is, and none is made after it. What was stored before stays until its time has come, and so do "
        "records that colleagues' evidence needs: an erasure, which your operator can run, takes your name "
        "off these. To undo it: sightline me opt-in"
    )


def opt_in(config: Path) -> str:
    """Takes an opt-out back. Raises BadInput where there is none."""
    settings = recorded_settings(config)
    person_id = proven(settings)
    with rights_of(settings) as own:
        if not own.opt_in(person_id, today()):
            raise BadInput(["you had not opted out; nothing was changed"])
        logbook.note(settings, "opted in", person=logbook.mark(settings, person_id))
    return "you are in again: the next night makes your report, with what happened meanwhile"


def compute_evidence(night: Night) -> None:
    """Brings evidence up to date, with nothing in it of who is out, and all of who is in again."""
    with rights_of(night.settings) as own:
        back = own.opted_in_again()
    for since in back.values():
        evidence.compute_again(night.store, since, night.today + timedelta(days=1))
    refresh(night.store.con, night.catalog, since=night.floor, run=night.run)
    for person_id, since in out_of_evidence(night).items():
        evidence.leave_out(night.store, person_id, since)
    with rights_of(night.settings) as own:
        for person_id in back.keys() & own.opted_in_again().keys():
            own.note_counted_again(person_id, night.as_of)


def out_of_evidence(night: Night) -> Mapping[str, date]:
    """Who is out, and since when, as far as evidence and reports go."""
    if night.policy.opt_out == "bands":
        return {}
    with rights_of(night.settings) as own:
        return own.opt_outs()


def is_out(out: Mapping[str, date], person_id: str, window: Window) -> bool:
    """Whether the window has a day on which this person was out."""
    return person_id in out and out[person_id] < window.ends_on
