"""What each run knew, so that a former day's report is computed again from rows and not remembered as text.

A row of evidence carries the run that first saw it. One that a later run no longer finds moves into the
table of the same name with `_past` behind it, together with that run. Small tables are kept whole in a log: a
row is valid from `seen_by` until before `superseded_by`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import duckdb

KEPT: Mapping[str, tuple[str, ...]] = {
    "evidence": ("person_id", "signal", "occurred_on", "source_kind", "source_id"),
    "opportunities": ("person_id", "signal", "occurred_on"),
    "steps": ("person_id", "signal", "occurred_on", "source_kind", "source_id", "incident_id"),
}
"""The tables whose rows move into the past, each with what makes a row the same."""

LOGS: Mapping[str, tuple[str, ...]] = {
    "membership_log": ("person_id", "team", "manager_id", "starts_on", "ends_on", "rubric"),
    "account_log": ("person_id", "source", "accounts"),
    "rule_versions": ("kind", "name", "sha256"),
    "addresses": ("address_id", "url"),
    "refused_signals": ("signal", "wrong_rows"),
}
"""The tables whose rows are valid for a while, each with what it says."""

TABLES = (
    *(f"{table}_past" for table in KEPT),
    *LOGS,
    "runs",
    "source_log",
    "source_objects",
)
"""All of it: bookkeeping that no signal reads."""


class Run(NamedTuple):
    """One night that kept history."""

    run: int
    run_id: str
    as_of: date


class Rule(NamedTuple):
    """One signal, map or agreement in force: the name of its file, and the hash of what stands in it."""

    kind: str
    name: str
    sha256: str


class SourceRow(NamedTuple):
    """How far one source could be trusted for the days from `starts_on` until before `ends_on`."""

    source: str
    account_source: str
    fills: list[str]
    starts_on: date
    ends_on: date
    from_day: date | None
    through_day: date | None
    is_complete: bool
    because: str | None
    lacks: list[str]
    """`table: reasons` for each that missed something; empty where none that it fills was sure."""


# --- writing: inside the transaction of whoever calls ------------------------------------------------------


def last_run(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last run that began; 0 before the first."""
    return int(con.execute("select coalesce(max(run), 0) from runs").fetchall()[0][0])


def forget_seen_since(con: duckdb.DuckDBPyConnection, person_id: str, run: int) -> None:
    """Deletes history recorded under a wrong account link: what this or a later run first saw of a person.

    The next run records again what is theirs.
    """
    for table in KEPT:
        for each in (table, f"{table}_past"):
            con.execute(f"delete from {each} where person_id = ? and seen_by >= ?", [person_id, run])
    # a night that links the two again finds everybody as they were, and would have nothing to compute
    con.execute("delete from signal_runs")


def begin(con: duckdb.DuckDBPyConnection, run_id: str, as_of: date) -> int:
    """The number of a run that begins now."""
    (number,) = con.execute("select coalesce(max(run), 0) + 1 from runs").fetchall()[0]
    con.execute("insert into runs values (?, ?, ?, false)", [number, run_id, as_of])
    return int(number)


def reported(con: duckdb.DuckDBPyConnection, run: int) -> None:
    """Marks a run whose reports are all written: only these are ever looked back at."""
    con.execute("update runs set is_reported = true where run = ?", [run])


def replace(
    con: duckdb.DuckDBPyConnection, table: str, signal: str, rows: str, run: int, only: str = "true"
) -> None:
    """Makes `rows` (a query) the rows of this signal where `only` holds; what differs is remembered.

    Rows that are still found keep the run that first saw them.
    """
    columns = [column for column in KEPT[table] if column != "signal"]
    listed, here, parameters = ", ".join(columns), f"signal = $signal and {only}", {"signal": signal}
    insert = f"insert into {table} (signal, {listed}, seen_by) select $signal, {listed}, {run:d} from "
    if not con.execute(f"select 1 from {table} where {here} limit 1", parameters).fetchall():
        con.execute(f"{insert} ({rows})", parameters)
        return
    same = " and ".join(f"found.{column} = held.{column}" for column in columns)
    con.execute(f"create or replace temp table rows_found as {rows}")
    con.execute(
        f"create or replace temp table rows_gone as select rowid as held_id, * from {table} as held "
        f"where {here} and not exists (select 1 from rows_found as found where {same})",
        parameters,
    )
    con.execute(
        f"insert into {table}_past by name select * exclude (held_id), {run:d} as superseded_by "
        f"from rows_gone where seen_by is distinct from {run:d}"
    )
    con.execute(f"delete from {table} where rowid in (select held_id from rows_gone)")
    con.execute(
        f"{insert} rows_found as found "
        f"where not exists (select 1 from {table} as held where {here} and {same})",
        parameters,
    )
    con.execute("drop table rows_found")
    con.execute("drop table rows_gone")


def forget_signals_but(con: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], run: int) -> None:
    """Moves the rows of every other signal into the past: their files are no more."""
    gone = "signal not in (select unnest($names::varchar[]))"
    con.execute(
        f"insert into {table}_past by name select *, {run:d} as superseded_by from {table} where {gone}",
        {"names": list(names)},
    )
    con.execute(f"delete from {table} where {gone}", {"names": list(names)})


def forget_signal(con: duckdb.DuckDBPyConnection, table: str, signal: str) -> None:
    """Deletes every row of a signal that was refused, the past too: any of them may be about other people."""
    for each in (table, f"{table}_past"):
        con.execute(f"delete from {each} where signal = $signal", {"signal": signal})


def log(con: duckdb.DuckDBPyConnection, table: str, rows: str, run: int) -> None:
    """Makes `rows` (a query) what this log says from this run on."""
    columns = LOGS[table]
    listed = ", ".join(columns)
    open_ones = f"select {listed} from {table} where superseded_by is null"
    con.execute(f"create or replace temp table rows_found as {rows}")
    same = " and ".join(f"{table}.{column} is not distinct from gone.{column}" for column in columns)
    con.execute(
        f"update {table} set superseded_by = {run:d} "
        f"from ({open_ones} except select * from rows_found) as gone where superseded_by is null and {same}"
    )
    con.execute(
        f"insert into {table} ({listed}, seen_by) "
        f"select *, {run:d} from (select * from rows_found except {open_ones})"
    )
    con.execute("drop table rows_found")


def log_rules(con: duckdb.DuckDBPyConnection, rules: Iterable[Rule], run: int) -> None:
    """All rules in force."""
    _given(con, LOGS["rule_versions"], rules)
    log(con, "rule_versions", "select * from rows_given", run)


def log_refused(con: duckdb.DuckDBPyConnection, refused: Mapping[str, int], run: int) -> None:
    """The signals that are refused, each with how many of its rows are wrong."""
    _given(con, LOGS["refused_signals"], refused.items())
    log(con, "refused_signals", "select * replace (wrong_rows::bigint as wrong_rows) from rows_given", run)


def log_memberships(con: duckdb.DuckDBPyConnection, rows: Iterable[Sequence[Any]], run: int) -> None:
    """The roster, person by person, in the columns of the log."""
    _given(con, LOGS["membership_log"], rows)
    dated = "* replace (starts_on::date as starts_on, ends_on::date as ends_on)"
    log(con, "membership_log", f"select {dated} from rows_given", run)


def log_accounts(con: duckdb.DuckDBPyConnection, accounts: Mapping[str, Mapping[str, int]], run: int) -> None:
    """How many accounts each person has at each source."""
    counted = ((person, source, n) for person, known in accounts.items() for source, n in known.items())
    _given(con, LOGS["account_log"], counted)
    log(con, "account_log", "select * replace (accounts::bigint as accounts) from rows_given", run)


def log_sources(con: duckdb.DuckDBPyConnection, rows: Iterable[SourceRow], run: int) -> None:
    """What every source was good for, window by window."""
    names = ", ".join(SourceRow._fields)
    for row in rows:
        con.execute(
            f"insert into source_log (run, {names}) values (?{', ?' * len(row)})",
            [run, *row],
        )


_NEW_OBJECTS = """
with wanted as (
  from (
    select source_kind, source_id from evidence
    union select source_kind, source_id from steps
    union select 'incident', incident_id from steps
  ) anti join source_objects using (source_kind, source_id)
)
select source_kind, source_id, repository_id as address_id, 'pull/' || number as place
from wanted join pull_requests on source_id = pull_request_id where source_kind = 'pull_request'
union all
select source_kind, source_id, repository_id, 'issues/' || number
from wanted join issues on source_id = issue_id where source_kind = 'issue'
union all
select source_kind, source_id, repository_id, 'discussions/' || number
from wanted join discussions on source_id = discussion_id where source_kind = 'discussion'
union all
select source_kind, source_id, incident_id, ''
from wanted join incidents on source_id = incident_id where source_kind = 'incident'
"""

_ADDRESSES = """
select repository_id as address_id, url from repositories
union all select incident_id, url from incidents where url is not null
"""


def log_objects(con: duckdb.DuckDBPyConnection, run: int) -> None:
    """Where each object that has evidence is found: a link of a report outlives a renamed repository."""
    con.execute(f"insert into source_objects by name {_NEW_OBJECTS}")
    log(con, "addresses", _ADDRESSES, run)


def forget_before(con: duckdb.DuckDBPyConnection, day: date) -> None:
    """Drops what only runs for days before this one knew. For retention; the newest run always stays."""
    first = "coalesce((select min(run) from runs where as_of >= $day), (select max(run) from runs))"
    (first_kept,) = con.execute(f"select {first}", {"day": day}).fetchall()[0]
    if first_kept is None:
        return
    for table in (*(f"{table}_past" for table in KEPT), *LOGS):
        con.execute(f"delete from {table} where superseded_by <= ?", [first_kept])
    for table in ("runs", "source_log"):
        con.execute(f"delete from {table} where run < ?", [first_kept])
    forget_objects(con)


def forget_objects(con: duckdb.DuckDBPyConnection) -> None:
    """Drops the whereabouts of objects that nothing rests on any more. Retention and erasure end with it."""
    rested_on = " union ".join(
        f"select (source_kind, source_id) from {table}{past}"
        + (f" union select ('incident', incident_id) from {table}{past}" if table == "steps" else "")
        for table in ("evidence", "steps")
        for past in ("", "_past")
    )
    con.execute(f"delete from source_objects where (source_kind, source_id) not in ({rested_on})")


def _given(con: duckdb.DuckDBPyConnection, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """These rows as a temporary table of text."""
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    held = [list(column) for column in zip(*texts, strict=True)] or [[] for _ in columns]
    columns_given = ", ".join(f"unnest(?::varchar[]) as {name}" for name in columns)
    con.execute(f"create or replace temp table rows_given as select {columns_given}", held)


# --- reading what a run knew ------------------------------------------------------------------------------


def run_of(con: duckdb.DuckDBPyConnection, as_of: date | None) -> Run | None:
    """The last reported run for this day or one before it; the last one at all for None."""
    row = con.execute(
        "select run, run_id, as_of from runs where is_reported and ($day is null or as_of <= $day) "
        "order by run desc limit 1",
        {"day": as_of},
    ).fetchone()
    return Run(*row) if row else None


def first_run(con: duckdb.DuckDBPyConnection) -> Run | None:
    """The oldest run that can still be looked back at."""
    row = con.execute("select run, run_id, as_of from runs where is_reported order by run limit 1").fetchone()
    return Run(*row) if row else None


def known_to(table: str, run: int) -> str:
    """A query of the rows that this run held true: of `evidence`, `opportunities` or a log."""
    if table in LOGS:
        return (
            f"select * exclude (superseded_by) from {table} where seen_by <= {run:d} "
            f"and (superseded_by is null or superseded_by > {run:d})"
        )
    seen = f"(seen_by is null or seen_by <= {run:d})"
    names = ", ".join((*KEPT[table], "seen_by"))
    return (
        f"select {names} from {table} where {seen} union all "
        f"select {names} from {table}_past where {seen} and superseded_by > {run:d}"
    )
