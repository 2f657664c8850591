"""Breaking the glass: a privacy officer reads somebody's report, for a reason, and the person is told.

The log has it before anything is shown. From then on it stands at the top of the person's reports for three
months, and in their access log for as long as the log is kept.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from app.identity import asking, window_named
from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from privacy import audit, door, logbook
from warehouse.forget import persons_named
from warehouse.vault import find_ids, find_login
from warehouse.windows import today

REASONS = {
    "asked-by-the-person": "the person asked for it",
    "complaint": "a complaint about Sightline or about somebody's use of it is looked into",
    "legal-claim": "a court or an authority requires it",
    "security-incident": "a leak, or a misuse of the home, is looked into",
}
"""Codes and not free text: the log is chained, and a sentence in it could never be erased."""
TOLD_FOR = timedelta(days=92)


def officer(settings: RecordedSettings) -> str:
    """The mark of the officer who asks. Raises Refused for anybody else."""
    who = asking(settings)
    if who.account.login.casefold() not in {login.casefold() for login in settings.officers}:
        raise Refused("only a privacy officer may; list their logins under `officers:` in the settings")
    if who.person_id is None:
        raise Refused("an officer has to be on the roster, so that the log can say who it was")
    return logbook.mark(settings, who.person_id)


def accept_break(config: Path) -> list[str]:
    """Lets a broken log go on, on the word of an officer; returns what was wrong. Raises Refused."""
    settings = recorded_settings(config)
    by = officer(settings)
    key = audit.key_in(settings.audit_key, settings.audit_file)
    return audit.accept(settings.audit_file, key, by, on=today())


def break_glass(config: Path, who: str, because: str, window: str | None, form: str) -> str:
    """Somebody's own report, for an officer. Raises Refused for anybody else, and NotLogged unseen."""
    from reports.formats import own_report_as

    settings = recorded_settings(config)
    if because not in REASONS:
        raise BadInput([f"'{because}' is no reason; it is one of {', '.join(REASONS)}"])
    by = officer(settings)
    found = persons_named(settings.vault_file, who)
    if len(found) != 1:
        raise BadInput([f"'{who}' is {len(found) or 'nobody'} here; name a login or a person id"])
    name = window_named(settings, window)
    report = door.read_self(settings.published, found[0], name)
    logbook.note(
        settings,
        "glass broken",
        person=logbook.mark(settings, found[0]),
        by=by,
        window=name,
        because=because,
    )
    return own_report_as(door.without_steps(report), form, {})


def looks_at(settings: Settings, person_id: str) -> list[str]:
    """A sentence for each time in three months that an officer read a report of this person's."""
    if not settings.audit_file.exists():
        return []
    people = find_ids(settings.vault_file)
    own = {logbook.mark(settings, each) for each in people.get(person_id, {person_id})}
    whose = {logbook.mark(settings, each): person for person, ids in people.items() for each in ids}
    found = []
    for entry in audit.entries(settings.audit_file, "glass broken"):
        about = entry["about"]
        recent = date.fromisoformat(entry["on"]) + TOLD_FOR >= today()
        if about["person"] in own and recent:
            reader = whose.get(about["by"])
            login = reader and find_login(settings.vault_file, reader, "github")
            why = REASONS.get(about["because"], about["because"])
            found.append(
                f"On {entry['on']} the privacy officer {login or ''} read your report for {about['window']}, "
                f"because {why}."
            )
    return found
