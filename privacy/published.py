"""The folder `published/`: where each file belongs, what was recorded of it, and whether it is unchanged.

Nothing in here writes; only `privacy/door.py` does.

    teams/manifest.json                         the hash of every file that was ever published, and every team
    teams/<team>/<window>.json                  a release: written once, never again
    teams/<team>/<window>.<rubric>.json         the same, one for each rubric, where the team is on several
    teams/<team>/<window>.withdrawn/<item>.json a notice that one item of it no longer stands
    organisation/<window>.json                  what the signals see in all: written once, never again
    people/<person>/<window>.json               somebody's own report, replaced every night
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from privacy import floors
from privacy.errors import BrokenRelease, DoorError, NotYetPublished, UnknownTeam, WhichRubric
from warehouse.windows import Window, parse_window

MANIFEST = "manifest.json"
RELEASE_MODE = 0o640
REPORT_MODE = 0o600

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PERSON = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was published: the hash of each file under `teams/`, and which folder belongs to which team."""

    files: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    """Folder to team name."""

    def text(self) -> str:
        return json.dumps({"files": self.files, "teams": self.teams}, sort_keys=True, indent=1) + "\n"


def folder_name(name: str) -> str:
    """`name` itself where it is safe in a path on any system, else a slug of it, `~` and a hash.

    Two names never share a folder: `~` occurs in no safe name, and what follows it is the hash of the whole.
    """
    if _PLAIN.fullmatch(name):
        return name
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return f"{slug}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def is_person_id(text: str) -> bool:
    """Whether this could be a person's id at all, and so be part of a path."""
    return _PERSON.fullmatch(text) is not None


def release_name(team: str, window: str, rubric: str | None = None) -> str:
    """Where a release lies below `teams/`; `rubric` is named where the team has several."""
    return f"{folder_name(team)}/{window}{f'.{folder_name(rubric)}' if rubric else ''}.json"


def window_in(name: str) -> str:
    """The window of a file that lies below `teams/`."""
    return name.split("/")[1][: len("2026Q3")]


def releases_of(files: Iterable[str], team: str, window: str | None = None) -> list[str]:
    """Those of these files that are releases of a team, and of a window if one is named."""
    form = rf"{re.escape(folder_name(team))}/{re.escape(window) if window else '[^/.]+'}(\.[^/.]+)?\.json"
    return sorted(name for name in files if re.fullmatch(form, name))


def notice_name(release: str, item: str) -> str:
    """Where the withdrawal of one item of this release lies below `teams/`."""
    return f"{release.removesuffix('.json')}.withdrawn/{folder_name(item)}.json"


def pending(path: Path) -> Path:
    """Where a complete file waits until it is recorded: always the same name, so that none are left over."""
    return path.with_name(f".{path.name}.pending")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(teams_dir: Path) -> Manifest:
    """What was recorded so far; empty where nothing was. Raises BrokenRelease."""
    path = teams_dir / MANIFEST
    try:
        match json.loads(path.read_text(encoding="utf-8")):
            case {"files": dict(files), "teams": dict(teams)}:
                return Manifest(files, teams)
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError) as error:
        raise BrokenRelease(
            f"{path}: cannot be read ({type(error).__name__}); restore it from a backup"
        ) from error
    raise BrokenRelease(f"{path}: does not list what was published; restore it from a backup")


def read_recorded(teams_dir: Path, name: str, manifest: Manifest) -> Any:
    """The JSON of one published file. Raises BrokenRelease when it is not what was recorded."""
    path = teams_dir / name
    try:
        text = path.read_text(encoding="utf-8")
        body = json.loads(text)
    except FileNotFoundError:
        raise BrokenRelease(f"{path}: was published and is missing; restore it from a backup") from None
    except (OSError, ValueError) as error:
        raise BrokenRelease(
            f"{path}: cannot be read ({type(error).__name__}); restore it from a backup"
        ) from error
    if name not in manifest.files:
        raise BrokenRelease(f"{path}: was never published by Sightline; find out who put it there")
    if digest(text) != manifest.files[name]:
        raise BrokenRelease(f"{path}: differs from what was published; restore it from a backup")
    return body


def problems(teams_dir: Path) -> Iterator[str]:
    """A sentence for every published file that is altered, missing, extra or readable by too many."""
    try:
        recorded = read_manifest(teams_dir).files
    except BrokenRelease as error:
        yield str(error)
        recorded = {}
    lying = {str(path.relative_to(teams_dir)): path for path in sorted(teams_dir.rglob("*"))}
    for name in sorted(recorded):
        if name in lying:
            yield from _differences(name, lying[name], recorded[name])
        elif is_waiting(teams_dir / name, recorded[name]):
            yield f"{name}: is recorded and not yet in place; the next night finishes it"
        else:
            yield f"{name}: was published and is missing"
    waiting = {
        str(pending(teams_dir / name).relative_to(teams_dir)) for name in recorded if name not in lying
    }
    for name, path in lying.items():
        if (
            name not in recorded
            and name not in waiting | {MANIFEST}
            and (path.is_symlink() or not path.is_dir())
        ):
            yield f"{name}: lies there and was never published"


def _differences(name: str, path: Path, recorded: str) -> Iterator[str]:
    if path.is_symlink() or not path.is_file():
        yield f"{name}: is not a plain file"
        return
    if hashlib.sha256(path.read_bytes()).hexdigest() != recorded:
        yield f"{name}: differs from what was published"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & ~RELEASE_MODE:
        yield f"{name}: has mode {mode:o}, which lets in more than {RELEASE_MODE:o} does"


def is_waiting(path: Path, recorded: str) -> bool:
    """Whether the bytes that were recorded for `path` lie beside it, ready to be put in place."""
    draft = pending(path)
    return draft.is_file() and hashlib.sha256(draft.read_bytes()).hexdigest() == recorded


# --- what is published, and what is not yet ---------------------------------------------------------------


def in_place(published_dir: Path, window: Window | str) -> frozenset[str]:
    """The teams whose release of this window is in place, all of it: not one that is recorded and waits.

    One look for all: where there are thousands of teams, a look for each reads a long manifest as often.
    """
    teams_dir = published_dir / "teams"
    manifest = read_manifest(teams_dir)
    ends = re.compile(rf"/{re.escape(window_name(window))}(\.[^/.]+)?\.json")
    names = [name for name in manifest.files if ends.fullmatch(name, name.index("/"))]
    waits = {name.split("/")[0] for name in names if not (teams_dir / name).exists()}
    return frozenset(manifest.teams[folder] for folder in {name.split("/")[0] for name in names} - waits)


def is_decided(published_dir: Path, team: str, window: Window | str) -> bool:
    """Whether the bytes of this release are settled, in place or not: nothing said now can change them."""
    files = read_manifest(published_dir / "teams").files
    return bool(releases_of(files, team, window_name(window)))


def published_teams(published_dir: Path) -> list[str]:
    """The teams that have a release, by name."""
    return sorted(read_manifest(published_dir / "teams").teams.values())


def published_windows(published_dir: Path, team: str) -> list[str]:
    """The windows a team has a release for, oldest first."""
    teams_dir = published_dir / "teams"
    names = releases_of(read_manifest(teams_dir).files, team)
    return sorted({window_in(name) for name in names if (teams_dir / name).exists()})


def latest_window(published_dir: Path, team: str) -> str:
    """The newest window a team has a release for. Raises UnknownTeam or NotYetPublished."""
    if windows := published_windows(published_dir, team):
        return windows[-1]
    raise why_missing(published_dir, team, None)


def rubrics(published_dir: Path, team: str, window: Window | str) -> list[str]:
    """The rubrics that a team has a release for in this window, by name. Raises what `read_team` raises."""
    name = window_name(window)
    manifest = read_manifest(published_dir / "teams")
    names = releases_of(manifest.files, team, name)
    if not names:
        raise why_missing(published_dir, team, name)
    bodies = [read_recorded(published_dir / "teams", each, manifest) for each in names]
    return [str(body["rubric"]["id"]) for body in bodies]


def release_of(published_dir: Path, team: str, window: str, rubric: str | None) -> str:
    """The name of the release that is meant. Raises WhichRubric, UnknownTeam or NotYetPublished."""
    teams_dir = published_dir / "teams"
    plain = release_name(team, window)
    names = releases_of(read_manifest(teams_dir).files, team, window)
    if names in ([], [plain]):
        if not names and not (teams_dir / plain).exists():
            raise why_missing(published_dir, team, window)
        if rubric is not None and (known := rubrics(published_dir, team, window)) != [rubric]:
            raise WhichRubric(f"the release of team {team!r} for {window} is about {known[0]!r}", known)
        return plain
    if rubric is not None and (named := release_name(team, window, rubric)) in names:
        return named
    known = rubrics(published_dir, team, window)
    hint = "" if rubric is None else f"no release of team {team!r} for {window} is about {rubric!r}; "
    raise WhichRubric(f"{hint}team {team!r} has a release for each of {', '.join(known)}: name one", known)


def why_missing(published_dir: Path, team: str, window: str | None) -> DoorError:
    """The error to raise where a team has no release of this window, or of any: it says when one may come."""
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
    if out and window < out[0]:
        return NotYetPublished(
            f"team {team!r} has no release for {window}: its first one is of {out[0]}; published so far: "
            f"{', '.join(out)}"
        )
    earliest = parse_window(window).ends_on + timedelta(days=floors.DELAY_DAYS)
    return NotYetPublished(
        f"team {team!r} has no release for {window}; it comes on {earliest} at the earliest, and later while "
        f"a source is incomplete" + (f"; published so far: {', '.join(out)}" if out else "")
    )


def window_name(window: Window | str) -> str:
    """The name of a window, checked where it is one already. Raises ValueError."""
    return (window if isinstance(window, Window) else parse_window(window)).name
