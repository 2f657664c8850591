"""What is written into the audit log, and when. The chain itself is `privacy/audit.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from config.settings import Settings
from privacy import audit, organisation
from privacy.errors import DoorError
from privacy.published import read_manifest
from warehouse.windows import today

OF_ALL = f"../{organisation.FOLDER}/"
"""Where what the organisation reads lies, from the folder of teams: files are named from there in the log."""


def note(settings: Settings, action: str, **about: str) -> None:
    """Logs one action of today. Raises NotLogged; what is not logged is not done."""
    audit.append(
        settings.audit_file, audit.key_in(settings.audit_key, settings.audit_file), action, about, on=today()
    )


def mark(settings: Settings, person_id: str) -> str:
    """What stands for this person in the log."""
    return audit.mark(audit.key_in(settings.audit_key, settings.audit_file), person_id)


def check(settings: Settings, *, from_start: bool = False) -> None:
    """Nothing, for a log that is what was written, or none yet. Raises LogBroken; NotLogged without a key."""
    if settings.audit_file.exists() or settings.audit_key.exists():
        key = audit.key_in(settings.audit_key, settings.audit_file)
        audit.check(settings.audit_file, key, from_start=from_start)


def note_expired(settings: Settings, name: str, sha256: str) -> None:
    """Logs that a release is no longer kept, once."""
    if not any(
        entry["about"]["file"] == name for entry in audit.entries(settings.audit_file, "release expired")
    ):
        note(settings, "release expired", file=name, sha256=sha256)


def shorten(settings: Settings, before: date) -> int:
    """Removes entries of days before this one; returns how many."""
    if not settings.audit_file.exists():
        return 0
    return audit.shorten(settings.audit_file, audit.key_in(settings.audit_key, settings.audit_file), before)


def agreements_logged(settings: Settings) -> list[str]:
    """The hashes of the agreements that were put into force, in order."""
    return [
        entry["about"]["sha256"]
        for entry in audit.entries(settings.audit_file, "agreement adopted", "agreement amended")
    ]


def note_erased(settings: Settings, erasure: str, sha256: str) -> None:
    """Logs an erasure with the hash of its receipt, once."""
    if erasure not in erasures_logged(settings):
        note(settings, "person erased", erasure=erasure, sha256=sha256)


def erasures_logged(settings: Settings) -> set[str]:
    """The erasures that the log knows of."""
    return {entry["about"]["erasure"] for entry in audit.entries(settings.audit_file, "person erased")}


def note_published(settings: Settings) -> list[str]:
    """Logs every release and withdrawal that the log does not know yet; returns what is wrong with either.

    It goes by what was recorded, so a night that was killed after publishing is made up for by the next.
    """
    try:
        organisation.adopt(settings.published)
        recorded = read_manifest(settings.published / "teams").files | {
            f"{OF_ALL}{name}": sha256 for name, sha256 in organisation.recorded(settings.published).items()
        }
        known = {
            entry["about"]["file"]
            for entry in audit.entries(settings.audit_file, "release published", "item withdrawn")
        }
        for name, sha256 in sorted(recorded.items()):
            if name not in known and (settings.published / "teams" / name).exists():
                action = "item withdrawn" if ".withdrawn/" in name else "release published"
                note(settings, action, file=name, sha256=sha256)
        # the very first night has no anchor to hold the log against
        is_new = settings.audit_anchor is None or not _has_nights(settings)
        return problems(settings, None if is_new else settings.audit_anchor)
    except DoorError as error:
        return [str(error)]


def note_night(settings: Settings, run: Mapping[str, Any]) -> list[str]:
    """Logs that a night ran, and anchors the log where the settings say; returns what went wrong with it."""
    try:
        note(settings, "night ran", run_id=run["run_id"], outcome=run["outcome"])
        if settings.audit_anchor:
            audit.write_anchor(settings.audit_file, settings.audit_anchor, on=today())
    except DoorError as error:
        return [str(error)]
    return []


def problems(settings: Settings, anchor: Path | None) -> list[str]:
    """A sentence for everything that is wrong with the log, or with a release according to it."""
    key = audit.key_in(settings.audit_key, settings.audit_file)
    return [
        *audit.verify(settings.audit_file, key, anchor),
        *audit.released_otherwise(settings.audit_file, settings.published / "teams"),
    ]


def _has_nights(settings: Settings) -> bool:
    return any(audit.entries(settings.audit_file, "night ran"))
