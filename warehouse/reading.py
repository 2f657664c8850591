"""table -> plain rows, for the rooms that have no database driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from warehouse.aliases import resolved
from warehouse.hardened import harden
from warehouse.rows import CHILDREN, COMPUTED, PERSON_COLUMNS, ROOT_KEYS
from warehouse.store import Store

ROWS_AT_ONCE = 20_000


class EvidenceRow(NamedTuple):
    """One row of evidence."""

    person_id: str
    signal: str
    occurred_on: date
    source_kind: str
    source_id: str


class MembershipRow(NamedTuple):
    """One person in one team from `starts_on` until before `ends_on` (None: still)."""

    person_id: str
    team: str
    manager_id: str | None
    starts_on: date
    ends_on: date | None
    rubric: str


class ReadOnlyStore(Store):
    """The warehouse file, open for reading: whatever would write to it fails."""

    def __init__(self, path: Path) -> None:
        self.con = duckdb.connect(path, read_only=True)
        harden(self.con)


@contextmanager
def opened(path: Path) -> Iterator[ReadOnlyStore]:
    """The store in this file, for a moment; the caller holds the writer's lock meanwhile."""
    store = ReadOnlyStore(path)
    try:
        yield store
    finally:
        store.close()


def computed_signals(store: Store) -> dict[str, str]:
    """The signals whose evidence is stored, each with the hash of the file it was computed with."""
    return dict(store.con.execute("select signal, sha256 from signal_runs order by all").fetchall())


def repositories_by_root(store: Store) -> dict[str, frozenset[str]]:
    """The repositories, and those of them with any pull request, issue or discussion, whoever's it is."""
    return {
        table: frozenset(
            str(key) for (key,) in store.con.execute(f"select distinct repository_id from {table}").fetchall()
        )
        for table in ("repositories", "pull_requests", "issues", "discussions")
    }


def rows_of(store: Store, own_id: str) -> dict[str, int]:
    """How many rows are stored under the id of this account, by table."""
    counts = {
        table: sum(
            int(count)
            for column in columns
            for (count,) in store.con.execute(
                f"select count(*) from {table} where {column} = ?", [own_id]
            ).fetchall()
        )
        for table, columns in PERSON_COLUMNS.items()
        if table not in COMPUTED and table != "persons"
    }
    return {table: count for table, count in counts.items() if count}


def stored_memberships(store: Store) -> list[MembershipRow]:
    """The same as `memberships`, with the ids of the accounts that the roster names."""
    rows = store.con.execute(
        "select person_id, team, manager_id, starts_on, ends_on, rubric from memberships order by all"
    ).fetchall()
    return [MembershipRow(*row) for row in rows]


def memberships(store: Store) -> list[MembershipRow]:
    """Who is in which team, as the roster says."""
    rows = store.con.execute(
        "select person_id, team, manager_id, starts_on, ends_on, rubric "
        f"from ({resolved('memberships')}) order by all"
    ).fetchall()
    return [MembershipRow(*row) for row in rows]


def streamed(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of the query just run, each value held once: hundreds of thousands say few different things.

    Nothing else may be asked of the connection meanwhile.
    """
    values: dict[Any, Any] = {}
    while rows := con.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield tuple(values.setdefault(value, value) for value in row)


def evidence_by_person(store: Store, starts_on: date, ends_on: date) -> dict[str, list[EvidenceRow]]:
    """All evidence of enrolled people from `starts_on` until before `ends_on`."""
    by_person: dict[str, list[EvidenceRow]] = {}
    con = store.con.execute(
        "select person_id, signal, occurred_on, source_kind, source_id from evidence "
        "where occurred_on >= ? and occurred_on < ? "
        f"and person_id in (select person_id from ({resolved('memberships')})) "
        "order by all",
        [starts_on, ends_on],
    )
    for row in streamed(con):
        by_person.setdefault(row[0], []).append(EvidenceRow(*row))
    return by_person


def evidence_counted(store: Store) -> dict[str, int]:
    """How many rows of evidence each person has, to show when accounts are linked."""
    return dict(store.con.execute("select person_id, count(*) from evidence group by 1").fetchall())


def objects_naming(store: Store, source: str, own_ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """The stored objects of a source that one of these ids is in: by scope and kind."""
    naming = " union ".join(
        f"select '{kind}' as root_kind, {column} as root_id from {table} "
        f"where {person} in (select unnest($own_ids::varchar[]))"
        for kind, key in ROOT_KEYS.items()
        for table, column in (*CHILDREN[kind], (kind, key))
        for person in PERSON_COLUMNS.get(table, ())
    )
    rows = store.con.execute(
        f"select scope_key, root_kind, root_id from ({naming}) join scopes using (root_kind, root_id) "
        "where starts_with(scope_key, $source || ':') order by all",
        {"own_ids": list(own_ids), "source": source},
    ).fetchall()
    by_scope: dict[str, dict[str, list[str]]] = {}
    for scope_key, kind, object_id in rows:
        scope = str(scope_key).removeprefix(f"{source}:")
        by_scope.setdefault(scope, {}).setdefault(kind, []).append(object_id)
    return by_scope
