"""A database brought up to the latest of its numbered migrations, each done once and whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb


def migrate(
    con: duckdb.DuckDBPyConnection, folder: Path, before_numbers: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """Does what this file has not had yet; the caller is in no transaction.

    Before migrations were numbered nothing was noted in a file. What it has had is then told by the table
    and column that each of `before_numbers` brought.
    """
    con.execute("create table if not exists migrations (name varchar not null)")
    done = {str(name) for (name,) in con.execute("select name from migrations").fetchall()}
    if not done and before_numbers:
        columns = set(con.execute("select table_name, column_name from duckdb_columns()").fetchall())
        done = {name for name, brought in before_numbers.items() if brought in columns}
        for name in sorted(done):
            con.execute("insert into migrations values (?)", [name])
    for path in sorted(folder.glob("*.sql")):
        if path.name not in done:
            con.execute("begin")
            try:
                con.execute(path.read_text(encoding="utf-8"))
                con.execute("insert into migrations values (?)", [path.name])
            except BaseException:
                con.execute("rollback")
                raise
            con.execute("commit")
