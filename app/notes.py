"""Notes that somebody writes beside their own cells."""

from __future__ import annotations

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from connectors.errors import BadInput
from people.own_report import check_items, checked_note
from people.rights import rights_of
from privacy import door
from warehouse.rights_rows import Note
from warehouse.windows import today


@checked
def write_note(settings: RecordedSettings, asker: Asker, item: str, text: str, window: str | None) -> str:
    """Puts a note beside a cell, in the place of the one before; returns the quarter. Raises BadInput."""
    name = window_named(settings, window)
    check_items(door.read_self(settings.published, asker.person_id, name).body, [item])
    note = Note(asker.person_id, name, item, "note", checked_note(text), today())
    with rights_of(settings) as own:
        own.write_note(note)
    return name


@checked
def delete_note(settings: RecordedSettings, asker: Asker, item: str, window: str | None) -> str:
    """Deletes a note, its bytes included; returns the quarter. Raises BadInput where there is none."""
    name = window_named(settings, window)
    with rights_of(settings) as own:
        if not own.delete_note(asker.person_id, name, item, "note"):
            raise BadInput([f"there is no note of yours beside '{item}' in {name}"])
    return name
