"""Opting out, and in again: what somebody says, and what the next night does about it.

From the day somebody opted out, nothing they do becomes evidence, no report of a window with such a day is
made, and no band rests on them: a random answer is counted instead. What was stored before stays until its
time has come, and so do the records that colleagues' evidence needs, such as who wrote what they reviewed.
"""

from __future__ import annotations

from app.request import Asker
from app.roles import checked
from config.recorded_settings import RecordedSettings
from connectors.errors import BadInput, Refused
from people.rights import rights_of
from privacy import logbook
from privacy.policy import load_policy
from warehouse.windows import today


@checked
def opt_out(settings: RecordedSettings, asker: Asker) -> str:
    """Opts whoever asks out from today on, of what the agreement allows; returns that. Raises Refused."""
    allowed = load_policy(settings.agreement).opt_out
    if allowed == "nothing":
        raise Refused(
            "the agreement has nothing to opt out of; `sightline privacy agreement` says what is collected "
            "and why, and whoever negotiates it can change that"
        )
    with rights_of(settings) as own:
        logbook.note(settings, "opted out", person=logbook.mark(settings, asker.person_id))
        own.opt_out(asker.person_id, today())
    return allowed


@checked
def opt_in(settings: RecordedSettings, asker: Asker) -> None:
    """Takes an opt-out back. Raises BadInput where there is none."""
    with rights_of(settings) as own:
        if not own.opt_in(asker.person_id, today()):
            raise BadInput(["you had not opted out; nothing was changed"])
        logbook.note(settings, "opted in", person=logbook.mark(settings, asker.person_id))
