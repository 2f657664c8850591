"""Who was erased, as keyed marks: enough to know them when they turn up again, and nothing to read.

The list lies outside of the home, so that a restored backup of the home does not bring an older list with it.
A mark is an HMAC. Whoever holds the list *and* its key can try logins against it, so both are for their owner
alone; a list that could not be asked whether it knows somebody could not keep them out either.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

from connectors.errors import BadInput
from connectors.records import Account
from warehouse.files import write_atomically

PLACEHOLDER = "login:"
"""An account known only by its login, until the source tells its immutable id."""


class Tombstones:
    """The list in this folder; empty where nobody was erased. Raises BadInput for one without its key."""

    def __init__(self, folder: Path) -> None:
        self._list, self._key_file = folder / "tombstones.jsonl", folder / "key"
        self._marks: set[str] = set()
        self.erasures: set[str] = set()
        self._key = b""
        if self._list.exists():
            self._key = self._read_key()
            for erasure, marks in self._lines():
                self.erasures.add(erasure)
                self._marks.update(marks)

    def knows_account(self, account: Account) -> bool:
        """Whether the person with this account was erased."""
        return bool(self._marks) and self._mark(_named(account)) in self._marks

    def knows_person(self, person_id: str) -> bool:
        """Whether this id was given to somebody who was erased since, or to an account of theirs."""
        return bool(self._marks) and self._mark(f"person:{person_id}") in self._marks

    def add(self, erasure: str, ids: Collection[str], accounts: Iterable[Account], *, on: date) -> None:
        """Puts somebody on the list, with all accounts and logins; on disk when this returns."""
        if erasure in self.erasures:
            return
        if not self._key:
            self._key = self._read_key() if self._key_file.exists() else self._make_key()
        known = list(accounts)
        names = {*(f"person:{each}" for each in ids), *(_named(account) for account in known)}
        names |= {f"{account.source}:{PLACEHOLDER}{account.login.casefold()}" for account in known}
        marks = sorted(self._mark(name) for name in names)
        line = json.dumps({"erasure": erasure, "on": on.isoformat(), "marks": marks}) + "\n"
        is_torn = self._list.exists() and not self._list.read_bytes().endswith(b"\n")
        descriptor = os.open(self._list, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write((("\n" if is_torn else "") + line).encode())
            file.flush()
            os.fsync(file.fileno())
        self._marks.update(marks)
        self.erasures.add(erasure)

    def _mark(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()

    def _lines(self) -> Iterator[tuple[str, list[str]]]:
        for line in self._list.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                yield str(entry["erasure"]), [str(mark) for mark in entry["marks"]]
            except (ValueError, KeyError, TypeError):
                continue  # a line that was torn by a crash is written again by the erasure that goes on

    def _read_key(self) -> bytes:
        try:
            key = bytes.fromhex(self._key_file.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            key = b""
        if len(key) != 32:
            raise BadInput(
                [f"{self._key_file}: the key of the list of erased people is missing or damaged; restore it"]
            )
        return key

    def _make_key(self) -> bytes:
        key = secrets.token_bytes(32)
        self._key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(self._key_file, key.hex() + "\n")
        return key


def _named(account: Account) -> str:
    return f"{account.source}:{account.account_id or PLACEHOLDER + account.login.casefold()}"
