"""Opting out, and in again: what somebody says, and what the next night does about it.

From the day somebody opted out, nothing they do becomes evidence, no report of a window with such a day is
made, and no band rests on them: they stay in the count, by chance. What was stored before stays until its
time has come, and so do the records that colleagues' evidence needs, such as who wrote what they reviewed.
"""

from __future__ import annotations

from pathlib import Path

from app.identity import proven
from config.recorded_settings import recorded_settings
from connectors.errors import BadInput, Refused
from people.rights import rights_of
from privacy import logbook
from privacy.policy import load_policy
from warehouse.windows import today, window_of


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
