"""What an engineer says about their own cells: notes and contests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from app.break_glass import looks_at
from app.identity import proven, window_named
from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import Settings
from connectors.errors import BadInput
from people.rights import rights_of
from privacy import door, logbook
from privacy.errors import NoReport
from privacy.released import Released
from reports.neutral import plain
from warehouse import rights
from warehouse.vault import find_login
from warehouse.windows import today

LONGEST_NOTE = 2_000
"""Characters. A note stands beside a cell; it is no document."""


def own_report(settings: Settings, person_id: str, window: str) -> Released:
    """Somebody's report with what they said beside it. Raises NoReport."""
    with rights_of(settings) as own:
        try:
            report = door.read_self(settings.published, person_id, window)
        except NoReport:
            if since := own.opt_outs().get(person_id):
                raise NoReport(
                    f"there is no report for {window}: you opted out on {since}; "
                    "`sightline me opt-in` undoes it"
                ) from None
            raise
        return door.with_own_words(
            report, _words(settings, own, person_id, window), looks_at(settings, person_id)
        )


def write_note(config: Path, item: str, text: str, window: str | None) -> str:
    """Puts a note beside a cell of whoever asks, in the place of the one before; returns a sentence."""
    settings, person_id, name = _own_cell(config, item, window)
    said = checked_note(text)
    with rights_of(settings) as own:
        own.write_note(rights.Note(person_id, name, item, "note", said, today()))
    return f"noted beside {item} in {name}; only you read it, until you share the item --with-notes"


def delete_note(config: Path, item: str, window: str | None) -> str:
    """Deletes the note beside a cell, its bytes included. Raises BadInput where there is none."""
    settings = recorded_settings(config)
    person_id, name = proven(settings), window_named(settings, window)
    with rights_of(settings) as own:
        if not own.delete_note(person_id, name, item, "note"):
            raise BadInput([f"there is no note of yours beside '{item}' in {name}"])
    return f"the note beside {item} in {name} is deleted, and in no byte of the file any more"


def open_contest(config: Path, item: str, because: str, text: str | None, window: str | None) -> str:
    """Contests a cell of whoever asks; returns what happens next, in sentences."""
    settings, person_id, name = _own_cell(config, item, window)
    said = checked_note(text) if text else None
    logbook.note(settings, "contest opened", person=logbook.mark(settings, person_id), window=name, item=item)
    with rights_of(settings) as own:
        made = own.contest(person_id, name, item, because, today())
        own.delete_note(person_id, name, item, "contest")
        if said:
            own.write_note(rights.Note(person_id, name, item, "contest", said, today()))
        is_out = any(True for _ in own.counted(person_id, name))
    effect = (
        "what is published of this window was frozen before and stays as it is"
        if is_out
        else "until it is decided, no band of this window rests on what you did"
    )
    who = (
        "somebody who decides contests, and is not your manager, will look at it"
        if settings.resolvers
        else "nobody is named yet who decides contests: ask the operator to name `resolvers` in the settings"
    )
    return f"contested {item} in {name} ({because}), contest {made.contest_id}; {effect}; {who}"


def take_back_contest(config: Path, item: str, window: str | None) -> str:
    """Takes a contest back, and what was written with it. Raises BadInput where there is none."""
    settings = recorded_settings(config)
    person_id, name = proven(settings), window_named(settings, window)
    with rights_of(settings) as own:
        own.delete_note(person_id, name, item, "contest")
        if not own.take_back(person_id, name, item):
            raise BadInput([f"there is no contest of yours against '{item}' in {name}"])
    return f"the contest against {item} in {name} is taken back"


def checked_note(text: str) -> str:
    """The text as one visible line. Raises BadInput for one that is empty or long."""
    said = plain(text)
    if not said:
        raise BadInput(["the note is empty; write what there is to say in quotation marks"])
    if len(said) > LONGEST_NOTE:
        raise BadInput([f"the note has {len(said)} characters; {LONGEST_NOTE} are the most"])
    return said


def _own_cell(config: Path, item: str, window: str | None) -> tuple[RecordedSettings, str, str]:
    """Settings, person and window of a cell of whoever asks. Raises BadInput for no such item."""
    settings = recorded_settings(config)
    person_id, name = proven(settings), window_named(settings, window)
    check_items(door.read_self(settings.published, person_id, name).body, [item])
    return settings, person_id, name


def check_items(body: Mapping[str, Any], items: Sequence[str]) -> None:
    """Nothing, where the report has all of these items. Raises BadInput with the nearest names."""
    known = [each["item"] for each in body["items"]]
    wrong = []
    for item in items:
        if item not in known:
            near = get_close_matches(item, known, n=1)
            wrong.append(
                f"no item of your report is named '{plain(item)}'"
                + (f"; did you mean '{near[0]}'?" if near else "; `sightline me` lists them")
            )
    if wrong:
        raise BadInput(wrong)


def _words(settings: Settings, own: rights.Rights, person_id: str, window: str) -> dict[str, dict[str, Any]]:
    """What somebody said of each item in this window."""
    found: dict[str, dict[str, Any]] = {}
    with_contest = {}
    for note in own.notes(person_id, window):
        if note.kind == "contest":
            with_contest[note.item] = note.said
        else:
            found.setdefault(note.item, {})["note"] = {
                "said": note.said,
                "written_on": note.written_on.isoformat(),
            }
    for contest in own.contests(person_id):
        if contest.quarter == window:
            by = contest.resolver_id and find_login(settings.vault_file, contest.resolver_id, "github")
            found.setdefault(contest.item, {})["contest"] = {
                "because": contest.because,
                "opened_on": contest.opened_on.isoformat(),
                "state": contest.state,
                "resolved_on": contest.resolved_on.isoformat() if contest.resolved_on else None,
                "resolved_by": by,
                "said": with_contest.get(contest.item),
            }
    return found
