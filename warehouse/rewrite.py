"""A database file written anew. Nothing else removes bytes: a deleted row stays readable in the old one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from warehouse.files import as_owner_only

DRAFT = ".rewriting"

_patiently = retry(
    retry=retry_if_exception_type(duckdb.IOException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(10),
    reraise=True,
)


def databases(home: Path) -> list[Path]:
    """Every database file of a home, drafts of a rewrite apart."""
    return sorted(path for path in home.rglob("*.duckdb") if not path.name.startswith("."))


def rewrite(path: Path) -> None:
    """Puts a new file with the same tables and rows in the place of this one; a reader keeps the old one.

    The old file is held open for writing meanwhile, so that nobody else writes what would be lost.
    """
    draft = path.with_name(f".{path.name}{DRAFT}")
    for left in (draft, draft.with_name(f"{draft.name}.wal")):
        left.unlink(missing_ok=True)
    with as_owner_only(), duckdb.connect() as con:
        _patiently(con.execute)(f"attach {quoted(path)} as old")
        con.execute(
            "checkpoint old"
        )  # what waits in the log of the old file belongs into it, not beside the new
        con.execute(f"attach {quoted(draft)} as new")
        con.execute("copy from database old to new")
        con.execute("checkpoint new")
        con.execute("detach new")
        draft.chmod(0o600)
        _flush(draft)
        draft.replace(path)
        _flush(path.parent)
        con.execute("detach old")


@contextmanager
def uncompressed(path: Path, folder: Path) -> Iterator[Path]:
    """A copy in which every string stands as it is: in a compressed file a search for bytes finds nothing."""
    copy = folder / f".{path.name}.plain"
    copy.unlink(missing_ok=True)
    try:
        with as_owner_only(), duckdb.connect() as con:
            con.execute("set force_compression = 'uncompressed'")
            _patiently(con.execute)(f"attach {quoted(path)} as old (read_only)")
            con.execute(f"attach {quoted(copy)} as plain")
            con.execute("copy from database old to plain")
            con.execute("checkpoint plain")
        yield copy
    finally:
        for left in (copy, copy.with_name(f"{copy.name}.wal")):
            left.unlink(missing_ok=True)


def quoted(path: Path) -> str:
    """This path as a string of SQL; `attach` takes no parameter."""
    return "'" + str(path).replace("'", "''") + "'"


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
