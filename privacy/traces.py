"""What an orchestrator kept of its runs, found and removed: SQLite tables, logs and results in a folder.

An orchestrator's database is a second copy of whatever was handed to it: parameters, exception texts, log
lines, and results as base64. Ours is handed nothing about people; this is how that is made sure of, and how
its history ends with the time that the agreement gives it.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_SQLITE = b"SQLite format 3\x00"

_DATED = (
    ("flow_run", "coalesce(end_time, start_time, expected_start_time, created)"),
    ("task_run", "coalesce(end_time, start_time, created)"),
    ("log", "timestamp"),
    ("artifact", "created"),
    ("artifact_collection", "created"),
    ("events", "occurred"),
    ("event_resources", "occurred"),
)
"""Tables of a run's history, and when a row of each is from."""


def holds(content: bytes, needles: Collection[str]) -> set[str]:
    """Those of these texts that stand in the bytes, as words of their own, plainly or in base64."""
    lowered = content.lower()
    wanted = {needle for needle in needles if needle}
    present = {needle for needle in wanted if _stands_in(lowered, needle)}
    if wanted - present:
        for decoded in _decoded(content):
            present |= {needle for needle in wanted - present if _stands_in(decoded.lower(), needle)}
    return present


def purge(folder: Path, needles: Collection[str]) -> int:
    """Removes every row and every file of this folder that holds one of these texts; returns how many."""
    removed = 0
    for path in _files(folder):
        if _is_sqlite(path):
            removed += _purge_rows(path, needles)
        elif holds(path.read_bytes(), needles):
            path.write_bytes(b"") if path.suffix == ".log" else path.unlink()
            removed += 1
    return removed


def expire(folder: Path, before: date) -> int:
    """Removes the history of runs that ended before this day; returns how many rows and files went."""
    removed = 0
    for path in _files(folder):
        if _is_sqlite(path):
            removed += _expire_rows(path, before)
        elif (
            "storage" in path.relative_to(folder).parts
            and datetime.fromtimestamp(path.stat().st_mtime, UTC).date() < before
        ):
            path.unlink()
            removed += 1
    return removed


def _purge_rows(path: Path, needles: Collection[str]) -> int:
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as con:
        con.execute("pragma secure_delete = on")

        def has(value: object) -> bool:
            content = value if isinstance(value, bytes) else str(value).encode()
            return bool(holds(content, needles))

        con.create_function("has_needle", 1, has, deterministic=True)
        removed = 0
        for table, columns in _tables(con):
            tests = " or ".join(f'("{column}" is not null and has_needle("{column}"))' for column in columns)
            removed += con.execute(f'delete from "{table}" where {tests}').rowcount  # noqa: S608  its own names
        _shrink(con)
    return removed


def _expire_rows(path: Path, before: date) -> int:
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as con:
        con.execute("pragma secure_delete = on")
        con.execute("pragma foreign_keys = on")
        known = {table for table, _ in _tables(con)}
        removed = 0
        for table, dated in _DATED:
            if table in known:
                removed += con.execute(
                    f'delete from "{table}" where date({dated}) < ?',  # noqa: S608  names from this file
                    [before.isoformat()],
                ).rowcount
        if removed:
            _shrink(con)
    return removed


def _shrink(con: sqlite3.Connection) -> None:
    """Gives freed pages back, so that nothing of what was deleted stays in them."""
    con.execute("vacuum")
    con.execute("pragma wal_checkpoint(truncate)")


def _tables(con: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    names = con.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    for (table,) in names.fetchall():
        yield table, [row[1] for row in con.execute(f'pragma table_info("{table}")')]


def _stands_in(lowered: bytes, needle: str) -> bool:
    wanted = re.escape(needle.casefold().encode())
    return re.search(rb"(?<![a-z0-9_-])" + wanted + rb"(?![a-z0-9_-])", lowered) is not None


def _decoded(content: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(content):
        text = match[0].replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        yield base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"=" * (-len(text) % 4))


def _files(folder: Path) -> list[Path]:
    # what waits beside a SQLite file is read through it, and is gone once it was closed
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.endswith(("-wal", "-shm"))
    ]


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
