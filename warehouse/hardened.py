"""A DuckDB connection that reads no file, loads no extension, and cannot be talked out of it.

`read_only` is no boundary: such a connection still reads any file of its user, writes others and attaches
more. What a statement may reach is settled here, before it is run.
"""

from __future__ import annotations

import duckdb

_SHUT = (
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set allow_community_extensions = false",
    "set allow_unsigned_extensions = false",
    "set allow_persistent_secrets = false",
    "set python_enable_replacements = false",  # else a table's name may be a variable of whoever calls
    "set enable_external_access = false",  # after all that needs it, and for good
    "set lock_configuration = true",
)
"""In this order: each could be undone by a statement until the last."""


def harden(con: duckdb.DuckDBPyConnection, *limits: str) -> None:
    """Shuts this connection's database off from files, network and extensions, and locks that.

    `limits` are settings to be made before nothing can be set any more. A database in a file can still use
    that file, and its own folder for what does not fit into memory.
    """
    for statement in (*limits, *_SHUT):
        con.execute(statement)


def is_select(statement: duckdb.Statement) -> bool:
    """Whether it only reads. `describe`, `show` and `summarize` are selects to the engine, too."""
    try:
        return statement.type == duckdb.StatementType.SELECT
    except ValueError:  # a kind of statement that the driver has no name for
        return False
