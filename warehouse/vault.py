"""Account -> person. No other file holds logins.

Every account has an id of its own, which its rows in the warehouse hold. A link makes an account the second
one of the person that it leads to. Links are followed at each question, so that removing one leaves nothing
behind but a line in the log.

The file is open only for an instant at each change, so that readers never wait for a night to end.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

import duckdb

from connectors.records import Account
from warehouse.accounts import AccountKey, Entry, Link, StoredAccount
from warehouse.files import as_owner_only
from warehouse.migrating import migrate
from warehouse.tombstones import PLACEHOLDER, Tombstones
from warehouse.waiting import waits_while_locked

_patiently = waits_while_locked(10)  # the vault is only ever open for an instant

_MIGRATIONS = Path(__file__).parent / "migrations_vault"
_BEFORE_NUMBERS = {
    "001_accounts.sql": ("accounts", "account_id"),
    "002_links.sql": ("accounts", "own_id"),
    "003_links_by_run.sql": ("links", "after_run"),
}


class Vault:
    """All accounts and links, held in memory and written through. Accounts in `erased` are never added again.

    Raises OSError or duckdb.Error where the file cannot be written.
    """

    def __init__(self, path: Path, erased: Tombstones | None = None) -> None:
        self._path = path
        self._erased = erased
        self._accounts: dict[AccountKey, StoredAccount] = {}
        self._links: dict[str, Link] = {}
        self._locked: set[str] = set()
        self._account_of_login: dict[AccountKey, AccountKey] = {}
        self._told_logins: set[AccountKey] = set()
        self._told_ids: set[str] = set()
        self._bot_logins: frozenset[str] = frozenset()
        with _opened(path) as con:
            migrate(con, _MIGRATIONS, _BEFORE_NUMBERS)
            accounts = con.execute(
                "select source, account_id, login, own_id, person_id, bot_by_type, bot_by_roster "
                "from accounts"
            ).fetchall()
            links = con.execute(
                "select own_id, to_id, because, by_id, made_on, after_run from links"
            ).fetchall()
            locks = con.execute("select own_id from locks").fetchall()
        for source, account_id, *row in accounts:
            self._remember(AccountKey(source, account_id), StoredAccount(*row))
        self._links = {link[0]: Link(*link) for link in links}
        self._locked = {own_id for (own_id,) in locks}

    # --- accounts ---------------------------------------------------------------------------------

    def own_ids(
        self, accounts: Iterable[Account], *, told_by_source: bool = True
    ) -> dict[AccountKey, str | None]:
        """The id that rows of each account hold; accounts never seen before are added.

        Whoever was erased is nobody, like the author of a deleted account. Only the source itself says by its
        types who is a robot: others merely name an account.
        """
        own_id_of: dict[AccountKey, str | None] = {}
        changed: list[AccountKey] = []
        for account in accounts:
            key = AccountKey(account.source, account.account_id)
            stored = self._accounts.get(key)
            if stored is None and self.was_erased(account):
                own_id_of[key] = None
                continue
            if stored is None:
                own_id = self._adopt(account)
                is_robot = account.is_bot and told_by_source
                self._remember(
                    key, StoredAccount(account.login, own_id, self.person_behind(own_id), is_robot, False)
                )
                changed.append(key)
            elif (stored.login != account.login and account.login) or (
                told_by_source and account.is_bot and not stored.bot_by_type
            ):
                stored.login = account.login or stored.login
                # never taken back: GitHub calls whoever wrote a commit a user, whatever else they are
                stored.bot_by_type |= account.is_bot and told_by_source
                self._remember(key, stored)
                changed.append(key)
            own_id_of[key] = self._accounts[key].own_id
        self._write_accounts(changed)
        return own_id_of

    def was_erased(self, account: Account) -> bool:
        """Whether this account belongs to somebody who was erased."""
        return self._erased is not None and self._erased.knows_account(account)

    def ids(self) -> frozenset[str]:
        """Every id that rows may hold."""
        return frozenset(stored.own_id for stored in self._accounts.values())

    def accounts(self) -> Iterator[tuple[AccountKey, StoredAccount]]:
        """Every account with what is known of it."""
        yield from self._accounts.items()

    def person_of(self, account: Account | AccountKey) -> str | None:
        """The person of an account seen before, else None."""
        stored = self._accounts.get(AccountKey(account.source, account.account_id))
        return stored.person_id if stored else None

    def own_id_of(self, account: Account | AccountKey) -> str | None:
        """The id that rows of an account seen before hold, else None."""
        stored = self._accounts.get(AccountKey(account.source, account.account_id))
        return stored.own_id if stored else None

    def account_of_login(self, source: str, login: str) -> AccountKey | None:
        """The account last seen under this login."""
        return self._account_of_login.get(AccountKey(source, login.casefold()))

    def has_account_id(self, source: str, login: str) -> bool:
        """Whether the source has told the immutable id of the account with this login."""
        return AccountKey(source, login.casefold()) in self._told_logins

    def accounts_by_person(self) -> dict[str, dict[str, int]]:
        """How many accounts of each person are known at each source, of those whose immutable id is known."""
        counts: dict[str, dict[str, int]] = {}
        for key, stored in self._accounts.items():
            if not key.account_id.startswith(PLACEHOLDER):
                of_person = counts.setdefault(stored.person_id, {})
                of_person[key.source] = of_person.get(key.source, 0) + 1
        return counts

    # --- robots -----------------------------------------------------------------------------------

    def tell_bots(self, *, logins: Collection[str], by_roster: Collection[AccountKey] | None) -> None:
        """Who else is a robot: GitHub logins of the lists, and accounts the roster flags (None: as before).

        Neither is added to what was said before: a flag that was mended is gone.
        """
        self._bot_logins = frozenset(login.casefold() for login in logins)
        if by_roster is None:
            return
        flagged = {self.own_id_of(key) for key in by_roster}
        changed = []
        for key, stored in self._accounts.items():
            if stored.bot_by_roster != (stored.own_id in flagged):
                stored.bot_by_roster = not stored.bot_by_roster
                changed.append(key)
        self._write_accounts(changed)

    def bots(self) -> frozenset[str]:
        """The ids of every account that is a robot's: by its type, by a list, or by the roster."""
        return frozenset(
            stored.own_id
            for key, stored in self._accounts.items()
            if stored.bot_by_type
            or stored.bot_by_roster
            or (key.source == "github" and stored.login.casefold() in self._bot_logins)
        )

    # --- links ------------------------------------------------------------------------------------

    def aliases(self) -> dict[str, str]:
        """The person of each id that is not itself a person."""
        return {
            stored.own_id: stored.person_id
            for stored in self._accounts.values()
            if stored.own_id != stored.person_id
        }

    def aliases_with(self, add: Sequence[Link], drop: Collection[str]) -> dict[str, str]:
        """The same, if these links were made and those of these accounts taken back."""
        before = self._links
        self._links = {own_id: link for own_id, link in before.items() if own_id not in drop}
        self._links |= {link.own_id: link for link in add}
        try:
            return {
                stored.own_id: person_id
                for stored in self._accounts.values()
                if stored.own_id != (person_id := self.person_behind(stored.own_id))
            }
        finally:
            self._links = before

    def links(self) -> Sequence[Link]:
        """Every link there is."""
        return tuple(self._links.values())

    def link_of(self, own_id: str) -> Link | None:
        """The link of an account that is somebody's second one."""
        return self._links.get(own_id)

    def goes_round(self, own_id: str, to_id: str) -> bool:
        """Whether the links lead from `to_id` through `own_id`, so that linking the two would be a circle."""
        while to_id != own_id and to_id in self._links:
            to_id = self._links[to_id].to_id
        return to_id == own_id

    def is_locked(self, own_id: str) -> bool:
        """Whether no night may change the link of this account, or its having none."""
        return own_id in self._locked

    def relink(self, add: Sequence[Link], drop: Sequence[Entry]) -> None:
        """Takes links away, then adds others, all of it or nothing, each with a line in the log.

        Raises ValueError for what the caller should have checked: one link an account, and no circle.
        """
        before, self._links = self._links, dict(self._links)
        try:
            for gone in drop:
                del self._links[gone.own_id]
            for link in add:
                if link.own_id in self._links or self.goes_round(link.own_id, link.to_id):
                    raise ValueError("an account has one link, and no link leads back to where it starts")
                self._links[link.own_id] = link
        except (KeyError, ValueError):
            self._links = before
            raise
        changed = []
        for key, stored in self._accounts.items():
            if stored.person_id != (person_id := self.person_behind(stored.own_id)):
                stored.person_id = person_id
                changed.append(key)
        linked = [
            Entry(link.own_id, "linked", link.to_id, link.because, link.by_id, link.made_on) for link in add
        ]
        with _opened(self._path) as con:
            con.execute("begin")
            con.execute(
                "delete from links where own_id in (select unnest(?::varchar[]))",
                [[gone.own_id for gone in drop]],
            )
            _append(con, "links", [astuple(link) for link in add])
            _append(con, "link_log", [astuple(entry) for entry in [*drop, *linked]])
            self._write_accounts(changed, con)
            con.execute("commit")

    def lock(self, entry: Entry) -> None:
        """Keeps nights from changing the link of this account, or lets them again, as the entry says."""
        is_locked = entry.action == "locked"
        if is_locked == (entry.own_id in self._locked):
            return
        with _opened(self._path) as con:
            con.execute("begin")
            con.execute("delete from locks where own_id = ?", [entry.own_id])
            _append(con, "locks", [(entry.own_id,)] if is_locked else [])
            _append(con, "link_log", [astuple(entry)])
            con.execute("commit")
        (self._locked.add if is_locked else self._locked.discard)(entry.own_id)

    def log(self, person_id: str | None = None) -> list[Entry]:
        """What was done to the links of this person's accounts, or of everybody's, in that order.

        An undone link is in the log of both people, so that each can read when and why it was made.
        """
        with _opened(self._path) as con:
            rows = con.execute(
                "select own_id, action, to_id, because, by_id, made_on from link_log order by rowid"
            ).fetchall()
        entries = [Entry(*row) for row in rows]
        if person_id is None:
            return entries
        mine = {stored.own_id for stored in self._accounts.values() if stored.person_id == person_id}
        return [entry for entry in entries if entry.own_id in mine or entry.to_id in mine]

    # --- how it is done ---------------------------------------------------------------------------

    def _adopt(self, account: Account) -> str:
        """The id for an account seen for the first time.

        A roster's login and the account that the source says has it are one and the same account.
        """
        if account.account_id.startswith(PLACEHOLDER):
            stored = self.account_of_login(account.source, account.login)
            return self._accounts[stored].own_id if stored else secrets.token_hex(16)
        placeholder = self._accounts.get(AccountKey(account.source, PLACEHOLDER + account.login.casefold()))
        if placeholder and placeholder.own_id not in self._told_ids:
            return placeholder.own_id
        # or a login that was freed and taken by somebody else: the roster meant the first
        return secrets.token_hex(16)

    def person_behind(self, own_id: str) -> str:
        """The id of the account that the links lead to from this one."""
        while own_id in self._links:
            own_id = self._links[own_id].to_id
        return own_id

    def _remember(self, key: AccountKey, stored: StoredAccount) -> None:
        self._accounts[key] = stored
        login = AccountKey(key.source, stored.login.casefold())
        is_placeholder = key.account_id.startswith(PLACEHOLDER)
        if not is_placeholder:
            self._told_logins.add(login)
            self._told_ids.add(stored.own_id)
        if stored.login and not (is_placeholder and login in self._account_of_login):
            self._account_of_login[login] = key

    def _write_accounts(
        self, keys: Sequence[AccountKey], con: duckdb.DuckDBPyConnection | None = None
    ) -> None:
        if con is not None:
            _append(con, "accounts", [(*key, *astuple(self._accounts[key])) for key in keys])
        elif keys:
            with _opened(self._path) as opened:
                self._write_accounts(keys, opened)


def _append(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Adds these rows, in the order of the columns; of two with one key the later stands."""
    if rows:
        columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
        values = ", ".join(f"unnest(${place})" for place in range(1, len(columns) + 1))
        replacing = "" if table == "link_log" else "or replace "
        con.execute(f"insert {replacing}into {table} select {values}", columns)


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The vault for an instant of writing; waits for a reader who proves an identity at this instant."""
    with as_owner_only():
        con = _patiently(duckdb.connect)(path)
    try:
        yield con
    finally:
        con.close()
