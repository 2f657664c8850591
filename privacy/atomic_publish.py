"""Puts files into `published/` atomically, and takes them out. Only `privacy/door.py` and its helpers use it.

A file is written under a pending name, recorded in the manifest with its hash, then renamed. A run that dies
in between leaves nothing recorded, or everything that the next run needs to finish with the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy import published
from privacy.errors import AlreadyPublished, BrokenRelease

if TYPE_CHECKING:
    from warehouse.windows import Window


def put_once(
    published_dir: Path,
    team: str | None,
    texts: Mapping[str, str],
    recorded_before: Callable[[Collection[str]], list[str]],
    *,
    below: str = "teams",
) -> Path:
    """Writes, records and renames these files; returns the path of the first.

    `recorded_before` picks, from the names in the manifest, those that an earlier run recorded for the same
    release. `team` is None for files that are not about one team. Raises AlreadyPublished or BrokenRelease.
    """
    teams_dir = published_dir / below
    with publish_lock(published_dir):
        for name in texts:
            for folder in reversed(Path(name).parents):  # from `teams` down
                make_folder(teams_dir / folder, 0o750)
        manifest = published.read_manifest(teams_dir)
        names = recorded_before(manifest.files)
        if not names:
            names = list(texts)
            if unrecorded := [name for name in names if os.path.lexists(teams_dir / name)]:
                raise BrokenRelease(
                    f"{teams_dir / unrecorded[0]}: lies there and was never published; "
                    "find out who put it there"
                )
            for name, text in texts.items():
                write_file(published.pending(teams_dir / name), text, published.RELEASE_MODE)
            _record(teams_dir, manifest, team, {name: published.digest(text) for name, text in texts.items()})
        elif all(os.path.lexists(teams_dir / name) for name in names):
            raise AlreadyPublished(
                f"{teams_dir / names[0]}: is published, and what is published stays as it is"
            )
        else:
            for name in names:
                path, sha256 = teams_dir / name, manifest.files[name]
                if not os.path.lexists(path) and not published.is_waiting(path, sha256):
                    raise BrokenRelease(f"{path}: was published and is missing; restore it from a backup")
        for name in names:
            path = teams_dir / name
            if not os.path.lexists(path):
                published.pending(path).replace(path)
                flush_folder(path.parent)
    return teams_dir / names[0]


def past(published_dir: Path, oldest: Window) -> dict[str, str]:
    """The published files of windows before the oldest that is kept, with their hashes."""
    files = published.read_manifest(published_dir / "teams").files
    return {name: sha256 for name, sha256 in files.items() if published.window_in(name) < oldest.name}


def expire(published_dir: Path, names: Collection[str]) -> None:
    """Removes these files, then their lines of the manifest; a run that dies halfway can be repeated."""
    if not names:
        return
    teams_dir = published_dir / "teams"
    with publish_lock(published_dir):
        for name in names:
            path = teams_dir / name
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other windows of the team are still there
                path.parent.rmdir()
        manifest = published.read_manifest(teams_dir)
        files = {name: sha256 for name, sha256 in manifest.files.items() if name not in names}
        folders = {name.split("/")[0] for name in files}
        teams = {folder: team for folder, team in manifest.teams.items() if folder in folders}
        put_manifest(teams_dir, published.Manifest(files, teams))


def _record(
    teams_dir: Path, manifest: published.Manifest, team: str | None, hashes: Mapping[str, str]
) -> None:
    files = manifest.files | dict(hashes)
    teams = manifest.teams | ({} if team is None else {published.folder_name(team): team})
    put_manifest(teams_dir, published.Manifest(files, teams))


def put_manifest(teams_dir: Path, manifest: published.Manifest) -> None:
    """Replaces the manifest."""
    path = teams_dir / published.MANIFEST
    write_file(published.pending(path), manifest.text(), published.RELEASE_MODE)
    published.pending(path).replace(path)
    flush_folder(teams_dir)


def as_json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def write_file(path: Path, text: str, mode: int, *, flush: bool = True) -> None:
    """Writes a file with exactly this mode and, unless `flush` is false, waits until it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), mode)  # the umask, or an earlier run, may have left another mode
        file.write(text)
        file.flush()
        if flush:
            os.fsync(file.fileno())


def make_folder(path: Path, mode: int) -> None:
    """Makes a folder with exactly this mode, whatever the umask is."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)


def flush_folder(path: Path) -> None:
    """Waits until a rename in this folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def publish_lock(published_dir: Path) -> Iterator[None]:
    """One writer at a time; the lock ends with the process that holds it."""
    from filelock import FileLock  # not imported where files are only read

    make_folder(published_dir, 0o750)
    with FileLock(published_dir / ".door.lock", mode=0o600):
        yield
