"""What was published: whether it still is what it was, questions over all of it, and taking an item out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.request import Asker
from app.roles import checked
from config.settings import Settings
from connectors.errors import BadInput
from privacy import audit, door, logbook, organisation, tables
from privacy.published import digest
from warehouse import querying
from warehouse.windows import parse_window, today


class LogVerified(NamedTuple):
    """What is wrong with the audit log, and what was looked at."""

    wrong: list[str]
    entries: int
    accepted_on: list[str]
    """Days on which an officer accepted a broken log."""
    anchor: Path | None
    """Without one, nobody can tell whether the end of the log was cut off."""


@checked
def query_releases(settings: Settings, asker: Asker, statement: str) -> querying.QueryResult:
    """What one select statement returns over every published release. It is logged before it is answered.

    Raises BadInput for a statement that is refused, BrokenRelease, and NotLogged.
    """
    if any("\ud800" <= each <= "\udfff" for each in statement):
        raise BadInput(["the statement is not UTF-8 text; type it anew, or save its file as UTF-8"])
    rows = tables.rows(
        door.read_teams(settings.published),
        (
            door.read_organisation(settings.published, window)
            for window in organisation.windows(settings.published)
        ),
    )
    if not rows["releases"]:
        raise BadInput(
            [f"{settings.published}: no team has a release yet; a quarter's comes two weeks after its end"]
        )
    logbook.note(settings, "releases queried", sha256=digest(statement))
    return querying.answer(rows, statement)


@checked
def verify_published(settings: Settings, asker: Asker) -> list[str]:
    """A sentence for every published file that is not what was published, by the manifest and by the log."""
    if not settings.published.exists():
        raise BadInput([f"{settings.home}: nothing was published here yet; run `sightline nightly`"])
    by_manifest = door.verify(settings.published)
    return by_manifest + [
        sentence
        for sentence in audit.released_otherwise(settings.audit_file, settings.published / "teams")
        if sentence.split(":")[0].removeprefix("../") not in {each.split(":")[0] for each in by_manifest}
    ]


@checked
def verify_log(settings: Settings, asker: Asker, anchor: Path | None) -> LogVerified:
    """What is wrong with the audit log. Raises BadInput where there is none yet, and NotLogged."""
    anchor = anchor or settings.audit_anchor
    if not settings.audit_file.exists() and not settings.audit_key.exists() and not anchor:
        raise BadInput([f"{settings.home}: nothing was logged here yet; run `sightline nightly`"])
    if not settings.audit_file.exists():
        missing = f"{settings.audit_file}: the log is missing; restore it from a backup"
        return LogVerified([missing], 0, [], anchor)
    key = audit.key_in(settings.audit_key, settings.audit_file)
    wrong = [
        *audit.problems(settings.audit_file, key, from_start=True),
        *audit.verify(settings.audit_file, key, anchor),
    ]
    entries = list(audit.entries(settings.audit_file))
    accepted = dict.fromkeys(each["on"] for each in entries if each["action"] == "break accepted")
    return LogVerified([*dict.fromkeys(wrong)], len(entries), [*accepted], anchor)


@checked
def withdraw_item(
    settings: Settings, asker: Asker, team: str, window: str, item: str, rubric: str | None
) -> list[str]:
    """Withdraws one item of a release for good and logs it; returns what is wrong with other releases.

    Raises DoorError or BadInput.
    """
    try:
        quarter = parse_window(window)
    except ValueError as error:
        raise BadInput([str(error)]) from None
    door.withdraw(settings.published, team, quarter, item, withdrawn_on=today(), rubric=rubric)
    return logbook.note_published(settings)
