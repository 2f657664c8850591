"""Contests: somebody says that a cell of theirs is wrong, and a person whom the settings name decides.

A resolver sees the cells that were contested before them, with the traces behind these, and nothing else:
none of their own, and none of somebody they manage or managed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput
from people.own_report import check_items, checked_note
from people.rights import rights_of
from privacy import door, logbook
from privacy.errors import NoReport
from reports.neutral import plain
from warehouse import reading
from warehouse.rights_rows import Contest, Decision, Note
from warehouse.vault_lookup import find_login
from warehouse.windows import today


class OpenedContest(NamedTuple):
    """What comes of a contest that was opened."""

    contest_id: str
    window: str
    is_published: bool
    """What was published of this quarter counts its person, and stays as it is."""
    has_resolvers: bool


@checked
def open_contest(
    settings: RecordedSettings, asker: Asker, item: str, because: str, text: str | None, window: str | None
) -> OpenedContest:
    """Contests a cell of whoever asks, with a note for its resolver. Raises BadInput."""
    person_id, name = asker.person_id, window_named(settings, window)
    check_items(door.read_self(settings.published, person_id, name).body, [item])
    note = checked_note(text) if text else None
    logbook.note(settings, "contest opened", person=logbook.mark(settings, person_id), window=name, item=item)
    with rights_of(settings) as own:
        contest = own.contest(person_id, name, item, because, today())
        own.delete_note(person_id, name, item, "contest")
        if note:
            own.write_note(Note(person_id, name, item, "contest", note, today()))
        is_published = any(True for _ in own.counted(person_id, name))
    return OpenedContest(contest.contest_id, name, is_published, bool(settings.resolvers))


@checked
def take_back_contest(settings: RecordedSettings, asker: Asker, item: str, window: str | None) -> str:
    """Takes a contest back, and its note; returns the quarter. Raises BadInput where there is none."""
    name = window_named(settings, window)
    with rights_of(settings) as own:
        own.delete_note(asker.person_id, name, item, "contest")
        if not own.take_back(asker.person_id, name, item):
            raise BadInput([f"there is no contest of yours against '{item}' in {name}"])
    return name


@checked
def list_contests(settings: RecordedSettings, asker: Asker) -> list[dict[str, Any]]:
    """The open contests that whoever asks may decide, each with the cell it is about."""
    with rights_of(settings) as own:
        contests = [each for each in own.contests() if each.state == "open"]
        notes = {
            (note.person_id, note.quarter, note.item): note.said
            for person_id in {each.person_id for each in contests}
            for note in own.notes(person_id)
            if note.kind == "contest"
        }
    managers = _managers(settings)
    rows = []
    for contest in contests:
        if _may_decide(asker, contest.person_id, managers):
            _log(settings, "contest read", contest, asker)
            _remember_that_it_was_seen(settings, contest)
            rows.append(
                {
                    "contest": contest.contest_id,
                    "login": find_login(settings.vault_file, contest.person_id, "github"),
                    "window": contest.quarter,
                    "item": contest.item,
                    **_cell(settings, contest),
                    "because": contest.because,
                    "said": notes.get((contest.person_id, contest.quarter, contest.item)),
                    "opened_on": contest.opened_on.isoformat(),
                }
            )
    return rows


@checked
def decide_contest(settings: RecordedSettings, asker: Asker, contest_id: str, decision: Decision) -> None:
    """Decides an open contest. Raises BadInput.

    A contest that does not exist and one that this person may not decide are answered alike.
    """
    managers = _managers(settings)
    with rights_of(settings) as own:
        open_contests = {each.contest_id: each for each in own.contests() if each.state == "open"}
        contest = open_contests.get(contest_id)
        # whether there is one or not, it is looked up who may
        may_decide = _may_decide(asker, contest and contest.person_id, managers)
        if contest is None or not may_decide:
            raise BadInput(
                [
                    f"there is no open contest '{plain(contest_id)}' that you may decide; "
                    "`sightline contests list` has those"
                ]
            )
        _log(settings, "contest decided", contest, asker, state=decision)
        if not own.counted(contest.person_id, contest.quarter):
            own.note_early(contest.person_id, contest.quarter)
        own.resolve(contest_id, decision, asker.known_as, today())


def _managers(settings: Settings) -> Mapping[str | None, Collection[str]]:
    """Everybody who manages or managed each person. Raises BadInput while a night is writing."""
    managers: dict[str | None, set[str]] = {}
    try:
        with FileLock(settings.lock_file, timeout=0), reading.opened(settings.warehouse_file) as store:
            for row in reading.memberships(store):
                if row.manager_id:
                    managers.setdefault(row.person_id, set()).add(row.manager_id)
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None
    return managers


def _remember_that_it_was_seen(settings: Settings, contest: Contest) -> None:
    """Whoever decides knows the cell now, as the reader of a share does: no later band may rest on it."""
    with rights_of(settings) as own:
        if not own.counted(contest.person_id, contest.quarter):
            own.note_early(contest.person_id, contest.quarter)


def _may_decide(
    resolver: Asker, person_id: str | None, managers: Mapping[str | None, Collection[str]]
) -> bool:
    return resolver.known_as != person_id and resolver.known_as not in managers.get(person_id, ())


def _cell(settings: Settings, contest: Contest) -> dict[str, Any]:
    """The contested cell as its person's report has it now."""
    cell: dict[str, Any] = {}
    with suppress(NoReport):  # the window is older than the reports that are kept
        items = door.read_self(settings.published, contest.person_id, contest.quarter).body["items"]
        cell = next((each for each in items if each["item"] == contest.item), {})
    return {
        "says": cell.get("says"),
        "state": cell.get("state"),
        "evidence": list(dict.fromkeys(row["url"] or row["source_id"] for row in cell.get("evidence", []))),
    }


def _log(settings: Settings, action: str, contest: Contest, resolver: Asker, **more: str) -> None:
    by = logbook.mark(settings, resolver.known_as) if resolver.known_as else "not-in-the-vault"
    person = logbook.mark(settings, contest.person_id)
    logbook.note(settings, action, person=person, window=contest.quarter, item=contest.item, by=by, **more)
