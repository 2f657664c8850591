"""Whether two homes hold the same rows. Ids are random, so they are matched by account through the vaults."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.errors import BadInput
from warehouse import history
from warehouse.rows import PERSON_COLUMNS

_OF_THE_RUN = {"cursors", "migrations", "signal_runs", *history.TABLES}
"""Tables that say how a home got where it is, not what it holds."""


def different_tables(home_a: Path, home_b: Path) -> dict[str, tuple[int, int, bool]]:
    """Each table with its rows here and there and whether they are the same.

    Raises BadInput for a home where no night has run, or where one is writing.
    """
    with duckdb.connect() as con:
        for name, home in (("a", home_a), ("b", home_b)):
            for file in ("warehouse", "vault"):
                _attach(con, home / f"{file}.duckdb", f"{file}_{name}")
            con.execute(
                f"create table person_{name} as select own_id, "
                f"min(source || ':' || account_id) as account from vault_{name}.accounts group by own_id"
            )
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse_a' order by table_name"
        ).fetchall()
        return {table: _compared(con, table) for (table,) in tables if table not in _OF_THE_RUN}


def _attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    if not path.exists():
        raise BadInput([f"{path.parent}: no night has run here; name the `home` of two settings files"])
    quoted = str(path).replace("'", "''")
    try:
        con.execute(f"attach '{quoted}' as {name} (read_only)")
    except duckdb.IOException:
        raise BadInput([f"{path}: cannot be opened; wait until no night is writing there"]) from None


def _compared(con: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int, bool]:
    people = PERSON_COLUMNS.get(table, ())
    selects = []
    for name in ("a", "b"):
        replaced = ", ".join(
            f"(select account from person_{name} where own_id = held.{column}) as {column}"
            for column in people
        )
        star = "* exclude (seen_by)" if table in history.KEPT else "*"  # by which night is no matter of what
        star += f" replace ({replaced})" if people else ""
        con.execute(
            f"create or replace temp table rows_{name} as select {star} from warehouse_{name}.{table} as held"
        )
        selects.append(f"select * from rows_{name}")
    rows_a, rows_b, same = con.execute(
        "select (select count(*) from rows_a), (select count(*) from rows_b), "
        f"not exists ({selects[0]} except all {selects[1]}) "
        f"and not exists ({selects[1]} except all {selects[0]})"
    ).fetchall()[0]
    return int(rows_a), int(rows_b), bool(same)
