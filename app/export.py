"""What is stored about whoever asks, and what the log says of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app.identity import proven
from app.notes import own_report
from config.recorded_settings import recorded_settings
from config.settings import Settings
from connectors.errors import BadInput
from privacy import audit, door, logbook
from privacy.errors import NoReport
from privacy.published import folder_name
from reports.neutral import plain
from warehouse.about import rows_about
from warehouse.files import write_whole
from warehouse.rewrite import databases
from warehouse.vault import find_ids, find_login
from warehouse.windows import today

_SAID = {
    "report read": "you read your report for {window}",
    "release published": "{team}'s bands for {window} were published",
    "item withdrawn": "an item of {team}'s bands for {window} was withdrawn",
    "release read": "somebody read {team}'s bands for {window}",
    "releases queried": "somebody asked a question of all bands that were published, your team's among them",
    "contest opened": "you contested {item} in {window}",
    "contest read": "{by} looked at your cell {item} in {window}, which you contest",
    "contest decided": "{by} decided your contest of {item} in {window}: {state}",
    "share made": "you made share {share}",
    "share revoked": "you ended share {share}",
    "share opened": "{by} opened share {share}",
    "glass broken": "the privacy officer {by} read your report for {window} ({because})",
    "opted out": "you opted out",
    "opted in": "you opted in again",
    "data exported": "you exported what is stored about you",
}
"""Each action of the log in the words of whom it is about."""


def show_access_log(config: Path, form: str) -> str:
    """Every entry of the log about whoever asks, or about a release of a team of theirs, by day."""
    settings = recorded_settings(config)
    rows = list(_entries(settings, proven(settings)))
    if form == "json":
        return json.dumps({"entries": rows}, indent=1, ensure_ascii=False)
    counted = Counter((row["on"], plain(row["said"])) for row in rows)
    return "\n".join(
        f"{on}  {said}" + (f", {count} times" if count > 1 else "") for (on, said), count in counted.items()
    ) or ("nothing is logged about you")


def export(config: Path, output: Path | None) -> str:
    """All that is stored about whoever asks, as JSON; into a file, if one is named, or a zip with pages.

    Raises BadInput while a night is writing, and for a file that cannot be written.
    """
    settings = recorded_settings(config)
    person_id = proven(settings)
    logbook.note(settings, "data exported", person=logbook.mark(settings, person_id))
    everything = everything_about(settings, person_id)
    text = json.dumps(everything, indent=1, ensure_ascii=False, default=str)
    if output is None:
        return text
    content = _zipped(settings, person_id, text) if output.suffix == ".zip" else text
    try:
        write_whole(output, content)
    except OSError as error:
        raise BadInput([f"{output}: cannot be written ({error.strerror}); name another file"]) from None
    tables = sum(map(len, everything["stored"].values()))
    return f"{output}: what {tables} tables, your reports and the log hold about you; only you can read it"


def everything_about(settings: Settings, person_id: str) -> dict[str, Any]:
    """Every row, every report and every entry of the log about this person. Raises BadInput in a night."""
    people = find_ids(settings.vault_file)
    ids = people.get(person_id, {person_id})
    others = frozenset().union(*people.values()) - ids
    try:
        with FileLock(settings.lock_file, timeout=0):
            stored = {path.name: rows_about(path, ids, others) for path in databases(settings.home)}
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None
    return {
        "about": sorted(ids),
        "exported_on": today().isoformat(),
        "stored": stored,
        "reports": {name: _report(settings, person_id, name) for name in _windows(settings, person_id)},
        "log": list(_entries(settings, person_id)),
    }


def _entries(settings: Settings, person_id: str) -> Iterator[dict[str, str]]:
    people = find_ids(settings.vault_file)
    own = {logbook.mark(settings, each) for each in people.get(person_id, {person_id})}
    whose = {logbook.mark(settings, each): person for person, ids in people.items() for each in ids}
    releases = {
        f"{folder_name(team)}/{window}": (team, window) for window, team in _teams(settings, person_id)
    }
    for entry in audit.entries(settings.audit_file):
        about: Mapping[str, str] = entry["about"]
        words = dict(about)
        if about.get("person") not in own:
            release = next((key for key in releases if about.get("file", "").startswith(key)), None)
            if release is not None:
                words["team"], words["window"] = releases[release]
            elif entry["action"] != "releases queried" or not releases:
                continue
        if "by" in about:
            reader = whose.get(about["by"])
            login = reader and find_login(settings.vault_file, reader, "github")
            words["by"] = login or "somebody who is not known here any more"
        said = _SAID.get(entry["action"], entry["action"]).format_map(_Named(words))
        yield {"on": entry["on"], "action": entry["action"], "said": said}


class _Named(dict[str, str]):
    """What an older entry lacks is left out of its sentence."""

    def __missing__(self, key: str) -> str:
        return "?"


def _windows(settings: Settings, person_id: str) -> list[str]:
    folder = settings.published / "people" / person_id
    return sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))


def _teams(settings: Settings, person_id: str) -> Iterator[tuple[str, str]]:
    for window in _windows(settings, person_id):
        try:
            yield window, door.read_self(settings.published, person_id, window).body["team"]
        except NoReport:
            continue


def _report(settings: Settings, person_id: str, window: str) -> dict[str, Any]:
    return own_report(settings, person_id, window).body


def _zipped(settings: Settings, person_id: str, text: str) -> bytes:
    """The JSON, and a page for each report that opens in any browser."""
    from reports.page import me_page

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", text)
        for window in _windows(settings, person_id):
            archive.writestr(f"{window}.html", me_page(own_report(settings, person_id, window)))
    return written.getvalue()
