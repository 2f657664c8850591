"""A tool's list of users as a declared file: under which address each signs in.

Read when accounts are compared, held in memory and never stored. No column is read but the two declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import BadInput
from connectors.files.connector import BadFile, declared_rows
from connectors.files.records import DeclaredRow
from connectors.files.rows import text_of
from connectors.files.settings import FileSource
from connectors.records import Account


def addresses(source: FileSource) -> Iterator[tuple[Account, str]]:
    """Every account that has an address, with it. Raises BadFile with every mistake; it quotes nobody."""
    mistakes: list[str] = []
    accounts: list[tuple[Account, str]] = []
    try:
        rows = declared_rows(source, text_of(source.path), mistakes)
    except BadInput as error:
        raise BadFile(error.mistakes) from None
    for row in rows:
        declared = DeclaredRow(source.name, source.accounts, row.cells, source.columns, source.constants)
        who = declared.text("id")
        account = declared.account("id", who) if who else None
        address = declared.text("address")
        if not who:
            declared.mistakes.append("id is empty")
        if address and "@" not in address:
            declared.mistakes.append("address is no e-mail address")
        mistakes += [f"{source.path}:{row.line}: {mistake}" for mistake in declared.mistakes]
        if account and address:
            accounts.append((account, address.casefold()))
    if mistakes:
        raise BadFile(mistakes)
    yield from accounts
