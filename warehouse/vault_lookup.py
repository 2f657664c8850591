"""Reads from the vault: opened read-only for an instant, again if a night is writing at that moment."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.records import Account
from warehouse.tombstones import PLACEHOLDER
from warehouse.waiting import waits_while_locked

_patiently = waits_while_locked(10)


def find_person(path: Path, account: Account) -> str | None:
    """The person behind a proven account, or None. Opens the vault read-only.

    Raises duckdb.IOException while a new account is being written; the caller asks again.
    """
    return _column_of(path, "person_id", account)


def find_own_id(path: Path, account: Account) -> str | None:
    """The id that rows of a proven account hold, or None; asked again while a night writes a new account."""
    return _patiently(_column_of)(path, "own_id", account)


def _column_of(path: Path, column: str, account: Account) -> str | None:
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as con:
        row = con.execute(
            f"select {column} from accounts where source = ? and account_id = ?",
            [account.source, account.account_id],
        ).fetchone()
    return str(row[0]) if row else None


def find_person_waiting(path: Path, account: Account) -> str | None:
    """`find_person`, asked again for a few seconds while a night writes a new account."""
    return _patiently(find_person)(path, account)


def find_ids(path: Path) -> dict[str, set[str]]:
    """Every id of every person: that of each of their accounts, and the one they go by."""
    return _patiently(_ids_by_person)(path)


def _ids_by_person(path: Path) -> dict[str, set[str]]:
    ids_of: dict[str, set[str]] = {}
    if path.exists():
        with duckdb.connect(path, read_only=True) as con:
            for person_id, own_id in con.execute("select person_id, own_id from accounts").fetchall():
                ids_of.setdefault(person_id, {person_id}).add(own_id)
    return ids_of


def find_accounts(path: Path, source: str) -> dict[str, list[Account]]:
    """The accounts of each person in a source that has told their immutable ids."""
    return _patiently(_accounts_by_person)(path, source)


def _accounts_by_person(path: Path, source: str) -> dict[str, list[Account]]:
    accounts_of: dict[str, list[Account]] = {}
    if path.exists():
        with duckdb.connect(path, read_only=True) as con:
            rows = con.execute(
                "select person_id, account_id, login from accounts "
                "where source = ? and login != '' and not starts_with(account_id, ?) order by all",
                [source, PLACEHOLDER],
            ).fetchall()
        for person_id, account_id, login in rows:
            accounts_of.setdefault(person_id, []).append(Account(source, account_id, login))
    return accounts_of


def find_login(path: Path, person_id: str, source: str) -> str | None:
    """The login under which a source last knew this person, or None."""
    return _patiently(_login_of)(path, person_id, source)


def _login_of(path: Path, person_id: str, source: str) -> str | None:
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as con:
        row = con.execute(
            "select login from accounts where person_id = ? and source = ? and login != '' "
            "order by starts_with(account_id, ?), account_id",
            [person_id, source, PLACEHOLDER],
        ).fetchone()
    return str(row[0]) if row else None
