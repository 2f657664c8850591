"""One person out of every table of every database file, whatever tables there are.

Nothing here lists tables: the person's random id is looked for in every column that can hold text. A row in
which a required column holds it is about that person and goes; where the column may be empty the row is about
something else, such as a pull request that others reviewed, and stays with nobody's name on it.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

_NOT_TEXT = re.compile(
    r"BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U[A-Z]*INT|FLOAT|DOUBLE|DECIMAL.*|DATE|TIME.*|INTERVAL|UUID"
)
"""Types that hold no text; every other one is searched, nested ones as text."""

_patiently = retry(
    retry=retry_if_exception_type(duckdb.IOException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(10),
    reraise=True,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can hold text."""

    table: str
    name: str
    type: str
    is_required: bool

    @property
    def as_text(self) -> str:
        return self.name if self.type == "VARCHAR" else f"{self.name}::varchar"


def text_columns(con: duckdb.DuckDBPyConnection) -> list[Column]:
    """Every column of every table of an open database that can hold text."""
    rows = con.execute(
        "select schema_name || '.' || table_name, '\"' || column_name || '\"', data_type, not is_nullable "
        "from duckdb_columns() join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = current_database() order by all"
    ).fetchall()
    return [Column(*row) for row in rows if not _NOT_TEXT.fullmatch(row[2])]


def forget_person(path: Path, ids: Collection[str]) -> dict[str, int]:
    """Takes a person, by all their ids, out of one file, all of it or nothing; rows changed by table."""
    con = _patiently(duckdb.connect)(path)
    try:
        con.execute("begin")
        changed: dict[str, int] = {}
        for each in ids:
            changed = merged(changed, _forget(con, each, is_about_people=path.stem == "vault"))
        con.execute("commit")
    finally:
        con.close()
    return changed


def _forget(con: duckdb.DuckDBPyConnection, person_id: str, *, is_about_people: bool) -> dict[str, int]:
    changed: dict[str, int] = {}
    columns = text_columns(con)
    for column in sorted(columns, key=lambda column: not column.is_required):  # whole rows first
        holds = f"contains({column.as_text}, $id)"
        # every row of a vault is about somebody, also where an older version let columns be empty
        if column.is_required or is_about_people:
            sql = f"delete from {column.table} where {holds}"
        elif column.type == "VARCHAR[]":
            remaining = f"list_filter({column.name}, lambda each: each is distinct from $id)"
            sql = f"update {column.table} set {column.name} = {remaining} where {holds}"
        else:
            sql = f"update {column.table} set {column.name} = null where {holds}"
        count = con.execute(sql, {"id": person_id}).fetchall()[0][0]
        if count:
            changed[column.table] = changed.get(column.table, 0) + int(count)
    if changed and any(column.table.endswith(".signal_runs") for column in columns):
        con.execute("delete from signal_runs")  # evidence of colleagues may rest on what is gone now
    return changed


def forget_accounts(vault: Path, accounts: Collection[Collection[str]]) -> None:
    """Deletes these accounts from the vault."""
    con = _patiently(duckdb.connect)(vault)
    try:
        for source, account_id, _ in accounts:
            con.execute("delete from accounts where source = ? and account_id = ?", [source, account_id])
    finally:
        con.close()


def places_of(path: Path, needles: Collection[str]) -> dict[str, list[str]]:
    """The columns that hold each of these texts, as `table.column`."""
    places: dict[str, list[str]] = {}
    con = _patiently(duckdb.connect)(path, read_only=True)
    try:
        for column in text_columns(con):
            for needle in needles:
                stands = con.execute(
                    f"select 1 from {column.table} where contains(lower({column.as_text}), ?) limit 1",
                    [needle.casefold()],
                ).fetchall()
                if stands:
                    places.setdefault(needle, []).append(f"{column.table}.{column.name}".replace('"', ""))
    finally:
        con.close()
    return places


def persons_in(path: Path) -> list[str]:
    """Ids of people that this file holds, to be looked for as a control."""
    con = _patiently(duckdb.connect)(path, read_only=True)
    try:
        person_ids: set[str] = set()
        for column in text_columns(con):
            if column.name.strip('"') == "person_id":
                person_ids |= {
                    str(value)
                    for (value,) in con.execute(
                        f"select {column.name} from {column.table} where {column.name} is not null limit 50"
                    ).fetchall()
                }
    finally:
        con.close()
    return sorted(person_ids)


def in_bytes(path: Path, needles: Collection[str]) -> set[str]:
    """Those of these texts that occur in the bytes of a file."""
    if path.stat().st_size == 0:
        return set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return {needle for needle in needles if content.find(needle.encode()) >= 0}


def accounts_of(vault: Path, person_id: str) -> list[tuple[str, str, str]]:
    """Source, id and login of every account of this person."""
    con = _patiently(duckdb.connect)(vault, read_only=True)
    try:
        return con.execute(
            "select source, account_id, login from accounts where person_id = ? order by all", [person_id]
        ).fetchall()
    finally:
        con.close()


def ids_of(vault: Path, person_id: str) -> list[str]:
    """Every id under which rows of this person are stored: one for each account, and the person's own."""
    con = _patiently(duckdb.connect)(vault, read_only=True)
    try:
        rows = con.execute("select own_id from accounts where person_id = ?", [person_id]).fetchall()
    finally:
        con.close()
    return sorted({person_id, *(own_id for (own_id,) in rows)})


def persons_named(vault: Path, name: str) -> list[str]:
    """Who has this person id, login or account id."""
    con = _patiently(duckdb.connect)(vault, read_only=True)
    try:
        rows = con.execute(
            "select distinct person_id from accounts "
            "where person_id = $name or account_id = $name or lower(login) = lower($name) order by all",
            {"name": name},
        ).fetchall()
    finally:
        con.close()
    return [str(person) for (person,) in rows]


def everybody(vault: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Source, id, login, own id and person of every account."""
    con = _patiently(duckdb.connect)(vault, read_only=True)
    try:
        yield from con.execute("select source, account_id, login, own_id, person_id from accounts").fetchall()
    finally:
        con.close()


def merged(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Both counts together."""
    return {name: counts.get(name, 0) + more.get(name, 0) for name in sorted({*counts, *more})}
