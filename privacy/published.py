"""The folder `published/` as it lies there: where a file belongs, what was recorded of it, if it still holds.

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
from pathlib import Path
from typing import Any

from privacy.errors import BrokenRelease

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
    """Where a file waits, whole, until it is recorded. The same name every time, so that nothing piles up."""
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
        found = json.loads(text)
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
    return found


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
