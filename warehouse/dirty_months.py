"""Which months have to be computed again: those that a new, changed or removed row is dated in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import duckdb

from warehouse.rows import CHILDREN, ROOT_KEYS, Row

DATED: Mapping[str, tuple[str, ...]] = {
    "pull_requests": ("created_on", "merged_on", "closed_on"),
    "commits": ("committed_on",),
    "reviews": ("submitted_on",),
    "review_comments": ("created_on",),
    "pull_request_events": ("occurred_on",),
    "comments": ("created_on",),
    "issues": ("created_on", "closed_on"),
    "issue_events": ("occurred_on",),
    "discussions": ("created_on", "answered_on"),
    "incidents": ("opened_on", "resolved_on"),
    "incident_actions": ("occurred_on",),
    "incident_pages": ("paged_on",),
    "oncall_shifts": ("starts_on", "ends_on"),
    "postmortem_documents": ("written_on",),
    "interviews": ("held_on", "scorecard_on"),
}
"""Every date an evidence row can be dated by: when one changes, its month is computed again."""


def of_rows(new_rows: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The months of these rows, by table, as rows of `dirty_months`."""
    days = {
        day
        for table, table_rows in new_rows.items()
        for dated in DATED.get(table, ())
        for row in table_rows
        if (day := row.get(dated)) is not None
    }
    for row in new_rows.get("oncall_shifts", ()):  # a shift covers every month between its ends
        days |= {
            row["starts_on"] + timedelta(days=n) for n in range((row["ends_on"] - row["starts_on"]).days)
        }
    return [{"month": month} for month in sorted({day.replace(day=1) for day in days})]


def mark(con: duckdb.DuckDBPyConnection, kind: str, keys: Sequence[str]) -> None:
    """Marks the months of these stored roots and of all that belongs to them."""
    for table, column in (*CHILDREN[kind], (kind, ROOT_KEYS[kind])):
        for dated in DATED.get(table, ()):
            con.execute(
                "insert into dirty_months "
                f"select distinct date_trunc('month', {dated})::date from {table} "
                f"where {column} in (select unnest(?::varchar[])) and {dated} is not null",
                [list(keys)],
            )
    if kind == "oncall_shifts":  # a shift covers every month between its ends
        con.execute(
            "insert into dirty_months select distinct date_trunc('month', unnest(range("
            "date_trunc('month', starts_on), ends_on + interval 1 day, interval 1 month)))::date "
            "from oncall_shifts where shift_id in (select unnest(?::varchar[]))",
            [list(keys)],
        )
