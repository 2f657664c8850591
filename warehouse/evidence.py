"""Evidence that is not to be there: of people who opted out, from the day they did."""

from __future__ import annotations

from datetime import date

from warehouse.store import Store


def leave_out(store: Store, person_id: str, since: date) -> int:
    """Removes what somebody did from this day on from every table of evidence; returns how many rows."""
    removed = 0
    with store.transaction():
        for table in _tables(store):
            row = store.con.execute(
                f"delete from {table} where person_id = ? and occurred_on >= ?", [person_id, since]
            ).fetchone()
            removed += int(row[0]) if row else 0
    return removed


def compute_again(store: Store, since: date, until: date) -> None:
    """Has everybody's evidence from this day on computed again, as if all of it had just been fetched."""
    store.con.execute(
        "insert into dirty_months select month::date from "
        "range(date_trunc('month', ?::date)::timestamp, ?::timestamp, interval 1 month) as months(month)",
        [since, until],
    )


def _tables(store: Store) -> list[str]:
    """Whatever holds a person, a signal and the day of something; the next such table too."""
    rows = store.con.execute(
        "select table_name from duckdb_columns() join duckdb_tables() using (database_name, table_name) "
        "where database_name = current_database() "
        "and column_name in ('person_id', 'signal', 'occurred_on') "
        "group by table_name having count(*) = 3 order by table_name"
    ).fetchall()
    return [str(name) for (name,) in rows]
