"""Account -> person_id. The only code that knows which person is which login.

The vault is a file of its own. It is opened for an instant whenever a new account turns up and closed
again, so that a reader who must prove an identity never waits for a night to end.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from connectors.records import Account
from warehouse.files import as_owner_only
from warehouse.tombstones import PLACEHOLDER, Tombstones

_PATIENTLY = retry(
    retry=retry_if_exception_type(duckdb.IOException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(10),
    reraise=True,
)
"""Whoever opens the vault does so for an instant; the other waits."""

_SCHEMA = """
create table if not exists accounts (
  source varchar not null,
  account_id varchar not null,   -- the source's immutable id, or login:<login> until it is known
  login varchar not null,        -- as last seen; may be renamed and reused
  person_id varchar not null,    -- random 128 bits, hex
  is_bot boolean not null,
  primary key (source, account_id)
)
"""


class Vault:
    """All accounts, held in memory and written through. Nobody whom `erased` knows is ever added again.

    Raises OSError or duckdb.Error where the file cannot be written.
    """

    def __init__(self, path: Path, erased: Tombstones | None = None) -> None:
        self._path = path
        self._erased = erased
        self._accounts: dict[tuple[str, str], tuple[str, str, bool]] = {}
        self._person_of_login: dict[tuple[str, str], str] = {}
        self._told_logins: set[tuple[str, str]] = set()
        with _opened(path) as con:
            con.execute(_SCHEMA)
            found = con.execute(
                "select source, account_id, login, person_id, is_bot from accounts"
            ).fetchall()
        for source, account_id, login, person_id, is_bot in found:
            self._remember(source, account_id, login, person_id, is_bot)

    def person_ids(self, accounts: Iterable[Account]) -> dict[tuple[str, str], str | None]:
        """The person of each account, by (source, account_id); people never seen before are added.

        Whoever was erased is nobody, like the author of a deleted account.
        """
        found: dict[tuple[str, str], str | None] = {}
        changed: list[Account] = []
        for account in accounts:
            key = (account.source, account.account_id)
            known = self._accounts.get(key)
            if known is None and self.was_erased(account):
                found[key] = None
                continue
            if known is None or (known[0] != account.login and account.login) or known[2] < account.is_bot:
                person_id = known[1] if known else self._adopt(account)
                is_bot = account.is_bot or (known is not None and known[2])
                self._remember(account.source, account.account_id, account.login, person_id, is_bot)
                changed.append(account)
            found[key] = self._accounts[key][1]
        self._write(changed)
        return found

    def was_erased(self, account: Account) -> bool:
        """Whether this account belongs to somebody who was erased."""
        return self._erased is not None and self._erased.knows_account(account)

    def link(self, account: Account, person_id: str) -> None:
        """Says that this account is that person."""
        if self.was_erased(account):
            return
        known = self._accounts.get((account.source, account.account_id))
        if known is None or known[1] != person_id:
            is_bot = account.is_bot or (known is not None and known[2])
            self._remember(account.source, account.account_id, account.login, person_id, is_bot)
            self._write([account])

    def person_of(self, account: Account) -> str | None:
        """The person of an account seen before, else None."""
        known = self._accounts.get((account.source, account.account_id))
        return known[1] if known else None

    def persons(self) -> frozenset[str]:
        """Everybody the vault knows."""
        return frozenset(person for _, person, _ in self._accounts.values())

    def sources_by_person(self) -> dict[str, set[str]]:
        """Where each person has an account whose immutable id is known."""
        found: dict[str, set[str]] = {}
        for (source, account_id), (_, person_id, _) in self._accounts.items():
            if not account_id.startswith(PLACEHOLDER):
                found.setdefault(person_id, set()).add(source)
        return found

    def is_only_account(self, account: Account) -> bool:
        """Whether the person of this account has no other."""
        person_id = self.person_of(account)
        return sum(person == person_id for _, person, _ in self._accounts.values()) == 1

    def bots(self) -> frozenset[str]:
        """Everyone of whom `is_bot` is true."""
        return frozenset(person for _, person, bot in self._accounts.values() if bot)

    def person_of_login(self, source: str, login: str) -> str | None:
        """The person whose account was last seen under this login."""
        return self._person_of_login.get((source, login.casefold()))

    def has_account_id(self, source: str, login: str) -> bool:
        """Whether the source has told the immutable id of the account with this login."""
        return (source, login.casefold()) in self._told_logins

    def _adopt(self, account: Account) -> str:
        """The person for an account seen for the first time.

        Only exact statements link: a roster's login becomes the account that the source says has it.
        """
        placeholder = (account.source, PLACEHOLDER + account.login.casefold())
        if account.account_id.startswith(PLACEHOLDER):
            known = self.person_of_login(account.source, account.login)
            return known if known is not None else secrets.token_hex(16)
        if placeholder in self._accounts:
            person_id = self._accounts[placeholder][1]
            if account.source not in self.sources_by_person().get(person_id, ()):
                return person_id
            # a login that was freed and taken by somebody else: the roster meant the first
        return secrets.token_hex(16)

    def _remember(self, source: str, account_id: str, login: str, person_id: str, is_bot: bool) -> None:
        self._accounts[(source, account_id)] = (login, person_id, is_bot)
        if not account_id.startswith(PLACEHOLDER):
            self._told_logins.add((source, login.casefold()))
        if login and not (
            account_id.startswith(PLACEHOLDER) and (source, login.casefold()) in self._person_of_login
        ):
            self._person_of_login[(source, login.casefold())] = person_id

    def _write(self, accounts: list[Account]) -> None:
        if not accounts:
            return
        rows = [
            [account.source, account.account_id, *self._accounts[(account.source, account.account_id)]]
            for account in accounts
        ]
        columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
        with _opened(self._path) as con:
            con.execute(
                "insert or replace into accounts "
                "select unnest($1), unnest($2), unnest($3), unnest($4), unnest($5::boolean[])",
                columns,
            )


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The vault for an instant of writing; waits for a reader who proves an identity at this instant."""
    with as_owner_only():
        con = _PATIENTLY(duckdb.connect)(path)
    try:
        yield con
    finally:
        con.close()


def find_person(path: Path, account: Account) -> str | None:
    """The person behind a proven account, or None. Opens the vault read-only.

    Raises duckdb.IOException while a new account is being written; the caller asks again.
    """
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as con:
        found = con.execute(
            "select person_id from accounts where source = ? and account_id = ?",
            [account.source, account.account_id],
        ).fetchone()
    return str(found[0]) if found else None


def find_person_waiting(path: Path, account: Account) -> str | None:
    """`find_person`, asked again for a few seconds while a night writes a new account."""
    return _PATIENTLY(find_person)(path, account)


def find_login(path: Path, person_id: str, source: str) -> str | None:
    """The login under which a source last knew this person, or None."""
    return _PATIENTLY(_login_of)(path, person_id, source)


def _login_of(path: Path, person_id: str, source: str) -> str | None:
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as con:
        found = con.execute(
            "select login from accounts where person_id = ? and source = ? and login != '' "
            "order by starts_with(account_id, ?), account_id",
            [person_id, source, PLACEHOLDER],
        ).fetchone()
    return str(found[0]) if found else None
