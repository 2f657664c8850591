"""The audit log as it lies there: entries, each with an HMAC over itself and the one before.

A log of two years is long, and whoever reads a report waits for it to be checked. So what was found whole is
remembered in a checkpoint beside it: how many bytes, and the entry they end with. At every start that entry
and all after it are verified; a night verifies everything.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from warehouse.files import write_atomically

START = "0" * 64
SHORTENED, ACCEPTED = "older entries removed", "break accepted"
EVERY = 100
"""After so many entries a new checkpoint is worth its write."""
_TAIL = 8192


class ChainPosition(NamedTuple):
    """How far a log was verified."""

    number: int = 0
    said: str = START
    """The hash that the next entry goes on from."""
    size: int = 0
    """Bytes up to there."""


class Walk(NamedTuple):
    """What was found along the lines of a log."""

    wrong: list[str]
    hashes: dict[int, str]
    """What each entry is held against an anchor by."""
    shortened: int
    """Up to which number older entries were removed."""
    end: ChainPosition


def verify(log: Path, key: bytes, anchor: Path | None = None) -> list[str]:
    """A sentence for every place where the log is not what was written; empty when it is whole.

    With an anchor, also when entries are missing at its end, or the whole was written anew.
    """
    walked = walk(_bytes(log), key, log.name)
    return walked.wrong + (list(_against(anchor, log, walked)) if anchor else [])


def verify_end(log: Path, key: bytes) -> list[str]:
    """The same for the entries since the last checkpoint; for all, where there is no checkpoint."""
    checkpoint = _checkpoint(log, key)
    if checkpoint is None:
        return _verify_and_remember(log, key)
    if _size(log) < checkpoint.size or _ends_with(log, checkpoint.size) != (
        checkpoint.number,
        checkpoint.said,
    ):
        return verify(log, key) or [
            f"{log.name}: held {checkpoint.number} entries in {checkpoint.size} bytes, and does no more; "
            "its end was cut off, or it was replaced"
        ]
    walked = walk(_bytes(log, checkpoint.size), key, log.name, checkpoint)
    if walked.wrong:
        return _verify_and_remember(log, key)  # with the numbers of lines, and what was accepted since
    if walked.end.number - checkpoint.number >= EVERY:
        _remember(log, key, walked.end)
    return []


def verify_from_start(log: Path, key: bytes) -> list[str]:
    """All of it, and the checkpoint. While what is before that is wrong, every start looks at all."""
    if _checkpoint(log, key) is not None and (mistakes := verify_end(log, key)):
        return mistakes
    if mistakes := _verify_and_remember(log, key):
        forget(log)
    return mistakes


def walk(content: bytes, key: bytes, name: str, since: ChainPosition | None = None) -> Walk:
    """Follows the chain through these lines, from its beginning or from where it is known."""
    place = since or ChainPosition()
    mistakes: list[str] = []
    number, before, shortened = place.number, place.said, 0
    hashes: dict[int, str] = {}
    so_far = hashlib.sha256()
    for at, line in enumerate(content.split(b"\n"), start=1):
        entry = entry_of(line.decode("utf-8", "replace"))
        where = f"{name}:{at}"
        if entry is None:
            if line:
                mistakes.append(f"{where}: is no whole entry; it was altered, or its writer was killed")
        else:
            body = {key: value for key, value in entry.items() if key != "hash"}
            if at == 1 and since is None and entry["action"] == SHORTENED:
                if not hmac.compare_digest(hash_of(key, START, body), entry["hash"]):
                    mistakes.append(
                        f"{where}: says that older entries were removed, and is not from this log"
                    )
                shortened = entry["number"]
            elif entry["number"] != number + 1:
                mistakes.append(
                    f"{where}: entry {entry['number']} stands where entry {number + 1} belongs; "
                    "entries were deleted, added or moved"
                )
            elif not hmac.compare_digest(hash_of(key, before, body), entry["hash"]):
                mistakes.append(f"{where}: entry {entry['number']} was altered, or is not from this log")
            elif entry["action"] == ACCEPTED and entry["about"]["sha256"] == so_far.hexdigest():
                mistakes.clear()  # all of this was there when somebody said so, and is there still
            number, before = entry["number"], content_hash(entry)
            hashes[number] = before if entry["action"] == SHORTENED else entry["hash"]
        so_far.update(line + b"\n")
    return Walk(mistakes, hashes, shortened, ChainPosition(number, before, place.size + len(content)))


def entries(log: Path, *actions: str) -> Iterator[dict[str, Any]]:
    """Every whole entry, in the order of the lines, or those of these actions; `verify` says if they hold."""
    wanted = [f'"action":"{action}"' for action in actions]
    for line in _bytes(log).decode("utf-8", "replace").split("\n"):
        # to look for a word is much less work than to read the line
        if not wanted or any(word in line for word in wanted):
            entry = entry_of(line)
            if entry and (not actions or entry["action"] in actions):
                yield entry


def last(log: Path) -> tuple[int, str, bool]:
    """Number and hash of the last whole entry, and whether the file breaks off in the middle of a line."""
    is_torn = False
    for since in dict.fromkeys([max(_size(log) - _TAIL, 0), 0]):  # nearly always near the end
        tail = _bytes(log, since).decode("utf-8", "replace")
        is_torn = bool(tail) and not tail.endswith("\n")
        for line in reversed(tail.split("\n")):
            if entry := entry_of(line):
                return entry["number"], content_hash(entry), is_torn
    return 0, START, is_torn


def sha256_of(log: Path) -> str:
    """The hash of the file, its last line completed."""
    content = _bytes(log)
    return hashlib.sha256(content if content.endswith(b"\n") else content + b"\n").hexdigest()


def anchored(anchor: Path) -> list[dict[str, Any]]:
    """The lines of an anchor; empty ones for what is none."""
    try:
        lines = anchor.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [_parsed(line) or {} for line in lines if line.strip()]


def content_hash(entry: Mapping[str, Any]) -> str:
    """The hash that the next entry goes on from."""
    return str(entry["about"]["sha256"] if entry["action"] == SHORTENED else entry["hash"])


def entry_of(line: str) -> dict[str, Any] | None:
    """The entry of this line, if it is one to the letter."""
    parsed = _parsed(line) or {}
    match parsed:
        case {"number": int(), "on": str(), "action": str(), "about": dict(), "hash": str()} if (
            text(parsed) == line
        ):
            return parsed
    return None


def hash_of(key: bytes, before: str, entry: Mapping[str, Any]) -> str:
    """What ties an entry to the one before."""
    return hmac.new(key, f"{before}\n{text(entry)}".encode(), hashlib.sha256).hexdigest()


def text(entry: Mapping[str, Any]) -> str:
    """An entry as the one line that is stored and hashed."""
    return json.dumps(entry, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def forget(log: Path) -> None:
    """Without a checkpoint the next start verifies everything."""
    _beside(log).unlink(missing_ok=True)


def _against(anchor: Path, log: Path, walked: Walk) -> Iterator[str]:
    ends = max(walked.hashes, default=0)
    days = anchored(anchor)
    if not days:
        yield f"{anchor}: holds no anchor; nothing shows whether the end of the log is still there"
    for each in days:
        match each:
            case {"on": str(on), "number": int(number), "hash": str(stood)}:
                if number > ends:
                    yield (
                        f"{log.name}: ends after entry {ends}, and on {on} there were {number}; "
                        "its end was cut off"
                    )
                elif number >= walked.shortened and walked.hashes.get(number) != stood:
                    yield (
                        f"{log.name}: entry {number} is not the one that was anchored on {on}; "
                        "the log was written anew"
                    )
            case _:
                yield f"{anchor}: a line of it is no anchor; it was altered"


def _verify_and_remember(log: Path, key: bytes) -> list[str]:
    walked = walk(_bytes(log), key, log.name)
    if not walked.wrong:
        _remember(log, key, walked.end)
    return walked.wrong


def _beside(log: Path) -> Path:
    return log.with_suffix(".checkpoint")


def _checkpoint(log: Path, key: bytes) -> ChainPosition | None:
    """The stored checkpoint, if its HMAC holds."""
    try:
        checkpoint = _parsed(_beside(log).read_text(encoding="ascii")) or {}
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    match checkpoint:
        case {"number": int(number), "said": str(stood), "size": int(size), "hash": str(mark)} if (
            hmac.compare_digest(hash_of(key, "checkpoint", {**checkpoint, "hash": ""}), mark)
        ):
            return ChainPosition(number, stood, size)
    return None


def _remember(log: Path, key: bytes, place: ChainPosition) -> None:
    entry = place._asdict() | {"hash": ""}
    write_atomically(_beside(log), text(entry | {"hash": hash_of(key, "checkpoint", entry)}) + "\n")


def _ends_with(log: Path, size: int) -> tuple[int, str] | None:
    """The entry that the first `size` bytes end with."""
    if not size:
        return 0, START
    # the last line may lack its end where the power went; then it is whole all the same
    ending = _bytes(log, max(size - _TAIL, 0))[: min(size, _TAIL)].decode("utf-8", "replace")
    entry = entry_of(ending.removesuffix("\n").split("\n")[-1])
    return (entry["number"], content_hash(entry)) if entry else None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _bytes(log: Path, since: int = 0) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(since, os.SEEK_SET)
            return file.read()
    except FileNotFoundError:
        return b""
