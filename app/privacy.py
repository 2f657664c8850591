"""Whether what was published and logged still is what it was, and taking an item out of it."""

from __future__ import annotations

from pathlib import Path

from config.settings import load_settings
from connectors.errors import BadInput
from privacy import audit, door
from privacy.logbook import note_published
from warehouse.windows import parse_window, today


def verify_published(config: Path) -> list[str]:
    """A sentence for every published file that is not what was published, by the manifest and by the log."""
    settings = load_settings(config)
    if not settings.published.exists():
        raise BadInput([f"{settings.home}: nothing was published here yet; run `sightline nightly`"])
    by_manifest = door.verify(settings.published)
    return by_manifest + [
        sentence
        for sentence in audit.released_otherwise(settings.audit_file, settings.published / "teams")
        if sentence.split(":")[0].removeprefix("../") not in {each.split(":")[0] for each in by_manifest}
    ]


def verify_audit(config: Path, anchor: Path | None) -> tuple[list[str], str]:
    """What is wrong with the audit log, and the sentence for when nothing is. Raises BadInput, NotLogged."""
    settings = load_settings(config)
    anchor = anchor or settings.audit_anchor
    if not settings.audit_file.exists() and not settings.audit_key.exists() and not anchor:
        raise BadInput([f"{settings.home}: nothing was logged here yet; run `sightline nightly`"])
    if not settings.audit_file.exists():
        return [f"{settings.audit_file}: the log is missing; restore it from a backup"], ""
    key = audit.key_in(settings.audit_key, settings.audit_file)
    found = [
        *audit.problems(settings.audit_file, key, is_whole=True),
        *audit.verify(settings.audit_file, key, anchor),
    ]
    entries = list(audit.entries(settings.audit_file))
    accepted = dict.fromkeys(each["on"] for each in entries if each["action"] == "break accepted")
    whole = f"{settings.audit_file}: {len(entries)} entries, whole" + (
        f" but for what an officer accepted on {', '.join(accepted)}" if accepted else ""
    )
    if anchor:
        return [*dict.fromkeys(found)], f"{whole}, and as anchored in {anchor}"
    return [*dict.fromkeys(found)], (
        f"{whole}; without an anchor nobody can tell whether its end was cut off together with its "
        "checkpoint: set `audit_anchor` to a path elsewhere"
    )


def withdraw_item(config: Path, team: str, window: str, item: str, rubric: str | None = None) -> str:
    """Withdraws one item of a release and logs it; returns a sentence. Raises DoorError or BadInput."""
    settings = load_settings(config)
    try:
        named = parse_window(window)
    except ValueError as error:
        raise BadInput([str(error)]) from None
    door.withdraw(settings.published, team, named, item, withdrawn_on=today(), rubric=rubric)
    wrong = note_published(settings)
    return "\n".join([f"{item} of {team} in {named.name} is withdrawn; it is never shown again", *wrong])
