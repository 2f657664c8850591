"""What a privacy officer may: read somebody's report for a reason, and accept a broken log.

The log has it before anything is shown. From then on it stands at the top of the person's reports for three
months, and in their access log for as long as the log is kept.
"""

from __future__ import annotations

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from connectors.errors import BadInput, Refused
from people.access_log import REASONS
from privacy import audit, door, logbook
from privacy.released import Released
from warehouse.forget import persons_named
from warehouse.windows import today


@checked
def break_glass(
    settings: RecordedSettings, asker: Asker, name: str, because: str, window: str | None
) -> Released:
    """The report of somebody, by login or id, without steps. Raises BadInput, NoReport or NotLogged."""
    if because not in REASONS:
        raise BadInput([f"'{because}' is no reason; it is one of {', '.join(REASONS)}"])
    officer = _mark(settings, asker)
    persons = persons_named(settings.vault_file, name)
    if len(persons) != 1:
        raise BadInput([f"'{name}' is {len(persons) or 'nobody'} here; name a login or a person id"])
    quarter = window_named(settings, window)
    report = door.read_self(settings.published, persons[0], quarter)
    logbook.note(
        settings,
        "glass broken",
        person=logbook.mark(settings, persons[0]),
        by=officer,
        window=quarter,
        because=because,
    )
    return door.without_steps(report)


@checked
def accept_broken_log(settings: RecordedSettings, asker: Asker) -> list[str]:
    """Lets a broken log go on, on the word of an officer; returns what was wrong. Raises Refused."""
    officer = _mark(settings, asker)
    key = audit.key_in(settings.audit_key, settings.audit_file)
    return audit.accept(settings.audit_file, key, officer, on=today())


def _mark(settings: RecordedSettings, officer: Asker) -> str:
    """What stands for the officer in the log."""
    if officer.known_as is None:
        raise Refused("an officer has to be on the roster, so that the log can say who it was")
    return logbook.mark(settings, officer.known_as)
