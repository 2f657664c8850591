"""`sightline people import`: the roster taken over now, or, in a rehearsal, what that would do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from config.settings import Settings
from connectors.errors import BadInput
from flows.context import Busy, Night, open_night
from flows.roster import import_roster
from flows.run_log import Message, Refusal, RosterMistake
from signals.run import refresh
from warehouse import reading
from warehouse.store import Store
from warehouse.tombstones import Tombstones
from warehouse.vault import Vault


def import_people(settings: Settings, *, dry_run: bool, fewer: bool) -> str:
    """Takes the roster over; `fewer` says that it is meant to name so many less.

    Raises BadInput with every mistake of the roster, or while a night is writing.
    """
    if dry_run and not settings.warehouse_file.exists():  # a look at the first roster leaves no home behind
        with TemporaryDirectory() as folder:
            elsewhere = {"home": Path(folder) / "home", "erasures": settings.erasures_folder}
            return _in_its_home(settings.model_copy(update=elsewhere), fewer=fewer, dry_run=True)
    return _in_its_home(settings, fewer=fewer, dry_run=dry_run)


def _in_its_home(settings: Settings, *, dry_run: bool, fewer: bool) -> str:
    try:
        with open_night(settings, None) as night:
            if not dry_run:
                return _imported(night, fewer)
            with _copy(night) as copied:
                before = reading.evidence_counted(copied.store)
                outcome = _imported(copied, fewer)
                refresh(copied.store.con, copied.catalog)
                after = reading.evidence_counted(copied.store)
    except Busy as busy:
        raise BadInput([str(busy)]) from None
    changed = sum(abs(after.get(each, 0) - before.get(each, 0)) for each in before.keys() | after.keys())
    people = sum(after.get(each, 0) != before.get(each, 0) for each in before.keys() | after.keys())
    return (
        f"nothing was changed. {outcome}\n"
        f"Evidence: {changed} rows would come or go, of {people} people; {sum(before.values())} are stored."
    )


def _imported(night: Night, fewer: bool) -> str:
    before = {tuple(row) for row in reading.memberships(night.store)}
    links = len(night.vault.links())
    import_roster(night, fewer_is_meant=fewer)
    if mistakes := night.log.texts(RosterMistake):
        raise BadInput(mistakes)
    after = {tuple(row) for row in reading.memberships(night.store)}
    return "\n".join(
        [
            f"Memberships: {len(after - before)} new or changed, {len(before - after)} no longer as they "
            f"were, {len(after & before)} unchanged. Links: {len(night.vault.links()) - links:+d}.",
            *night.log.texts(Message),
            *night.log.texts(Refusal),
        ]
    )


@contextmanager
def _copy(night: Night) -> Iterator[Night]:
    """The same night over copies of its files, which are gone afterwards."""
    with TemporaryDirectory(prefix=".rehearsal-", dir=night.settings.home) as folder:
        night.store.con.execute("checkpoint")
        for path in (night.settings.warehouse_file, night.settings.vault_file):
            shutil.copy(path, Path(folder) / path.name)
        vault = Vault(
            Path(folder) / night.settings.vault_file.name, Tombstones(night.settings.erasures_folder)
        )
        with closing(Store(Path(folder) / night.settings.warehouse_file.name)) as store:
            yield replace(night, store=store, vault=vault)
