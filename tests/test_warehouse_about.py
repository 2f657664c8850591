"""Whatever table holds a person, the export finds it: nobody has to think of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from warehouse import rights
from warehouse.about import SOMEBODY_ELSE, rows_about
from warehouse.forget import text_columns
from warehouse.rewrite import databases
from warehouse.store import Store
from warehouse.vault import Vault

ME, OTHER = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that Sightline makes, and one that it will make some day, each table with rows about both.

    One row for each column of text, in which that column alone names somebody.
    """
    folder = tmp_path_factory.mktemp("home")
    with closing(Store(folder / "warehouse.duckdb")):
        Vault(folder / "vault.duckdb")
    with rights.opened(folder / "rights.duckdb"):
        pass
    with duckdb.connect(folder / "some-day.duckdb") as con:
        con.execute(
            "create table unheard_of (whoever varchar, watched varchar[], said struct(by_whom varchar))"
        )
    for path in databases(folder):
        with duckdb.connect(path) as con:
            for table, name, rows in planted(con):
                con.execute(f"insert into {table} by name select * from (values {rows}) as row({name})")
    return folder


def test_every_table_of_every_file_is_in_the_export(home: Path) -> None:
    files = databases(home)
    assert {path.name for path in files} >= {
        "warehouse.duckdb",
        "vault.duckdb",
        "rights.duckdb",
        "some-day.duckdb",
    }
    for path in files:
        with duckdb.connect(path, read_only=True) as con:
            columns = text_columns(con)
        found = rows_about(path, {ME}, {OTHER})
        assert {table: len(rows) for table, rows in found.items()} == {
            table.removeprefix("main."): sum(each.table == table for each in columns)
            for table in {each.table for each in columns}
        }


def test_nobody_else_is_in_it(home: Path) -> None:
    for path in databases(home):
        assert OTHER not in repr(rows_about(path, {ME}, {OTHER}))
        assert rows_about(path, {"c" * 32}, {OTHER, ME}) == {}


def test_somebody_else_in_ones_own_row_is_said_to_be_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "some.duckdb"
    with duckdb.connect(path) as con:
        con.execute("create table events (actor_id varchar, assignee_ids varchar[], on_day date)")
        con.execute("insert into events values (?, ?, '2026-07-01')", [ME, [OTHER, ME, "c"]])
    (row,) = rows_about(path, {ME}, {OTHER})["events"]
    assert (row["actor_id"], row["assignee_ids"]) == (ME, [SOMEBODY_ELSE, ME, "c"])


def planted(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """For each column of text of each table: the table, its columns, and a row about each of two people."""
    for column in text_columns(con):
        described = con.execute(
            "select '\"' || column_name || '\"', data_type from duckdb_columns() "
            "where schema_name || '.' || table_name = ? order by column_index",
            [column.table],
        ).fetchall()
        rows = ", ".join(
            "("
            + ", ".join(
                value(kind, who if name == column.name else f"{column.name[1:-1]}-{who[:2]}")
                for name, kind in described
            )
            + ")"
            for who in (ME, OTHER)
        )
        yield column.table, ", ".join(name for name, _ in described), rows


def value(kind: str, text: str) -> str:
    if kind == "VARCHAR":
        return f"'{text}'"
    if kind.endswith("[]"):
        return f"[{value(kind[:-2], text)}]"
    if kind.startswith("STRUCT"):
        return f"{{'by_whom': '{text}'}}"
    return {"BOOLEAN": "true", "DATE": "date '2026-07-01'"}.get(kind, "1")
