"""record -> table: opens, migrates and merges. One process at a time; the caller holds the lock.

Whole roots are replaced, so a night that dies between two batches leaves a warehouse that the next night
completes to the same rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from connectors.records import Account, Batch, Gap, Membership, Root
from warehouse.files import as_owner_only
from warehouse.rows import CHILDREN, PERSON_COLUMNS, ROOT_KEYS, Row, accounts, root_id, root_table, rows
from warehouse.tombstones import PLACEHOLDER
from warehouse.vault import Vault

MIGRATIONS = Path(__file__).parent / "migrations"

_DATED: Mapping[str, tuple[str, ...]] = {
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
    "oncall_shifts": ("starts_on", "ends_on"),
    "interviews": ("held_on", "scorecard_on"),
}
"""Every date an evidence row can be dated by: when one changes, its month is computed again."""


class Store:
    """The warehouse file, open for writing."""

    def __init__(self, path: Path) -> None:
        with as_owner_only():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.con = duckdb.connect(path)
        self._migrate()
        self._columns: dict[str, str] = {}
        self._needs_person: dict[str, tuple[str, ...]] = {}

    def close(self) -> None:
        """Writes everything into the file and lets go of it."""
        self.con.close()
        del self.con  # whoever still holds the store at exit must not keep the driver alive

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.con.execute("begin")
        try:
            yield
        except BaseException:
            self.con.execute("rollback")
            raise
        self.con.execute("commit")

    # --- writing what a source sent ---------------------------------------------------------------

    def write(self, source: str, scope: str, batches: Sequence[Batch], vault: Vault) -> None:
        """Stores these batches, their gaps and the last cursor in one transaction."""
        last: dict[tuple[str, str], Root] = {}
        for batch in batches:
            last |= {(root_table(root), root_id(root)): root for root in batch.roots}
        person_of = vault.person_ids(account for root in last.values() for account in accounts(root))

        def person(account: Account | None) -> str | None:
            return None if account is None else person_of[(account.source, account.account_id)]

        new_rows: dict[str, list[Row]] = {}
        for root in last.values():
            for table, row in rows(root, person):
                if self._is_about_somebody(table, row):
                    new_rows.setdefault(table, []).append(row)
        kinds = {table for table, _ in last}
        gone = [object_id for batch in batches for object_id in batch.gone]
        cursor = next((batch.cursor for batch in reversed(batches) if batch.cursor), None)
        with self.transaction():
            for kind in sorted(kinds):
                self._remove(kind, [key for table, key in last if table == kind])
            for kind in ROOT_KEYS if gone else ():
                self._remove(kind, gone)
            for table, table_rows in new_rows.items():
                self.insert(table, table_rows)
            scope_key = f"{source}:{scope}"
            self.insert(
                "scopes",
                [{"scope_key": scope_key, "root_kind": table, "root_id": key} for table, key in last],
            )
            for kind in sorted(kinds):
                self._mark_dirty(kind, [key for table, key in last if table == kind])
            self._add_persons({person for person in person_of.values() if person}, vault)
            self.con.execute(
                "delete from gaps where source = ? and scope = ? "
                "and object_id in (select unnest(?::varchar[]))",
                [source, scope, [*gone, *(key for _, key in last)]],
            )
            self.add_gaps(source, scope, [gap for batch in batches for gap in batch.gaps])
            if cursor is not None:
                self.con.execute("delete from cursors where source = ? and scope = ?", [source, scope])
                self.con.execute("insert into cursors values (?, ?, ?)", [source, scope, cursor])

    def insert(self, table: str, table_rows: Sequence[Row]) -> None:
        """Appends rows to a table; missing columns become null."""
        if not table_rows:
            return
        if table not in self._columns:
            described = self.con.execute(
                "select column_name, data_type from duckdb_columns() "
                "where table_name = ? order by column_index",
                [table],
            ).fetchall()
            self._columns[table] = json.dumps([dict(described)])
        self.con.execute(
            f"insert into {table} select row.* from "
            f"(select unnest(from_json_strict(?::json, '{self._columns[table]}')) as row)",
            [json.dumps(table_rows, default=date.isoformat)],
        )

    def _is_about_somebody(self, table: str, row: Row) -> bool:
        """Not a row that says only who did something, when that is nobody: its person was erased."""
        return all(row[column] is not None for column in self._required_person(table))

    def _required_person(self, table: str) -> tuple[str, ...]:
        if table not in self._needs_person:
            nullable = dict(
                self.con.execute(
                    "select column_name, is_nullable from duckdb_columns() where table_name = ?", [table]
                ).fetchall()
            )
            columns = PERSON_COLUMNS.get(table, ())
            self._needs_person[table] = tuple(column for column in columns if not nullable[column])
        return self._needs_person[table]

    def person_ids(self) -> frozenset[str]:
        """Everybody the warehouse has rows of."""
        return frozenset(person for (person,) in self.con.execute("select person_id from persons").fetchall())

    def first_night(self, as_of: date) -> date:
        """The day the first night of this home was run for: `as_of` if this is it."""
        found = self.con.execute("select min(day) from first_night").fetchone()
        if found and found[0]:
            first: date = found[0]
            return min(first, as_of)
        self.con.execute("insert into first_night values (?)", [as_of])
        return as_of

    def forget_cursor(self, source: str, scope: str) -> None:
        """The next fetch of this scope reads everything again."""
        self.con.execute("delete from cursors where source = ? and scope = ?", [source, scope])

    def cursor(self, source: str, scope: str) -> str | None:
        """Where the last stored batch of this scope ended."""
        found = self.con.execute(
            "select cursor from cursors where source = ? and scope = ?", [source, scope]
        ).fetchone()
        return str(found[0]) if found else None

    def add_gaps(self, source: str, scope: str, gaps: Iterable[Gap]) -> None:
        """Remembers what could not be fetched."""
        self.insert(
            "gaps",
            [
                {
                    "source": source,
                    "scope": scope,
                    "kind": gap.kind,
                    "starts_on": gap.starts_on,
                    "ends_on": gap.ends_on,
                    "reason": gap.reason,
                    "object_id": gap.object_id,
                }
                for gap in gaps
            ],
        )

    # --- people -----------------------------------------------------------------------------------

    def write_memberships(self, memberships: Sequence[Membership], vault: Vault) -> int:
        """Replaces who is in which team; returns how many values now name another person than before.

        The roster's statement that two accounts are one person is exact, so it may move rows. The
        warehouse moves first: if the process dies in between, the next run moves the rest.
        """
        everyone = [member.account for member in memberships]
        everyone += [member.manager for member in memberships if member.manager is not None]
        person_of = vault.person_ids(_named(account) for account in everyone)
        memberships = [member for member in memberships if person_of[_key(member.account)]]
        links = [
            (other, str(person_of[_key(member.account)]))
            for member in memberships
            for other in member.other_accounts
        ]
        table_rows: list[Row] = [
            {
                "person_id": person_of[_key(member.account)],
                "team": member.team,
                "manager_id": person_of[_key(member.manager)] if member.manager else None,
                "starts_on": member.starts_on,
                "ends_on": member.ends_on,
                "rubric": member.rubric,
            }
            for member in memberships
        ]
        with self.transaction():
            moved = 0
            for other, person_id in links:
                before = vault.person_of(other)
                if before is None or before == person_id:
                    continue
                if vault.is_only_account(other):
                    moved += self._relabel(before, person_id)
                else:  # whose rows are whose cannot be told apart here, so the source is read again
                    moved += self._forget_source(other.source)
            rows_before = self._table_hash("memberships")
            self.con.execute("delete from memberships")
            self.insert("memberships", table_rows)
            self._add_persons({person for person in person_of.values() if person}, vault)
            if moved or rows_before != self._table_hash("memberships"):
                self._mark_everything_dirty()
        for other, person_id in links:
            vault.link(other, person_id)
        return moved

    def _forget_source(self, source: str) -> int:
        """Drops everything this source sent, so that it is fetched again; returns how many records."""
        found = self.con.execute(
            "select root_kind, root_id from scopes where starts_with(scope_key, ? || ':')", [source]
        ).fetchall()
        for kind in ROOT_KEYS:
            self._remove(kind, [root for root_kind, root in found if root_kind == kind])
        for table in ("cursors", "reconciled", "gaps", "expected"):
            self.con.execute(f"delete from {table} where source = ?", [source])
        return len(found)

    def _relabel(self, before: str, after: str) -> int:
        moved = 0
        for table, columns in PERSON_COLUMNS.items():
            if table == "persons":
                continue
            for column in columns:
                changed = self.con.execute(
                    f"update {table} set {column} = ? where {column} = ?",
                    [after, before],
                ).fetchone()
                moved += int(changed[0]) if changed else 0
        self.con.execute("delete from persons where person_id = ?", [before])
        return moved

    def _add_persons(self, person_ids: set[str], vault: Vault) -> None:
        bots = vault.bots()
        known = dict(self.con.execute("select person_id, is_bot from persons").fetchall())
        changed = [person for person in person_ids if known.get(person) != (person in bots)]
        self.con.execute("delete from persons where person_id in (select unnest(?::varchar[]))", [changed])
        self.insert(
            "persons", [{"person_id": person, "is_bot": person in bots} for person in sorted(changed)]
        )

    # --- replacing --------------------------------------------------------------------------------

    def _remove(self, kind: str, keys: Sequence[str]) -> None:
        if not keys:
            return
        self._mark_dirty(kind, keys)
        for table, column in (*CHILDREN[kind], (kind, ROOT_KEYS[kind])):
            self.con.execute(
                f"delete from {table} where {column} in (select unnest(?::varchar[]))",
                [list(keys)],
            )
        self.con.execute(
            "delete from scopes where root_kind = ? and root_id in (select unnest(?::varchar[]))",
            [kind, list(keys)],
        )

    def _mark_dirty(self, kind: str, keys: Sequence[str]) -> None:
        for table, column in (*CHILDREN[kind], (kind, ROOT_KEYS[kind])):
            for dated in _DATED.get(table, ()):
                self.con.execute(
                    "insert into dirty_months "
                    f"select distinct date_trunc('month', {dated})::date from {table} "
                    f"where {column} in (select unnest(?::varchar[])) and {dated} is not null",
                    [list(keys)],
                )
        if kind == "oncall_shifts":  # a shift covers every month between its ends
            self.con.execute(
                "insert into dirty_months select distinct date_trunc('month', unnest(range("
                "date_trunc('month', starts_on), ends_on + interval 1 day, interval 1 month)))::date "
                "from oncall_shifts where shift_id in (select unnest(?::varchar[]))",
                [list(keys)],
            )

    def _mark_everything_dirty(self) -> None:
        self.con.execute("delete from signal_runs")

    # --- the file itself --------------------------------------------------------------------------

    def _migrate(self) -> None:
        self.con.execute("create table if not exists migrations (name varchar not null)")
        done = {str(name) for (name,) in self.con.execute("select name from migrations").fetchall()}
        for path in sorted(MIGRATIONS.glob("*.sql")):
            if path.name not in done:
                with self.transaction():
                    self.con.execute(path.read_text())
                    self.con.execute("insert into migrations values (?)", [path.name])

    def _table_hash(self, table: str) -> str:
        found = self.con.execute(f"select * from {table} order by all").fetchall()
        return hashlib.sha256(repr(found).encode()).hexdigest()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        found: tuple[Any, ...] | None = self.con.execute(f"select count(*) from {table}").fetchone()
        return int(found[0]) if found else 0


def _named(account: Account) -> Account:
    """A roster account gets a placeholder id until the source tells the real one."""
    if account.account_id:
        return account
    return Account(account.source, PLACEHOLDER + account.login.casefold(), account.login, account.is_bot)


def _key(account: Account) -> tuple[str, str]:
    named = _named(account)
    return named.source, named.account_id
