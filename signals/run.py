"""tables -> evidence. Computes what changed again, and leaves the rest; the full computation is the oracle.

What the store owes: whenever a root is written or removed, the months of all its dates, before and after,
are in `dirty_months`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta

import duckdb

from signals.catalog import Catalog, Grain, Signal
from signals.participants import CHECKED, without_part
from signals.queries import COLUMNS
from signals.shared_views import SHARED, read_by, with_views
from warehouse import history
from warehouse.aliases import RESOLVED, resolved
from warehouse.windows import window_of

TARGETS: Mapping[str, str] = {"evidence": "evidence", "opportunity": "opportunities", "step": "steps"}
"""The table that each kind of signal fills."""

_FAMILIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pull_request_id": {
        "pull_requests": ("created_on", "merged_on", "closed_on"),
        "reviews": ("submitted_on",),
        "review_comments": ("created_on",),
        "commits": ("committed_on",),
        "closing_references": (),
        "commit_authors": (),
        "review_threads": (),
        "pull_request_events": ("occurred_on",),
    },
    "issue_id": {
        "issues": ("created_on", "closed_on"),
        "issue_events": ("occurred_on",),
        "issue_assignees": (),
    },
}
"""Tables stored and replaced together, by the key they share, each with its dates.

A signal that stays within one family has its evidence of a month, or of a quarter if its header says nothing
of its grain, from the roots with a date in it, and so can be computed for a few of these alone. A signal that
reads two families joins roots that change apart (an incident and its fix), and is computed whole: small
tables, or a join in one pass. So is one that joins a pull request to others before or after it:
`pull_request_files` and `reverted_changes` are in no family for that reason.
"""

_CONTEXT: Mapping[str, str] = {
    "persons": "select person_id from persons where is_bot order by all",
    "memberships": "select * from memberships order by all",
}
"""Tables without months: when the answer changes, whatever reads them is computed whole."""

_ALIASES = "select * from aliases order by all"
"""The same for who is one person, which every signal depends on."""

_REPOSITORIES = "select * from repositories order by all"
"""The same for names and whatever else changes without a day."""


_WHO_DID_WHAT = "select person_id, signal, occurred_on, source_kind, source_id from evidence"

_DIFFERENCE = f"""
with gone as (from evidence_before except {_WHO_DID_WHAT}),
come as ({_WHO_DID_WHAT} except from evidence_before),
moved as (
  select count(*) as rows
  from gone semi join come using (signal, occurred_on, source_kind, source_id)
)
select rows, (select count(*) from gone), (select count(*) from come) from moved
"""


def refresh(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, since: date = date.min, run: int = 0
) -> dict[str, int]:
    """Rows held for every signal once evidence and opportunities are up to date again, none before `since`.

    Computed again are the days around `dirty_months`, and everything for a signal whose file, bots or roster
    changed. A row that is still found keeps the run that first saw it. What `run` no longer finds moves into
    the past, and so does all evidence of signals that are no more. A signal that names somebody on an object
    in which they took no part is refused: it keeps no row, and `refused_signals` says so.

    All of it or nothing.
    """
    con.execute("begin")
    try:
        counts = _refresh(con, catalog, since, run)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
    return counts


def recompute(con: duckdb.DuckDBPyConnection, catalog: Catalog, since: date = date.min) -> dict[str, int]:
    """The same as `refresh`, computing everything from the tables alone."""
    con.execute("delete from signal_runs")
    return refresh(con, catalog, since)


def rehearse(con: duckdb.DuckDBPyConnection, catalog: Catalog, change: Callable[[], None]) -> dict[str, int]:
    """How many rows of evidence would move to another person, go and come with this change; none do."""
    con.execute("begin")
    try:
        con.execute("create temp table evidence_before as select distinct * from (" + _WHO_DID_WHAT + ")")
        oldest = con.execute("select min(occurred_on) from evidence").fetchall()[0][0]
        change()
        _refresh(con, catalog, oldest or date.min, 0)
        counts = con.execute(_DIFFERENCE).fetchall()[0]
    finally:
        con.execute("rollback")
    moved, gone, come = (int(count) for count in counts)
    return {"moved": moved, "gone": gone - moved, "come": come - moved}


def compute(con: duckdb.DuckDBPyConnection, signal: Signal) -> list[tuple[object, ...]]:
    """The rows of one signal over everything stored, in order; nothing is written."""
    with _people_resolved(con, RESOLVED):
        return con.execute(f"{_distinct_rows(signal)} order by all").fetchall()


def wrong_rows(con: duckdb.DuckDBPyConnection, signal: Signal) -> int:
    """How many rows of one signal name a person who took no part in the object they point to."""
    if signal.kind not in CHECKED:
        return 0
    with _people_resolved(con, RESOLVED):
        wrong = without_part(_as_told(signal.kind, f"({_distinct_rows(signal)})"))
        return int(con.execute(f"select count(*) from ({wrong})").fetchall()[0][0])


def held_for(con: duckdb.DuckDBPyConnection, signal: Signal, quarter_on: date) -> set[str]:
    """For whom a team's process held in the quarter that begins on this day. Nothing is written."""
    assert signal.kind == "process"
    return {str(person_id) for person_id, on in compute(con, signal) if on == quarter_on}


def _refresh(con: duckdb.DuckDBPyConnection, catalog: Catalog, since: date, run: int) -> dict[str, int]:
    known = dict(con.execute("select signal, sha256 from signal_runs").fetchall())
    tables = {**_CONTEXT, "aliases": _ALIASES, "repositories": _REPOSITORIES}
    context = {f"table:{table}": _sha256(con, sql) for table, sql in tables.items()}
    moved = {table for table in tables if known.get(f"table:{table}") != context[f"table:{table}"]}
    context |= {f"view:{name}": hashlib.sha256(sql.encode()).hexdigest() for name, sql in SHARED.items()}
    moved |= {name for name in SHARED if known.get(f"view:{name}") != context[f"view:{name}"]}
    for kind, target in TARGETS.items():
        names = [name for name, signal in catalog.items() if signal.kind == kind]
        history.forget_signals_but(con, target, names, run)
    dirty = [
        month for (month,) in con.execute("select distinct month from dirty_months order by 1").fetchall()
    ]
    recomputed: list[Signal] = []
    in_part: dict[tuple[str, Grain], list[Signal]] = {}
    with _people_resolved(con, RESOLVED):
        for signal in _stored(catalog):
            family = _family(signal)
            reads = {*signal.reads, *read_by(signal.sql), "aliases"}
            is_other = known.get(signal.signal) != signal.sha256 or moved & reads
            if is_other or (dirty and family is None):
                history.replace(con, TARGETS[signal.kind], signal.signal, _distinct_rows(signal), run)
                recomputed.append(signal)
            elif dirty and family is not None:
                in_part.setdefault((family, signal.grain), []).append(signal)
    with _people_resolved(con, _CONTEXT):
        for (family, grain), signals in in_part.items():
            _replace_in_part(con, family, signals, _spans(dirty, grain), run)
    con.execute("delete from dirty_months")
    for target in TARGETS.values():
        for table in (target, f"{target}_past"):
            con.execute(f"delete from {table} where occurred_on < $since", {"since": since})
    computed = [("true", recomputed)]
    computed += [
        (_within("occurred_on", _spans(dirty, grain)), signals) for (_, grain), signals in in_part.items()
    ]
    refused = _refuse(con, computed, run)
    con.execute("delete from signal_runs")
    # a refused signal is computed and checked again by every night, until its rows are right
    accepted = {each.signal: each.sha256 for each in _stored(catalog) if each.signal not in refused}
    con.executemany("insert into signal_runs values (?, ?)", list((accepted | context).items()))
    return _counts(con, catalog)


def _refuse(
    con: duckdb.DuckDBPyConnection, computed: Sequence[tuple[str, Sequence[Signal]]], run: int
) -> dict[str, int]:
    """How many rows are wrong of each signal that is refused; none of its rows is kept.

    `computed` are signals, each with the condition that the rows of this run meet: the others were checked by
    the run that computed them.
    """
    checks = []
    parameters: dict[str, list[str]] = {}
    for kind in CHECKED:
        for condition, signals in computed:
            if names := [each.signal for each in signals if each.kind == kind]:
                parameters[f"names_{len(parameters)}"] = names
                listed = f"list_contains($names_{len(parameters) - 1}, signal)"
                checks.append(f"{_as_told(kind, TARGETS[kind], ('signal',))} where {condition} and {listed}")
    refused: dict[str, int] = {}
    if checks:
        with _people_resolved(con, RESOLVED):
            wrong = without_part(" union all ".join(checks))
            counts = con.execute(
                f"select signal, count(*) from ({wrong}) group by signal", parameters
            ).fetchall()
        refused = {str(name): int(count) for name, count in counts}
    for name in refused:
        for kind in CHECKED:
            history.forget_signal(con, TARGETS[kind], name)
    history.log_refused(con, refused, run)
    return refused


def _as_told(kind: str, rows: str, more: Iterable[str] = ()) -> str:
    """`rows`, a table or a query, in the columns that the check of all kinds reads."""
    columns = [*more, *COLUMNS[kind]]
    incident_id = "" if kind == "step" else ", null::varchar as incident_id"
    return f"select '{kind}' as kind, {', '.join(columns)}{incident_id} from {rows}"


def _stored(catalog: Catalog) -> list[Signal]:
    """The signals whose rows are kept: a team's process is worked out when its word is published."""
    return [signal for signal in catalog.values() if signal.kind in TARGETS]


# --- one signal -----------------------------------------------------------------------------------------


def _replace_in_part(
    con: duckdb.DuckDBPyConnection,
    family: str,
    signals: Sequence[Signal],
    spans: Sequence[tuple[date, date]],
    run: int,
) -> None:
    """Computes `signals` from the roots that have a date in one of these spans, for those spans."""
    read = {table for signal in signals for table in signal.reads}
    tables = {table: dates for table, dates in _FAMILIES[family].items() if table in read}
    con.execute("create temp table roots_touched as " + _roots_touched(family, tables, spans))
    database = _database(con)
    for table in tables:
        # A temporary table hides the stored one of the same name, so the signal's SQL runs as it stands.
        rows = resolved(table, database) if table in RESOLVED else f'select * from "{database}".main.{table}'
        con.execute(
            f"create temp table {table} as select * from ({rows}) "
            f"where {family} in (select root_id from roots_touched)"
        )
    is_dirty = _within("occurred_on", spans)
    for signal in signals:
        rows = f"select * from ({_distinct_rows(signal)}) where {is_dirty}"
        history.replace(con, TARGETS[signal.kind], signal.signal, rows, run, is_dirty)
    for table in (*tables, "roots_touched"):
        con.execute(f"drop table temp.{table}")


def _roots_touched(
    family: str, tables: Mapping[str, Iterable[str]], spans: Sequence[tuple[date, date]]
) -> str:
    return " union ".join(
        f"select {family} as root_id from {table} where {_within(dated, spans)}"
        for table, dates in tables.items()
        for dated in dates
    )


def _spans(months: Iterable[date], grain: Grain) -> list[tuple[date, date]]:
    """The days to compute again, half-open: these months, or the quarters that hold them."""
    spans: list[tuple[date, date]] = []
    for month in months:
        starts_on = window_of(month).starts_on if grain == "quarter" else month
        ends_on = (
            window_of(month).ends_on if grain == "quarter" else (month + timedelta(days=31)).replace(day=1)
        )
        if spans and spans[-1][1] >= starts_on:
            spans[-1] = (spans[-1][0], max(ends_on, spans[-1][1]))
        else:
            spans.append((starts_on, ends_on))
    return spans


def _within(column: str, spans: Iterable[tuple[date, date]]) -> str:
    held = (f"{column} >= date '{begin}' and {column} < date '{end}'" for begin, end in spans)
    return "(" + " or ".join(held) + ")"


def _distinct_rows(signal: Signal) -> str:
    # A row without a person, a day or an object is about nobody, never or nothing: no evidence, no reason to
    # end the night. The query stands on lines of its own because it may end in a comment.
    query = signal.sql.strip().rstrip(";")
    is_told = " and ".join(f"{column} is not null" for column in COLUMNS[signal.kind])
    return f"{with_views(query)}select distinct * from (\n{query}\n) where {is_told}"


@contextmanager
def _people_resolved(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> Iterator[None]:
    """While this lasts, these tables name people where the stored ones name accounts.

    A temporary view hides the stored table of the same name; where nobody has two accounts, none is needed.
    """
    hidden = [*tables] if con.execute("select count(*) from aliases").fetchone() != (0,) else []
    database = _database(con)
    for table in hidden:
        con.execute(f"create temp view {table} as {resolved(table, database)}")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # what failed in a transaction took its views with it
            for table in hidden:
                con.execute(f"drop view if exists temp.{table}")


def _database(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("select current_database()").fetchone()
    assert row is not None
    return str(row[0])


# --- what can be computed in part -----------------------------------------------------------------------


def _family(signal: Signal) -> str | None:
    """The key shared by all tables the signal reads, context apart; None if it has to be computed whole."""
    if signal.kind == "opportunity":
        return None  # something stays open through months in which nothing is dated
    tables = set(signal.reads) - set(_CONTEXT)
    return next((key for key, family in _FAMILIES.items() if tables <= set(family)), None)


def _sha256(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    return hashlib.sha256(repr(con.execute(sql).fetchall()).encode()).hexdigest()


def _counts(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> dict[str, int]:
    counts = dict.fromkeys((signal.signal for signal in _stored(catalog)), 0)
    for target in TARGETS.values():
        rows = con.execute(f"select signal, count(*) from {target} group by signal").fetchall()
        counts |= {str(name): int(count) for name, count in rows}
    return counts
