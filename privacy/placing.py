"""How a file comes into `published/`: written, recorded, renamed; and how it goes. Only the door uses it.

The bytes wait under another name, are recorded in the manifest, and are renamed into place, in this order:
whoever dies in between leaves either nothing that counts, or everything the next run needs to finish with the
very same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy import published, shelf
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
    """Writes, records, renames, in the order promised above; returns where the first of them lies.

    `recorded_before` picks what a former run recorded in the place of these texts. `team` is None for what is
    not about one.
    """
    teams_dir = published_dir / below
    with shelf.alone(published_dir):
        for name in texts:
            for folder in reversed(Path(name).parents):  # from `teams` down
                shelf.make_folder(teams_dir / folder, 0o750)
        manifest = published.read_manifest(teams_dir)
        names = recorded_before(manifest.files)
        if not names:
            names = list(texts)
            if there := [name for name in names if os.path.lexists(teams_dir / name)]:
                raise BrokenRelease(
                    f"{teams_dir / there[0]}: lies there and was never published; find out who put it there"
                )
            for name, text in texts.items():
                shelf.write(published.pending(teams_dir / name), text, published.RELEASE_MODE)
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
                shelf.flush_folder(path.parent)
    return teams_dir / names[0]


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
        put_manifest(teams_dir, published.Manifest(files, teams))


def _record(
    teams_dir: Path, manifest: published.Manifest, team: str | None, hashes: Mapping[str, str]
) -> None:
    files = manifest.files | dict(hashes)
    teams = manifest.teams | ({} if team is None else {published.folder_name(team): team})
    put_manifest(teams_dir, published.Manifest(files, teams))


def put_manifest(teams_dir: Path, manifest: published.Manifest) -> None:
    """Puts the record of what is published in the place of the one before."""
    path = teams_dir / published.MANIFEST
    shelf.write(published.pending(path), manifest.text(), published.RELEASE_MODE)
    published.pending(path).replace(path)
    shelf.flush_folder(teams_dir)


def as_json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
