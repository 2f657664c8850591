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
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from privacy.errors import DoorError
from warehouse.files import write_whole

ACTIONS: Mapping[str, frozenset[str]] = {
    "night ran": frozenset({"run_id", "outcome"}),
    "release published": frozenset({"file", "sha256"}),
    "item withdrawn": frozenset({"file", "sha256"}),
    "release expired": frozenset({"file", "sha256"}),
    "older entries removed": frozenset({"through", "sha256"}),
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
_START = "0" * 64
_SHORTENED = "older entries removed"
_TAIL = 8192


class NotLogged(DoorError):
    """The audit log cannot be written, so what was to be logged does not happen."""


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
    """Adds one entry, on disk when this returns. Raises NotLogged; ValueError for what no entry may hold."""
    if action not in ACTIONS or set(about) != ACTIONS[action]:
        raise ValueError(f"{action!r} with {', '.join(sorted(about))} is nothing that is logged")
    if wrong := sorted(name for name, value in about.items() if not _CODE.fullmatch(value)):
        raise ValueError(f"{', '.join(wrong)} of {action!r} is no code; entries hold no free text")
    from filelock import FileLock  # readers of the log need none

    try:
        with FileLock(log.with_name(f".{log.name}.lock"), mode=0o600):
            number, before, is_torn = _last(log)
            entry = {"number": number + 1, "on": on.isoformat(), "action": action, "about": dict(about)}
            line = _text(entry | {"hash": _hash(key, before, entry)}) + "\n"
            _write(log, ("\n" if is_torn else "") + line)
    except OSError as error:
        raise NotLogged(
            f"{log}: cannot be written ({error.strerror}), and what is not logged does not happen; "
            "make room or mend the permissions"
        ) from error


def entries(log: Path) -> Iterator[dict[str, Any]]:
    """Every whole entry, in the order of the lines; `verify` says whether to believe them."""
    for _, entry in _lines(log):
        if entry is not None:
            yield entry


def verify(log: Path, key: bytes, anchor: Path | None = None) -> list[str]:
    """A sentence for every place where the log is not what was written; empty when it is whole.

    With an anchor, also when entries are missing at its end, or the whole was written anew.
    """
    found, before, expected, shortened = [], _START, 1, 0
    hashes: dict[int, str] = {}
    for at, entry in _lines(log):
        where = f"{log.name}:{at}"
        if entry is None:
            found.append(f"{where}: is no whole entry; it was altered, or its writer was killed")
            continue
        number, said = entry["number"], entry["hash"]
        body = {name: value for name, value in entry.items() if name != "hash"}
        if at == 1 and entry["action"] == _SHORTENED:
            if not hmac.compare_digest(_hash(key, _START, body), said):
                found.append(f"{where}: says that older entries were removed, and is not from this log")
            shortened = number
            hashes[number], before, expected = _said(entry), _said(entry), number + 1
            continue
        if number != expected:
            found.append(
                f"{where}: entry {number} stands where entry {expected} belongs; "
                "entries were deleted, added or moved"
            )
        elif not hmac.compare_digest(_hash(key, before, body), said):
            found.append(f"{where}: entry {number} was altered, or is not from this log")
        hashes[number], before, expected = said, said, number + 1
    return found + (list(_against(anchor, log, hashes, shortened)) if anchor else [])


def shorten(log: Path, key: bytes, before: date) -> int:
    """Removes the entries of days before this one from the beginning of the log; returns how many.

    In their place stands one that says up to which number, and what the chain goes on from.
    """
    from filelock import FileLock

    with FileLock(log.with_name(f".{log.name}.lock"), mode=0o600):
        kept = list(entries(log))
        old = 0
        while old < len(kept) and kept[old]["on"] < before.isoformat():
            old += 1
        if not old or (old == 1 and kept[0]["action"] == _SHORTENED):
            return 0
        last = kept[old - 1]
        first = {
            "number": last["number"],
            "on": before.isoformat(),
            "action": _SHORTENED,
            "about": {"through": str(last["number"]), "sha256": _said(last)},
        }
        lines = [first | {"hash": _hash(key, _START, first)}, *kept[old:]]
        write_whole(log, "".join(_text(line) + "\n" for line in lines))
    return old


def write_anchor(log: Path, anchor: Path, *, on: date) -> None:
    """Adds the last number and hash of the log to the anchor, once a day. Raises NotLogged."""
    number, said, _ = _last(log)
    try:
        if number and all(each.get("on") != on.isoformat() for each in _anchored(anchor)):
            anchor.parent.mkdir(parents=True, exist_ok=True)
            _write(anchor, _text({"on": on.isoformat(), "number": number, "hash": said}) + "\n")
    except OSError as error:
        raise NotLogged(
            f"{anchor}: the anchor of the audit log cannot be written ({error.strerror}); mend the path"
        ) from error


def released_otherwise(log: Path, teams: Path) -> list[str]:
    """A sentence for every release that is not what the log says was published.

    This finds what the manifest beside the releases cannot: both altered together.
    """
    found = []
    gone = {each["about"]["file"] for each in entries(log) if each["action"] == "release expired"}
    for entry in entries(log):
        if entry["action"] in ("release published", "item withdrawn") and entry["about"]["file"] not in gone:
            name, sha256 = entry["about"]["file"], entry["about"]["sha256"]
            path = teams / name
            if not path.is_file():
                found.append(f"{name}: was published on {entry['on']} and is missing")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                found.append(f"{name}: differs from what was published on {entry['on']}")
    return found


def _said(entry: Mapping[str, Any]) -> str:
    """The hash that the next entry goes on from."""
    return str(entry["about"]["sha256"] if entry["action"] == _SHORTENED else entry["hash"])


def _against(anchor: Path, log: Path, hashes: Mapping[int, str], shortened: int) -> Iterator[str]:
    last = max(hashes, default=0)
    anchored = _anchored(anchor)
    if not anchored:
        yield f"{anchor}: holds no anchor; nothing shows whether the end of the log is still there"
    for each in anchored:
        match each:
            case {"on": str(on), "number": int(number), "hash": str(said)}:
                if number > last:
                    yield (
                        f"{log.name}: ends after entry {last}, and on {on} there were {number}; "
                        "its end was cut off"
                    )
                elif number >= shortened and hashes.get(number) != said:
                    yield (
                        f"{log.name}: entry {number} is not the one that was anchored on {on}; "
                        "the log was written anew"
                    )
            case _:
                yield f"{anchor}: a line of it is no anchor; it was altered"


def _anchored(anchor: Path) -> list[dict[str, Any]]:
    try:
        lines = anchor.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [_parsed(line) or {} for line in lines if line.strip()]


def _lines(log: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line's number and its entry; None for a line that is no entry."""
    try:
        text = log.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    for at, line in enumerate(text.split("\n"), start=1):
        if line:
            yield at, _entry(line)


def _entry(line: str) -> dict[str, Any] | None:
    parsed = _parsed(line) or {}
    match parsed:
        case {"number": int(), "on": str(), "action": str(), "about": dict(), "hash": str()} if (
            _text(parsed) == line
        ):
            return parsed
    return None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _last(log: Path) -> tuple[int, str, bool]:
    """Number and hash of the last whole entry, and whether the file breaks off in the middle of a line."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _TAIL, 0))
            tail = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return 0, _START, False
    for line in reversed(tail.split("\n")):
        if entry := _entry(line):
            return entry["number"], _said(entry), not tail.endswith("\n")
    return 0, _START, bool(tail) and not tail.endswith("\n")


def _hash(key: bytes, before: str, entry: Mapping[str, Any]) -> str:
    return hmac.new(key, f"{before}\n{_text(entry)}".encode(), hashlib.sha256).hexdigest()


def _text(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


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
