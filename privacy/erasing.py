"""`sightline privacy erase`, and what a night refuses to start with."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from config.settings import Settings
from connectors.errors import BadInput
from privacy import erasure, logbook
from warehouse.store import Store
from warehouse.tombstones import Tombstones
from warehouse.vault import Vault
from warehouse.windows import today


def places_of(settings: Settings) -> erasure.Places:
    """Where people of this home are erased."""
    return erasure.Places(settings.home, settings.erasures_folder)


def check_nobody_came_back(settings: Settings) -> None:
    """Raises BadInput where an erasure is unfinished, unknown, or undone by an older copy of the home."""
    places, tombstones = places_of(settings), Tombstones(settings.erasures_folder)
    if places.open_files:
        raise BadInput(
            [f"{places.folder}: somebody is being erased; finish it with `sightline privacy erase`"]
        )
    if logbook.erasures_logged(settings) - tombstones.erasures:
        raise BadInput(
            [
                f"{places.folder}: the list of erased people is missing or older than the home; restore it, "
                "or name the folder as `erasures` in the settings"
            ]
        )
    if back := erasure.erased_in(settings.home, tombstones):
        raise BadInput(
            [
                f"{settings.home}: holds {len(back)} people who were erased, so it was restored from an "
                "older backup; erase them again with `sightline privacy erase`"
            ]
        )


def erase(
    settings: Settings,
    name: str | None,
    agree: Callable[[str], None],
    say: Callable[[str], None],
    elsewhere: erasure.Elsewhere | None = None,
) -> list[dict[str, Any]]:
    """Erases somebody, or without a name finishes what was begun and what a backup undid; the receipts.

    `agree` is asked before anything happens, and raises to stop it; `elsewhere` removes what lies outside of
    the home. Raises BadInput, or NotErased.
    """
    if not settings.home.is_dir():
        raise BadInput([f"{settings.home}: no night has run here, so nobody is in it"])
    places = replace(places_of(settings), elsewhere=elsewhere)
    lock = FileLock(settings.lock_file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; wait for its end"]) from None
    try:
        wanted = _persons(settings, places, name, agree)
        if wanted and settings.warehouse_file.exists():
            Vault(settings.vault_file)
            with closing(Store(settings.warehouse_file)):
                pass  # both are brought up to the tables of this version
        on = today()
        paths = [*places.open_files, *(erasure.begin(places, person, on=on) for person in wanted)]
        return [_done(settings, places, path, say) for path in paths]
    finally:
        lock.release()


def _persons(
    settings: Settings, places: erasure.Places, name: str | None, agree: Callable[[str], None]
) -> list[str]:
    if name is None:
        back = erasure.erased_in(settings.home, Tombstones(settings.erasures_folder))
        under_way = {json.loads(path.read_text())["person_id"] for path in places.open_files}
        return sorted(back - under_way)
    person_ids = erasure.find(places, name)
    if not person_ids:
        raise BadInput([f"nobody here has the person id, login or account '{name}'; nothing was erased"])
    if len(person_ids) > 1:
        raise BadInput(
            [f"'{name}' is {len(person_ids)} people here; name one by their id: {', '.join(person_ids)}"]
        )
    agree(
        f"This removes {name} from every file of {settings.home}, and cannot be undone. Published bands stay."
    )
    return person_ids


def _done(
    settings: Settings, places: erasure.Places, path: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    def log(number: str, sha256: str) -> None:
        logbook.note_erased(settings, number, sha256)

    for step in erasure.proceed(places, path, log, backups_days=_backups_days(settings)):
        say(f"{path.stem}: {step}")
    receipt: dict[str, Any] = json.loads(places.receipt(path.stem).read_text(encoding="utf-8"))
    return receipt


def _backups_days(settings: Settings) -> int:
    from privacy.policy import load_policy

    return load_policy(settings.agreement).retention.backups_days
