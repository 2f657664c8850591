"""The door: the only way from results to readers, and the only writer of `published/`.

What a team reads is decided in two steps that never meet. Whether an item is shown depends on public facts:
the map, the roster, the agreement, the sources and the calendar. Only then, and only for a shown item, is
anything about people looked at, and only to choose one word.

A release is written once. Its bytes wait under another name, are recorded in the manifest, and are renamed
into place, in this order: whoever dies in between leaves either nothing that counts, or everything the next
run needs to finish with the very same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy import bodies, floors, published, shelf, team_words
from privacy.bands import shown
from privacy.cohort import due_on as due_on
from privacy.cohort import eligible as eligible
from privacy.cohort import is_due as is_due
from privacy.errors import (
    AlreadyPublished,
    BrokenRelease,
    DoorError,
    NoReport,
    NotDue,
    NotShown,
    NotYetPublished,
    RefusedBody,
    UnknownItem,
    UnknownTeam,
)
from privacy.released import _DOOR, Released
from privacy.team_words import NOT_SHOWN as NOT_SHOWN
from warehouse.windows import Window, parse_window

if TYPE_CHECKING:  # readers come through here too, and need no pydantic to read a file
    from privacy.policy import Policy

WITHDRAWN = "Withdrawn after it was published. A published window is never computed again."


# --- what is let out --------------------------------------------------------------------------------------


def release_team(
    *,
    team: str,
    window: Window,
    members: Collection[str],
    traces: Mapping[str, Collection[str]],
    items: Sequence[Mapping[str, Any]],
    sources: Sequence[Mapping[str, Any]],
    rubric: Mapping[str, str],
    policy: Policy,
    published_on: date,
    processes: Sequence[Mapping[str, Any]] = (),
) -> Released:
    """One team's release of one closed window: every item of the rubric, in its order, with at most one word.

    `members` are the eligible ones, `traces` says for each item which people left any. An item may carry
    `left_open`: a sentence about the sources that leaves it open for everybody. A process of the team gets
    its word by the same rule: `traces` says for which people it held.

    Raises NotDue for a window that may not be published yet, RefusedBody for a body the audience may not see.
    """
    if "team" not in policy.audiences:
        raise RefusedBody(f"{policy.file}: 'team' is no audience of the agreement, so no release is made")
    if published_on < due_on(window, policy, sources_complete=True):
        due = due_on(window, policy, sources_complete=True)
        raise NotDue(f"{window.name} may be published from {due} on; {published_on} is too early")
    people = frozenset(members)
    is_large_enough = shown(len(people), k=policy.k, coalition=policy.coalition)

    def word(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
        hidden = team_words.why_hidden(told, sources, is_large_enough)
        return team_words.word(name, hidden, people, traces, policy)

    body = {
        "kind": "team",
        "team": team,
        **_window_dates(window),
        "published_on": published_on.isoformat(),
        "rubric": {"id": rubric["id"], "title": rubric["title"]},
        "agreement_sha256": policy.sha256,
        "sources": bodies.sources(sources),
        "items": [bodies.about(item) | word(item["item"], item) for item in items],
        "processes": [team_words.about(process) | word(process["process"], process) for process in processes],
    }
    bodies.check_team(body)
    return Released("team", body, key=_DOOR)


def release_self(
    *,
    window: Window,
    as_of: date,
    team: str,
    rubric: Mapping[str, str],
    sources: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    policy: Policy,
) -> Released:
    """Somebody's own report. It holds no id of any person, its reader's included.

    Raises RefusedBody for anything in it that a report may not hold.
    """
    body = {
        "kind": "self",
        **_window_dates(window),
        "window_is_open": not window.is_closed_on(as_of),
        "computed_on": as_of.isoformat(),
        "team": team,
        "rubric": {"id": rubric["id"], "title": rubric["title"]},
        "agreement_sha256": policy.sha256,
        "sources": bodies.sources(sources),
        "items": [bodies.self_item(item) for item in items],
    }
    bodies.check_self(body)
    return Released("self", body, key=_DOOR)


def with_own_words(report: Released, words: Mapping[str, Mapping[str, Any]]) -> Released:
    """Somebody's own report, and beside each item what they noted and contested themselves."""
    if report.audience != "self":
        raise RefusedBody(f"what is for the {report.audience} audience has no place for anybody's own words")
    return Released("self", bodies.with_own_words(report.body, words), key=_DOOR)


def release_share(
    report: Released, items: Collection[str], *, shared_by: str, span: tuple[date, date], notes: bool
) -> Released:
    """Some items of somebody's own report, for the one reader they chose, until the last day of `span`."""
    if report.audience != "self":
        raise RefusedBody(f"what is for the {report.audience} audience cannot be shared")
    return Released(
        "share", bodies.shared(report.body, items, shared_by=shared_by, span=span, notes=notes), key=_DOOR
    )


# --- publishing -------------------------------------------------------------------------------------------


def publish(published_dir: Path, released: Released) -> Path:
    """Puts a team's release where readers find it, once; returns where.

    A release that a former run recorded and could not put in place is put in place, whatever is given now.
    Raises AlreadyPublished, or BrokenRelease when what lies there is not what was published.
    """
    if released.audience != "team":
        raise RefusedBody(f"a report for the {released.audience} audience is never published to a team")
    body = released.body
    name = published.release_name(body["team"], body["window"])
    return _put_once(published_dir, body["team"], name, released.canonical())


def withdraw(published_dir: Path, team: str, window: Window | str, item: str, *, withdrawn_on: date) -> Path:
    """Marks one item of a release as no longer standing; returns where the notice lies.

    The release keeps its bytes. The notice gives no reason: a reason would be about somebody.
    Raises UnknownItem, NotShown for an item that has no band to withdraw, and what `read_team` raises.
    """
    name = _named(window)
    try:
        cell = next(
            each for each in read_team(published_dir, team, name).body["items"] if each["item"] == item
        )
    except StopIteration:
        raise UnknownItem(f"the release of team {team!r} for {name} has no item {item!r}") from None
    notice = published.notice_name(team, name, item)
    path = published_dir / "teams" / notice
    if path.exists():
        return path
    recorded = published.read_manifest(published_dir / "teams").files
    if not cell["shown"] and notice not in recorded:
        raise NotShown(
            f"item {item!r} is not shown for team {team!r} in {name}, so there is nothing to withdraw"
        )
    body = {"kind": "withdrawal", "team": team, "window": name, "item": item}
    return _put_once(published_dir, team, notice, _json(body | {"withdrawn_on": withdrawn_on.isoformat()}))


def write_self(published_dir: Path, person_id: str, released: Released) -> Path:
    """Puts somebody's own report in the place of the one before; returns where."""
    if released.audience != "self":
        raise RefusedBody(f"a release for the {released.audience} audience is nobody's own report")
    if not published.is_person_id(person_id):
        raise ValueError("a person's id may hold only letters, digits, - and _")
    path = published_dir / "people" / person_id / f"{released.body['window']}.json"
    with shelf.alone(published_dir):
        for folder in (path.parent.parent, path.parent):
            shelf.make_folder(folder, 0o700)
        # not flushed to disk: a report lost with the power is made anew by the next night
        shelf.write(published.pending(path), released.canonical(), published.REPORT_MODE, flush=False)
        published.pending(path).replace(path)
    return path


def remove_self(published_dir: Path, person_id: str) -> None:
    """Takes somebody's own reports away, where others' traces may be in them; a night writes them anew."""
    if not published.is_person_id(person_id):
        raise ValueError("a person's id may hold only letters, digits, - and _")
    with shelf.alone(published_dir):
        for path in sorted((published_dir / "people" / person_id).glob("*.json")):
            path.unlink()


def past(published_dir: Path, oldest: Window) -> dict[str, str]:
    """The published files of windows before the oldest that is kept, with their hashes."""
    files = published.read_manifest(published_dir / "teams").files
    return {name: sha256 for name, sha256 in files.items() if published.window_in(name) < oldest.name}


def expire(published_dir: Path, names: Collection[str]) -> None:
    """Removes these files and forgets them. Files go first: whoever dies in between is gone on with."""
    if not names:
        return
    teams_dir = published_dir / "teams"
    with shelf.alone(published_dir):
        for name in names:
            path = teams_dir / name
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other windows of the team are still there
                path.parent.rmdir()
        manifest = published.read_manifest(teams_dir)
        files = {name: sha256 for name, sha256 in manifest.files.items() if name not in names}
        folders = {name.split("/")[0] for name in files}
        teams = {folder: team for folder, team in manifest.teams.items() if folder in folders}
        _put_manifest(teams_dir, published.Manifest(files, teams))


def verify(published_dir: Path) -> list[str]:
    """A sentence for every team file that is altered, missing, extra or too widely readable."""
    return list(published.problems(published_dir / "teams"))


# --- reading ----------------------------------------------------------------------------------------------


def read_team(published_dir: Path, team: str, window: Window | str) -> Released:
    """A team's release, with what was withdrawn since taken out.

    Raises UnknownTeam, NotYetPublished with the day it may come, or BrokenRelease.
    """
    teams_dir, name = published_dir / "teams", _named(window)
    manifest = published.read_manifest(teams_dir)
    release = published.release_name(team, name)
    if release not in manifest.files and not (teams_dir / release).exists():
        raise _why_missing(published_dir, team, name)
    body = published.read_recorded(teams_dir, release, manifest)
    body.setdefault("processes", [])  # the first releases told none, and stay as they were published
    try:
        bodies.check_team(body)
    except RefusedBody as error:
        raise BrokenRelease(f"{teams_dir / release}: {error}") from error
    if (body["team"], body["window"]) != (team, name):
        raise BrokenRelease(f"{teams_dir / release}: is the release of another team or window")
    for item in body["items"]:
        # the manifest decides, not the notice's file: a withdrawn cell does not come back when a file goes
        if published.notice_name(team, name, item["item"]) in manifest.files:
            item.update(shown=False, band=None, because=WITHDRAWN)
    return Released("team", body, key=_DOOR)


def read_self(published_dir: Path, person_id: str, window: Window | str) -> Released:
    """Somebody's own report. Raises NoReport, the same for an id that is unknown, guessed or malformed."""
    name = _named(window)
    try:
        if not published.is_person_id(person_id):
            raise ValueError
        path = published_dir / "people" / person_id / f"{name}.json"
        body = json.loads(path.read_text(encoding="utf-8"))
        bodies.check_self(body)
    except (OSError, ValueError, RefusedBody):
        raise NoReport(
            f"there is no report here for {name}; one is written every night for each person"
        ) from None
    return Released("self", body, key=_DOOR)


def is_published(published_dir: Path, team: str, window: Window | str) -> bool:
    """Whether this release is in place. What was recorded and not yet put in place is not."""
    return (published_dir / "teams" / published.release_name(team, _named(window))).exists()


def is_decided(published_dir: Path, team: str, window: Window | str) -> bool:
    """Whether the bytes of this release are settled, in place or not: nothing said now can change them."""
    manifest = published.read_manifest(published_dir / "teams")
    return published.release_name(team, _named(window)) in manifest.files


def published_teams(published_dir: Path) -> list[str]:
    """The teams that have a release, by name."""
    return sorted(published.read_manifest(published_dir / "teams").teams.values())


def published_windows(published_dir: Path, team: str) -> list[str]:
    """The windows a team has a release for, oldest first."""
    folder = published_dir / "teams" / published.folder_name(team)
    files = published.read_manifest(published_dir / "teams").files
    windows = {path.stem for path in folder.glob("*.json")}
    return sorted(name for name in windows if published.release_name(team, name) in files)


def latest_window(published_dir: Path, team: str) -> str:
    """The newest window a team has a release for. Raises UnknownTeam or NotYetPublished."""
    if windows := published_windows(published_dir, team):
        return windows[-1]
    raise _why_missing(published_dir, team, None)


# --- how it is done ---------------------------------------------------------------------------------------


def _window_dates(window: Window) -> dict[str, str]:
    return {
        "window": window.name,
        "window_starts_on": window.starts_on.isoformat(),
        "window_ends_on": window.ends_on.isoformat(),
    }


def _named(window: Window | str) -> str:
    return (window if isinstance(window, Window) else parse_window(window)).name


def _why_missing(published_dir: Path, team: str, window: str | None) -> DoorError:
    teams, out = published_teams(published_dir), published_windows(published_dir, team)
    if teams and team not in teams:
        close = get_close_matches(team, teams, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; teams with a release: {', '.join(teams)}"
        return UnknownTeam(f"no team {team!r} has a release{hint}")
    if window is None:
        return NotYetPublished(
            f"team {team!r} has no release yet; a quarter's comes {floors.DELAY_DAYS} days after its end "
            "at the earliest, and later while a source is incomplete"
        )
    earliest = parse_window(window).ends_on + timedelta(days=floors.DELAY_DAYS)
    return NotYetPublished(
        f"team {team!r} has no release for {window}; it comes on {earliest} at the earliest, and later while "
        f"a source is incomplete" + (f"; published so far: {', '.join(out)}" if out else "")
    )


def _put_once(published_dir: Path, team: str, name: str, text: str) -> Path:
    """Writes, records, renames: the order that the top of this file promises."""
    teams_dir = published_dir / "teams"
    path = teams_dir / name
    with shelf.alone(published_dir):
        below = [teams_dir / folder for folder in Path(name).parents]
        for folder in reversed(below):  # from `teams` down
            shelf.make_folder(folder, 0o750)
        manifest = published.read_manifest(teams_dir)
        if name not in manifest.files:
            if os.path.lexists(path):
                raise BrokenRelease(f"{path}: lies there and was never published; find out who put it there")
            shelf.write(published.pending(path), text, published.RELEASE_MODE)
            _record(teams_dir, manifest, team, name, published.digest(text))
        elif os.path.lexists(path):
            raise AlreadyPublished(f"{path}: is published, and what is published stays as it is")
        elif not published.is_waiting(path, manifest.files[name]):
            raise BrokenRelease(f"{path}: was published and is missing; restore it from a backup")
        published.pending(path).replace(path)
        shelf.flush_folder(path.parent)
    return path


def _record(teams_dir: Path, manifest: published.Manifest, team: str, name: str, sha256: str) -> None:
    files = manifest.files | {name: sha256}
    teams = manifest.teams | {published.folder_name(team): team}
    _put_manifest(teams_dir, published.Manifest(files, teams))


def _put_manifest(teams_dir: Path, manifest: published.Manifest) -> None:
    path = teams_dir / published.MANIFEST
    shelf.write(published.pending(path), manifest.text(), published.RELEASE_MODE)
    published.pending(path).replace(path)
    shelf.flush_folder(teams_dir)


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
