"""Which ids are one person. Stored rows keep the id of their account; whoever reads them as people resolves.

That is what makes a link free to undo: linking and unlinking change the table `aliases` and nothing else that
is stored, and evidence is computed again.
"""

from __future__ import annotations

from typing import Protocol

from warehouse.rows import COMPUTED, PERSON_COLUMNS


class Rows(Protocol):
    def fetchall(self) -> list[tuple[str, ...]]: ...


class Connection(Protocol):
    """A connection to the warehouse, or to a copy of it."""

    def execute(self, query: object, parameters: object = None) -> Rows: ...


RESOLVED = tuple(table for table in PERSON_COLUMNS if table not in COMPUTED)
"""Tables whose person columns hold the id of an account."""

_ROWS_THAT_MAY_BECOME_ONE = {"commit_authors", "issue_assignees", "memberships"}


def ids_of(con: Connection, person_id: str) -> list[str]:
    """Every id that rows of this person hold: their own, and those of the accounts linked to it."""
    rows = con.execute("select alias_id from aliases where person_id = ? order by alias_id", [person_id])
    return [person_id, *(alias_id for (alias_id,) in rows.fetchall())]


def resolved(table: str, database: str | None = None) -> str:
    """A query for the rows of this table that names people where the stored rows name accounts."""
    place = f'"{database}".main.' if database else ""
    columns = PERSON_COLUMNS[table]
    replaced = ", ".join(
        f"coalesce(of_{column}.person_id, stored.{column}) as {column}" for column in columns
    )
    joined = " ".join(
        f"left join {place}aliases as of_{column} on of_{column}.alias_id = stored.{column}"
        for column in columns
    )
    rows = f"select stored.* replace ({replaced}) from {place}{table} as stored {joined}"
    if table == "persons":  # a person is a robot if one of their accounts is
        return f"select person_id, bool_or(is_bot) as is_bot from ({rows}) group by person_id"
    return f"select distinct * from ({rows})" if table in _ROWS_THAT_MAY_BECOME_ONE else rows
