"""Erases a person from every byte of a home. A run that is killed can be repeated and goes on where it was.

asked -> frozen -> deleted -> rewritten -> purged -> verified -> done. What was reached is on disk before the
next step begins, and every step may be done twice. What is being looked for lies in a folder outside of the
home until the end, because after the second step nobody else knows it; then only a receipt is left, and the
marks by which the person is known, should a sync or a backup bring them again.

What stays: what others did, and the things they did it to. A pull request keeps its place with nobody's name
on it, as GitHub itself shows one whose author deleted the account. What was published stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from connectors.records import Account
from privacy import traces
from privacy.errors import DoorError
from warehouse import forget
from warehouse.files import write_atomically
from warehouse.rewrite import DRAFT, databases, rewrite, uncompressed
from warehouse.tombstones import PLACEHOLDER, Tombstones

STEPS = ("asked", "frozen", "deleted", "rewritten", "purged", "verified")
SHORTEST = 6
"""Characters of the shortest name that is searched for in bytes: shorter ones occur by chance."""

Log = Callable[[str, str], None]
"""Notes an erasure and the hash of its receipt; may be called twice for the same one."""


class NotErased(DoorError):
    """Something still holds the person; the message says which file or column."""


Elsewhere = Callable[[Collection[str]], tuple[int, list[str]]]
"""Removes these texts from an orchestrator elsewhere: how many runs went, and what is left by hand."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where an erasure happens: the home, and the folder outside of it that remembers erasures."""

    home: Path
    folder: Path
    elsewhere: Elsewhere | None = None

    @property
    def open_files(self) -> list[Path]:
        """Erasures that were begun and not finished."""
        return sorted((self.folder / "open").glob("*.json"))

    def receipt(self, erasure: str) -> Path:
        return self.folder / "receipts" / f"{erasure}.json"


def find(places: Places, name: str) -> list[str]:
    """The people with this person id, login or account id."""
    vault = places.home / "vault.duckdb"
    return forget.persons_named(vault, name) if vault.exists() else []


def begin(places: Places, person_id: str, *, on: date) -> Path:
    """Writes down that this person is to be erased; from here on it can be gone on with after any crash."""
    vault = places.home / "vault.duckdb"
    accounts, ids = forget.accounts_of(vault, person_id), forget.ids_of(vault, person_id)
    erasure = f"{on:%Y%m%d}-{secrets.token_hex(4)}"
    for folder in (places.folder, places.folder / "open", places.folder / "receipts"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = places.folder / "open" / f"{erasure}.json"
    _save(path, {"erasure": erasure, "step": STEPS[0], "on": on.isoformat(), "person_id": person_id,
                 "ids": ids, "accounts": accounts,
                 "rows": {}, "files": 0, "checked": {}, "left": []})  # fmt: skip
    return path


def proceed(places: Places, path: Path, log: Log, *, backups_days: int) -> Iterator[str]:
    """Does the steps that are left, and says each as it is reached; the last is `done`. Raises NotErased."""
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    actions: Mapping[str, Callable[[Places, dict[str, Any]], None]] = {
        "asked": _freeze,
        "frozen": _delete,
        "deleted": _rewrite,
        "rewritten": _purge,
        "purged": _verify,
    }
    while state["step"] in actions:
        try:
            actions[state["step"]](places, state)
        except NotErased:
            state["step"] = "frozen"  # whatever is mended, everything is done and looked for again
            _save(path, state)
            raise
        state["step"] = STEPS[STEPS.index(state["step"]) + 1]
        _save(path, state)
        yield str(state["step"])
    text = _receipt(state, backups_days)
    write_atomically(places.receipt(state["erasure"]), text)
    log(state["erasure"], hashlib.sha256(text.encode()).hexdigest())
    path.unlink()
    yield "done"


def erased_in(home: Path, tombstones: Tombstones) -> set[str]:
    """People of this home who were erased: it was restored from a backup that is older than that."""
    person_ids: set[str] = set()
    vault, warehouse = home / "vault.duckdb", home / "warehouse.duckdb"
    if not tombstones.erasures:
        return person_ids
    person_of: dict[str, str] = {}
    if vault.exists():
        for source, account_id, login, own_id, person_id in forget.everybody(vault):
            person_of[own_id] = person_id
            if tombstones.knows_person(person_id) or tombstones.knows_account(
                Account(source, account_id, login)
            ):
                person_ids.add(person_id)
    ids = forget.persons_in(warehouse) if warehouse.exists() else []
    ids += [path.name for path in (home / "published" / "people").glob("*")]
    return person_ids | {person_of.get(each, each) for each in ids if tombstones.knows_person(each)}


# --- the steps ------------------------------------------------------------------------------------------


def _freeze(places: Places, state: dict[str, Any]) -> None:
    """From now on the person is on the list, and their reports are gone."""
    accounts = [Account(*row) for row in state["accounts"]]
    day = date.fromisoformat(state["on"])
    Tombstones(places.folder).add(state["erasure"], state["ids"], accounts, on=day)
    for path in sorted(path for each in state["ids"] for path in places.home.rglob(f"*{each}*")):
        if path.is_dir() and not path.is_symlink():
            state["files"] += sum(1 for below in path.rglob("*") if below.is_file())
            shutil.rmtree(path)
        elif path.is_symlink() or path.exists():
            path.unlink()
            state["files"] += 1


def _delete(places: Places, state: dict[str, Any]) -> None:
    for path in databases(places.home):
        changed = forget.forget_person(path, state["ids"])
        named = {f"{path.stem}{table.removeprefix('main')}": count for table, count in changed.items()}
        state["rows"] = forget.merged(state["rows"], named)
    _forget_accounts(places, state)


def _forget_accounts(places: Places, state: Mapping[str, Any]) -> None:
    if (places.home / "vault.duckdb").exists():
        forget.forget_accounts(places.home / "vault.duckdb", state["accounts"])


def _rewrite(places: Places, state: dict[str, Any]) -> None:
    for path in databases(places.home):
        rewrite(path)
    for path in [*places.home.rglob(f".*{DRAFT}*"), *places.home.rglob("*.duckdb.tmp/*")]:
        path.unlink(missing_ok=True)
    (places.home / "last-failure.txt").unlink(missing_ok=True)
    needles = _needles(state)
    for path in [places.home / "status.json", *sorted((places.home / "receipts").glob("*.json"))]:
        if path.exists() and traces.holds(path.read_bytes(), needles):
            body = _without(json.loads(path.read_text(encoding="utf-8")), needles)
            write_atomically(path, json.dumps(body, indent=1, sort_keys=True))
    _rewrite_settings(places.home / "settings.json", needles)


def _rewrite_settings(path: Path, needles: Collection[str]) -> None:
    """Takes the person off the lists of the recorded settings; named elsewhere in them, removes the file.

    The next night writes it again.
    """
    if path.exists() and traces.holds(path.read_bytes(), needles):
        text = json.dumps(_without(json.loads(path.read_text(encoding="utf-8")), needles), indent=1)
        if traces.holds(text.encode(), needles):
            path.unlink()
        else:
            write_atomically(path, text)


def _purge(places: Places, state: dict[str, Any]) -> None:
    if (places.home / "orchestrator").is_dir():
        state["files"] += traces.purge(places.home / "orchestrator", _needles(state))
    if places.elsewhere:
        try:
            runs, by_hand = places.elsewhere(_needles(state))
        except OSError as error:
            raise NotErased(f"{error}; then run `sightline privacy erase` again") from error
        state["runs"] = state.get("runs", 0) + runs
        state["by_hand"] = sorted({*state.get("by_hand", []), *by_hand})


def _verify(places: Places, state: dict[str, Any]) -> None:
    """Looks for the person in every byte, and for others, to see that looking finds. Raises NotErased."""
    strict = {*state["ids"], *(row[1] for row in state["accounts"] if _is_distinct(row[1]))}
    needles = _needles(state)
    wrong: list[str] = []
    checked = {"files": 0, "bytes": 0, "controls": 0}
    files = databases(places.home)
    remains = [forget.places_of(path, needles) for path in files]
    # a login may also be a word that others use, such as the name of a repository
    words = {needle for remaining in remains for needle in remaining} - strict
    state["left"] = sorted(
        {
            f"a login of theirs is also part of {place}"
            for remaining in remains
            for needle in words & remaining.keys()
            for place in remaining[needle]
        }
    )
    for path, remaining in zip(files, remains, strict=True):
        name = path.relative_to(places.home)
        wrong += [
            f"{name}: {place} still holds them"
            for each in strict & remaining.keys()
            for place in remaining[each]
        ]
        controls = forget.persons_in(path)[:3]
        with uncompressed(path, path.parent) as copy:
            missed = set(controls) - forget.in_bytes(copy, controls)
            wrong += [f"{name}: the search misses what is there; nothing can be said"] if missed else []
            wrong += [f"{name}: still holds them" for _ in forget.in_bytes(copy, needles - words)]
            checked["bytes"] += copy.stat().st_size
        checked["controls"] += len(controls)
        checked["files"] += 1
    for path in sorted(places.home.rglob("*")):
        if path.is_file() and not path.is_symlink() and path not in files:
            content = path.read_bytes()
            checked["files"] += 1
            checked["bytes"] += len(content)
            if traces.holds(content, needles - words):
                wrong.append(f"{path.relative_to(places.home)}: still holds them")
    state["checked"] = checked
    if wrong:
        raise NotErased(
            "; ".join(dict.fromkeys(wrong)) + ". Remove that, then run `sightline privacy erase` again"
        )


# --- what is looked for, and what is left -----------------------------------------------------------------


def _needles(state: Mapping[str, Any]) -> set[str]:
    """Every text that names the person and is long enough not to occur by chance."""
    texts = {*state["ids"]}
    for _, account_id, login in state["accounts"]:
        texts |= {account_id.removeprefix(PLACEHOLDER), login, login.casefold()}
    return {text for text in texts if len(text) >= SHORTEST}


def _is_distinct(account_id: str) -> bool:
    return len(account_id) >= SHORTEST and not account_id.startswith(PLACEHOLDER)


def _without(value: Any, needles: Collection[str]) -> Any:
    """JSON without the sentences that name the person."""
    match value:
        case dict():
            return {key: _without(each, needles) for key, each in value.items()}
        case list():
            return [
                _without(each, needles)
                for each in value
                if not (isinstance(each, str) and traces.holds(each.encode(), needles))
            ]
    return value


def _receipt(state: Mapping[str, Any], backups_days: int) -> str:
    """What was done, with nothing in it about whom."""
    until = date.fromisoformat(state["on"]) + timedelta(days=backups_days)
    body = {name: state[name] for name in ("erasure", "on", "rows", "files", "checked", "left")}
    body |= {"runs": state.get("runs", 0), "by_hand": state.get("by_hand", [])}
    return json.dumps(body | {"backups_hold_them_until": until.isoformat()}, indent=1, sort_keys=True) + "\n"


def _save(path: Path, state: Mapping[str, Any]) -> None:
    write_atomically(path, json.dumps(state, indent=1))
