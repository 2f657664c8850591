"""Who decides a contest: a person named in the settings, who is not its person and manages them not.

A resolver sees the cells that were contested before them, with the traces behind these, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app.identity import Asking, asking
from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from people.rights import rights_of
from privacy import door, logbook
from privacy.errors import NoReport
from reports.neutral import plain
from warehouse import reading, rights
from warehouse.vault import find_login
from warehouse.windows import today


def list_contests(config: Path, form: str) -> str:
    """The open contests that whoever asks may decide, each with the cell it is about."""
    settings = recorded_settings(config)
    resolver = _resolver(settings)
    with rights_of(settings) as own:
        contests = [each for each in own.contests() if each.state == "open"]
        said = {
            (note.person_id, note.quarter, note.item): note.said
            for person_id in {each.person_id for each in contests}
            for note in own.notes(person_id)
            if note.kind == "contest"
        }
    managers = _managers(settings)
    rows = []
    for contest in contests:
        if _may_decide(resolver, contest.person_id, managers):
            _log(settings, "contest read", contest, resolver)
            _remember_that_it_was_seen(settings, contest)
            rows.append(
                {
                    "contest": contest.contest_id,
                    "login": find_login(settings.vault_file, contest.person_id, "github"),
                    "window": contest.quarter,
                    "item": contest.item,
                    **_cell(settings, contest),
                    "because": contest.because,
                    "said": said.get((contest.person_id, contest.quarter, contest.item)),
                    "opened_on": contest.opened_on.isoformat(),
                }
            )
    if form == "json":
        return json.dumps({"contests": rows}, indent=1, ensure_ascii=False)
    return "\n".join(line for row in rows for line in _lines(row)) or (
        "there is no open contest that you may decide"
    )


def resolve_contest(config: Path, contest_id: str, decision: rights.Decision) -> str:
    """Decides an open contest; returns what that changes. Raises BadInput or Refused.

    A contest that does not exist and one that this person may not decide are answered alike.
    """
    settings = recorded_settings(config)
    resolver = _resolver(settings)
    managers = _managers(settings)
    with rights_of(settings) as own:
        open_ones = {each.contest_id: each for each in own.contests() if each.state == "open"}
        found = open_ones.get(contest_id)
        # whether there is one or not, it is looked up who may
        may_decide = _may_decide(resolver, found and found.person_id, managers)
        if found is None or not may_decide:
            raise BadInput(
                [
                    f"there is no open contest '{plain(contest_id)}' that you may decide; "
                    "`sightline contests list` has those"
                ]
            )
        _log(settings, "contest decided", found, resolver, state=decision)
        if not own.counted(found.person_id, found.quarter):
            own.note_early(found.person_id, found.quarter)
        own.resolve(contest_id, decision, resolver.person_id, today())
    if decision == "upheld":
        return f"{contest_id} is upheld: the report says so, and no later band rests on what was contested"
    return f"{contest_id} is dismissed: the report says so"


def _resolver(settings: RecordedSettings) -> Asking:
    """Whoever asks, if the settings name them. Raises Refused, or BadInput where nobody is named."""
    if not settings.resolvers:
        raise BadInput(
            ["nobody is named who decides contests; list logins under `resolvers:` in the settings"]
        )
    found = asking(settings)
    if found.account.login.casefold() not in {login.casefold() for login in settings.resolvers}:
        raise Refused("the settings do not name the account of this token as one that decides contests")
    return found


def _managers(settings: Settings) -> Mapping[str | None, Collection[str]]:
    """Everybody who manages or managed each person. Raises BadInput while a night is writing."""
    found: dict[str | None, set[str]] = {}
    try:
        with FileLock(settings.lock_file, timeout=0), reading.opened(settings.warehouse_file) as store:
            for row in reading.memberships(store):
                if row.manager_id:
                    found.setdefault(row.person_id, set()).add(row.manager_id)
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None
    return found


def _remember_that_it_was_seen(settings: Settings, contest: rights.Contest) -> None:
    """Whoever decides knows the cell now, as the reader of a share does: no later band may rest on it."""
    with rights_of(settings) as own:
        if not own.counted(contest.person_id, contest.quarter):
            own.note_early(contest.person_id, contest.quarter)


def _may_decide(
    resolver: Asking, person_id: str | None, managers: Mapping[str | None, Collection[str]]
) -> bool:
    return resolver.person_id != person_id and resolver.person_id not in managers.get(person_id, ())


def _cell(settings: Settings, contest: rights.Contest) -> dict[str, Any]:
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


def _log(settings: Settings, action: str, contest: rights.Contest, resolver: Asking, **more: str) -> None:
    by = logbook.mark(settings, resolver.person_id) if resolver.person_id else "not-in-the-vault"
    person = logbook.mark(settings, contest.person_id)
    logbook.note(settings, action, person=person, window=contest.quarter, item=contest.item, by=by, **more)


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['contest']}  {plain(row['login'])}  {row['window']}  {plain(row['item'])}"
    yield f"  {row['because']}, opened {row['opened_on']}; the report says: {plain(row['state'])}"
    yield f"  {plain(row['says'])}"
    if row["said"]:
        yield f'  In their words: "{plain(row["said"])}"'
    for link in row["evidence"]:
        yield f"  {plain(link)}"
