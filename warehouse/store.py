"""record -> table: opens, migrates and merges. One process at a time; the caller holds the lock.

Whole roots are replaced, so a night that dies between two batches leaves a warehouse that the next night
completes to the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from connectors.records import Account, Batch, Gap, Membership, Root
from warehouse import dirty_months, history
from warehouse.accounts import AccountKey
from warehouse.files import as_owner_only
from warehouse.hardened import harden
from warehouse.migrating import migrate
from warehouse.rewrite import rewrite
from warehouse.rows import CHILDREN, PERSON_COLUMNS, ROOT_KEYS, Row, accounts, root_id, root_table, rows
from warehouse.tombstones import PLACEHOLDER
from warehouse.unchanged import is_unchanged
from warehouse.vault import Vault

MIGRATIONS = Path(__file__).parent / "migrations"

_EVIDENCE_TABLES = """
select table_name from duckdb_columns()
where not internal and column_name in ('person_id', 'signal', 'occurred_on')
group by table_name having count(*) = 3
"""
"""Evidence and opportunities, and whatever else is kept of what once was either."""


class Store:
    """The warehouse file, open for writing."""

    def __init__(self, path: Path, *settings: str) -> None:
        """`settings` are statements that are run before nothing can be set any more."""
        self._path = path
        self._settings = settings
        with as_owner_only():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.con = _hardened(path, settings)
        migrate(self.con, MIGRATIONS)
        self._columns: dict[str, dict[str, str]] = {}
        self._needs_person: dict[str, tuple[str, ...]] = {}

    def rewrite(self) -> None:
        """Puts a new file in the place of this one, without what was deleted from it."""
        self.con.close()
        try:
            rewrite(self._path)
        finally:
            self.con = _hardened(self._path, self._settings)

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
        if is_unchanged(self.con, source, scope, batches):
            return
        last: dict[tuple[str, str], Root] = {}
        for batch in batches:
            last |= {(root_table(root), root_id(root)): root for root in batch.roots}
        own_ids = vault.own_ids(account for root in last.values() for account in accounts(root))

        def person(account: Account | None) -> str | None:
            return None if account is None else own_ids[AccountKey(account.source, account.account_id)]

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
            if gone:
                self._close_nothing(gone)
            for kind in ROOT_KEYS if gone else ():
                self._remove(kind, gone)
            for table, table_rows in new_rows.items():
                self.insert(table, table_rows)
            scope_key = f"{source}:{scope}"
            self.insert(
                "scopes",
                [{"scope_key": scope_key, "root_kind": table, "root_id": key} for table, key in last],
            )
            self.insert("dirty_months", dirty_months.of_rows(new_rows))
            self._add_persons({own_id for own_id in own_ids.values() if own_id}, vault)
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
            self._columns[table] = dict(described)
        columns = self._columns[table]
        filled = [dict.fromkeys(columns) | row if len(row) < len(columns) else row for row in table_rows]
        self.con.execute(
            f"insert into {table} select row.* from "
            f"(select unnest(from_json_strict(?::json, '{json.dumps([columns])}')) as row)",
            [json.dumps(filled, default=date.isoformat)],
        )

    def _is_about_somebody(self, table: str, row: Row) -> bool:
        """False for a row whose required person was erased."""
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
        """The id of every account the warehouse has rows of."""
        return frozenset(person for (person,) in self.con.execute("select person_id from persons").fetchall())

    def first_night(self, as_of: date) -> date:
        """The day the first night of this home was run for: `as_of` if this is it."""
        row = self.con.execute("select min(day) from first_night").fetchone()
        if row and row[0]:
            first: date = row[0]
            return min(first, as_of)
        self.con.execute("insert into first_night values (?)", [as_of])
        return as_of

    def forget_cursor(self, source: str, scope: str) -> None:
        """The next fetch of this scope reads everything again."""
        self.con.execute("delete from cursors where source = ? and scope = ?", [source, scope])

    def cursor(self, source: str, scope: str) -> str | None:
        """Where the last stored batch of this scope ended."""
        row = self.con.execute(
            "select cursor from cursors where source = ? and scope = ?", [source, scope]
        ).fetchone()
        return str(row[0]) if row else None

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

    def follow(self, vault: Vault) -> None:
        """Takes over from the vault which ids are one person and which are robots.

        The vault is written first, so whoever dies in between is made up for by the next run.
        """
        aliases = vault.aliases()
        bots = vault.bots()
        with self.transaction():
            if dict(self.con.execute("select alias_id, person_id from aliases").fetchall()) != aliases:
                self.put_aliases(aliases)
            self.con.execute(
                "update persons set is_bot = not is_bot "
                "where is_bot != (person_id in (select unnest(?::varchar[])))",
                [sorted(bots)],
            )

    def put_aliases(self, aliases: Mapping[str, str]) -> None:
        """Says which ids are one person's, instead of what was said before."""
        self.con.execute("delete from aliases")
        self.insert(
            "aliases",
            [{"alias_id": alias, "person_id": person} for alias, person in sorted(aliases.items())],
        )

    def write_memberships(self, memberships: Sequence[Membership], vault: Vault, on: date) -> int:
        """Replaces who is in which team; returns how many people the roster no longer names.

        Their membership ends on this day and stays: what they did in the team was done there.
        """
        everyone = [member.account for member in memberships]
        everyone += [member.manager for member in memberships if member.manager is not None]
        own_ids = vault.own_ids((named(account) for account in everyone), told_by_source=False)
        table_rows: list[Row] = [
            {
                "person_id": own_ids[key_of(member.account)],
                "team": member.team,
                "manager_id": own_ids[key_of(member.manager)] if member.manager else None,
                "starts_on": member.starts_on,
                "ends_on": member.ends_on,
                "rubric": member.rubric,
            }
            for member in memberships
            if own_ids[key_of(member.account)]
        ]
        still_named = sorted({str(row["person_id"]) for row in table_rows})
        with self.transaction():
            self.con.execute(
                "delete from memberships where person_id in (select unnest($named::varchar[])) "
                "or starts_on >= $on",
                {"named": still_named, "on": on},
            )
            ended = self.con.execute(
                "update memberships set ends_on = $on where ends_on is null or ends_on > $on", {"on": on}
            ).fetchone()
            self.insert("memberships", table_rows)
            self._add_persons({own_id for own_id in own_ids.values() if own_id}, vault)
        return int(ended[0]) if ended else 0

    def _add_persons(self, own_ids: set[str], vault: Vault) -> None:
        bots = vault.bots()
        stored = dict(self.con.execute("select person_id, is_bot from persons").fetchall())
        changed = [own_id for own_id in own_ids if stored.get(own_id) != (own_id in bots)]
        self.con.execute("delete from persons where person_id in (select unnest(?::varchar[]))", [changed])
        self.insert(
            "persons", [{"person_id": own_id, "is_bot": own_id in bots} for own_id in sorted(changed)]
        )

    # --- replacing --------------------------------------------------------------------------------

    def _remove(self, kind: str, keys: Sequence[str]) -> None:
        # most roots of a first read are new: looking for each in every table would cost more than writing it
        stored = self.con.execute(
            "select distinct root_id from scopes "
            "where root_kind = ? and root_id in (select unnest(?::varchar[]))",
            [kind, list(keys)],
        ).fetchall()
        keys = [key for (key,) in stored]
        if not keys:
            return
        dirty_months.mark(self.con, kind, keys)
        for table, column in (*CHILDREN[kind], (kind, ROOT_KEYS[kind])):
            self.con.execute(
                f"delete from {table} where {column} in (select unnest(?::varchar[]))",
                [list(keys)],
            )
        self.con.execute(
            "delete from scopes where root_kind = ? and root_id in (select unnest(?::varchar[]))",
            [kind, list(keys)],
        )

    def _close_nothing(self, gone: Sequence[str]) -> None:
        """No pull request closes an issue that is gone; the source drops these references without a trace."""
        closing = self.con.execute(
            "select distinct pull_request_id from closing_references "
            "where issue_id in (select unnest(?::varchar[]))",
            [list(gone)],
        ).fetchall()
        if closing:
            dirty_months.mark(self.con, "pull_requests", [str(each) for (each,) in closing])
            self.con.execute(
                "delete from closing_references where issue_id in (select unnest(?::varchar[]))", [list(gone)]
            )

    def forget_before(self, floor: date) -> int:
        """Removes records of which all dates are before this day, and older evidence; how many records."""
        count = 0
        with self.transaction():
            for kind, key in ROOT_KEYS.items():
                dates = [
                    f"select {column} as key, {dated} as day from {table}"
                    for table, column in (*CHILDREN[kind], (kind, key))
                    for dated in dirty_months.DATED.get(table, ())
                ]
                if not dates:
                    continue
                old = self.con.execute(
                    f"select key from ({' union all '.join(dates)}) "
                    f"where key in (select {key} from {kind}) group by key having max(day) < ?",
                    [floor],
                ).fetchall()
                self._remove(kind, [str(each) for (each,) in old])
                count += len(old)
            for (table,) in self.con.execute(_EVIDENCE_TABLES).fetchall():
                self.con.execute(f"delete from {table} where occurred_on < ?", [floor])
            history.forget_before(self.con, floor)
            self.con.execute("delete from membership_log where ends_on <= ?", [floor])
        return count

    # --- the file itself --------------------------------------------------------------------------

    def count(self, table: str) -> int:
        """How many rows a table has."""
        row: tuple[Any, ...] | None = self.con.execute(f"select count(*) from {table}").fetchone()
        return int(row[0]) if row else 0


def _hardened(path: Path, settings: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """Signals run here, and an organisation may bring its own."""
    con = duckdb.connect(path)
    harden(con, *settings)
    return con


def named(account: Account) -> Account:
    """A roster account gets a placeholder id until the source tells the real one."""
    if account.account_id:
        return account
    return Account(account.source, PLACEHOLDER + account.login.casefold(), account.login, account.is_bot)


def key_of(account: Account) -> AccountKey:
    """Where the vault keeps an account that a roster names."""
    return AccountKey(account.source, named(account).account_id)
