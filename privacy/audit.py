"""The audit log: who was told what, in a chain that cannot be changed unnoticed.

One JSON object a line. Each carries a keyed hash of itself and of the one before, so an edit, a deletion or a
swap breaks the chain at that place. Cutting off the tail breaks nothing: that takes an anchor, a copy of the
last hash of each day, kept where whoever can write the log cannot.

Entries hold days and codes: no name, no login, no hour. Whoever holds both key and log can forge what was
logged since the last anchor; say so to whoever relies on it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from privacy import chain
from privacy.chain import entries as entries
from privacy.chain import verify as verify
from privacy.errors import DoorError
from warehouse.files import write_atomically

ACTIONS: Mapping[str, frozenset[str]] = {
    "night ran": frozenset({"run_id", "outcome"}),
    "release published": frozenset({"file", "sha256"}),
    "item withdrawn": frozenset({"file", "sha256"}),
    "release expired": frozenset({"file", "sha256"}),
    "older entries removed": frozenset({"through", "sha256"}),
    "break accepted": frozenset({"by", "sha256"}),
    "report read": frozenset({"person", "window"}),
    "glass broken": frozenset({"person", "by", "window", "because"}),
    "agreement adopted": frozenset({"sha256"}),
    "agreement amended": frozenset({"sha256"}),
    "person erased": frozenset({"erasure", "sha256"}),
    "release read": frozenset({"file"}),
    "releases queried": frozenset({"sha256"}),
    "contest opened": frozenset({"person", "window", "item"}),
    "contest decided": frozenset({"person", "window", "item", "state", "by"}),
    "contest read": frozenset({"person", "window", "item", "by"}),
    "share made": frozenset({"person", "share"}),
    "share revoked": frozenset({"person", "share"}),
    "share opened": frozenset({"person", "share", "by"}),
    "opted out": frozenset({"person"}),
    "opted in": frozenset({"person"}),
    "data exported": frozenset({"person"}),
    "reports delivered": frozenset({"window"}),
}
"""What may be logged, and all that may be said of it. A person is a `mark`, never an id."""

_CODE = re.compile(r"[A-Za-z0-9._~/-]{1,200}")


class NotLogged(DoorError):
    """The audit log cannot be written, so what was to be logged does not happen."""


class LogBroken(NotLogged):
    """The log is not what was written, so nothing is added to it until somebody has looked."""


def key_in(path: Path, log: Path) -> bytes:
    """The key of the log, made when there is neither key nor log. Raises NotLogged."""
    try:
        if not path.exists() and not log.exists():
            _make_key(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise NotLogged(
            f"{path}: the key of the audit log cannot be read ({type(error).__name__}); "
            "restore it from a backup"
        ) from error
    if len(key) != 32:
        raise NotLogged(f"{path}: is no key of an audit log; restore it from a backup")
    return key


def mark(key: bytes, person_id: str) -> str:
    """What stands for a person in the log. Their id is random, so without it a mark leads to nobody.

    An id itself could never be erased from a log that must not change.
    """
    return hmac.new(key, f"person:{person_id}".encode(), hashlib.sha256).hexdigest()[:32]


def append(log: Path, key: bytes, action: str, about: Mapping[str, str], *, on: date) -> None:
    """Adds one entry, on disk when this returns, to a log of which the end is still what was written.

    Raises NotLogged or LogBroken; ValueError for what no entry may hold.
    """
    _add(log, key, action, about, on)


def accept(log: Path, key: bytes, by: str, *, on: date) -> list[str]:
    """Lets the log go on from where it is broken, with the mark of who accepted that; returns what was wrong.

    The entry holds the hash of all before it, so what is broken stays, and any further change is found.
    """
    mistakes = problems(log, key, from_start=True)
    if mistakes:
        _add(log, key, chain.ACCEPTED, {"by": by, "sha256": chain.sha256_of(log)}, on, is_accepting=True)
        chain.forget(log)
        check(log, key, from_start=True)
    return mistakes


def problems(log: Path, key: bytes, *, from_start: bool) -> list[str]:
    """A sentence for all that is wrong with the log since the last checkpoint, or ever."""
    from filelock import FileLock  # readers of the log need none

    with FileLock(_lock(log), mode=0o600):
        return chain.verify_from_start(log, key) if from_start else chain.verify_end(log, key)


def check(log: Path, key: bytes, *, from_start: bool) -> None:
    """Nothing, for a log that is what was written. Raises LogBroken."""
    _refuse(log, problems(log, key, from_start=from_start))


def shorten(log: Path, key: bytes, before: date) -> int:
    """Removes the entries of days before this one from the beginning of the log; returns how many.

    In their place stands one that says up to which number, and what the chain goes on from. A break that was
    accepted and is still there is accepted as it lies there now: what was held to is no more.
    """
    from filelock import FileLock

    with FileLock(_lock(log), mode=0o600):
        _refuse(log, chain.verify_from_start(log, key))
        logged = list(entries(log))
        old = 0
        while old < len(logged) and logged[old]["on"] < before.isoformat():
            old += 1
        if not old or (old == 1 and logged[0]["action"] == chain.SHORTENED):
            return 0
        last = logged[old - 1]
        first = {
            "number": last["number"],
            "on": before.isoformat(),
            "action": chain.SHORTENED,
            "about": {"through": str(last["number"]), "sha256": chain.content_hash(last)},
        }
        lines = [first | {"hash": chain.hash_of(key, chain.START, first)}, *logged[old:]]
        content = "".join(chain.text(line) + "\n" for line in lines)
        if chain.walk(content.encode(), key, log.name).wrong:
            content += chain.text(_accepted_again(key, lines, content)) + "\n"
        chain.forget(log)  # first: a log that is shorter than its checkpoint was cut off
        write_atomically(log, content)
    return old


def _accepted_again(key: bytes, lines: Sequence[Mapping[str, Any]], content: str) -> dict[str, Any]:
    """What an officer accepted of these lines on some day, held to `content`."""
    accepted = [line for line in lines if line["action"] == chain.ACCEPTED][-1]
    last = lines[-1]
    about = {"by": accepted["about"]["by"], "sha256": hashlib.sha256(content.encode()).hexdigest()}
    entry = {"number": last["number"] + 1, "on": accepted["on"], "action": chain.ACCEPTED, "about": about}
    return entry | {"hash": chain.hash_of(key, chain.content_hash(last), entry)}


def write_anchor(log: Path, anchor: Path, *, on: date) -> None:
    """Adds the last number and hash of the log to the anchor, once a day. Raises NotLogged."""
    number, last_hash, _ = chain.last(log)
    try:
        if number and all(each.get("on") != on.isoformat() for each in chain.anchored(anchor)):
            anchor.parent.mkdir(parents=True, exist_ok=True)
            _write(anchor, chain.text({"on": on.isoformat(), "number": number, "hash": last_hash}) + "\n")
    except OSError as error:
        raise NotLogged(
            f"{anchor}: the anchor of the audit log cannot be written ({error.strerror}); mend the path"
        ) from error


def released_otherwise(log: Path, teams: Path) -> list[str]:
    """A sentence for every release that is not what the log says was published.

    This finds what the manifest beside the releases cannot: both altered together.
    """
    mistakes = []
    expired = {each["about"]["file"] for each in entries(log, "release expired")}
    for entry in entries(log, "release published", "item withdrawn"):
        if entry["about"]["file"] not in expired:
            name, sha256 = entry["about"]["file"], entry["about"]["sha256"]
            path = teams / name
            if not path.is_file():
                mistakes.append(f"{name}: was published on {entry['on']} and is missing")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                mistakes.append(f"{name}: differs from what was published on {entry['on']}")
    return mistakes


def _add(
    log: Path, key: bytes, action: str, about: Mapping[str, str], on: date, *, is_accepting: bool = False
) -> None:
    if action not in ACTIONS or set(about) != ACTIONS[action]:
        raise ValueError(f"{action!r} with {', '.join(sorted(about))} is nothing that is logged")
    if wrong := sorted(name for name, value in about.items() if not _CODE.fullmatch(value)):
        raise ValueError(f"{', '.join(wrong)} of {action!r} is no code; entries hold no free text")
    from filelock import FileLock

    try:
        with FileLock(_lock(log), mode=0o600):
            if not is_accepting:
                _refuse(log, chain.verify_end(log, key))
            number, before, is_torn = chain.last(log)
            entry = {"number": number + 1, "on": on.isoformat(), "action": action, "about": dict(about)}
            line = chain.text(entry | {"hash": chain.hash_of(key, before, entry)}) + "\n"
            _write(log, ("\n" if is_torn else "") + line)
    except OSError as error:
        raise NotLogged(
            f"{log}: cannot be written ({error.strerror}), and what is not logged does not happen; "
            "make room or mend the permissions"
        ) from error


def _refuse(log: Path, wrong: list[str]) -> None:
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise LogBroken(
            f"{wrong[0]}{more}. {log} is not what was written, so nothing goes on: restore it from a "
            "backup, or let an officer who knows why go on from it with `sightline privacy audit accept`"
        )


def _lock(log: Path) -> Path:
    return log.with_name(f".{log.name}.lock")


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # of two that make one at the same time, the first wins and both read it
    except FileExistsError:
        return
    finally:
        draft.unlink()
