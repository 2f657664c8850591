"""Accounts that were renamed, or deleted: neither moves anything that they did."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

from connectors.contract import Connector
from flows import collect
from flows.context import Night
from warehouse import reading
from warehouse.tombstones import PLACEHOLDER

LOOKED_AT_WITHIN_DAYS = 7
"""Every account is looked at once a week."""


def follow_accounts(night: Night, connector: Connector) -> None:
    """Keeps logins as they are today; what names a deleted account is fetched again, and names nobody then.

    Raises SourceError.
    """
    source = connector.account_source
    own_ids = {
        key.account_id: known.own_id
        for key, known in night.vault.accounts()
        if key.source == source and not key.account_id.startswith(PLACEHOLDER)
    }
    tonight = [account_id for account_id in sorted(own_ids) if is_looked_at(account_id, night.as_of)]
    if not tonight:
        return
    accounts, gone = connector.accounts(tonight)
    night.vault.own_ids(accounts)
    if not gone:
        return
    named = reading.objects_naming(night.store, connector.source, [own_ids[each] for each in gone])
    for scope, by_kind in sorted(named.items()):
        if scope in night.log.scopes[connector.source]:  # one that is not listed any more cannot be asked
            collect.fetch_again(night, connector, scope, by_kind)


def is_looked_at(account_id: str, day: date) -> bool:
    """Whether it is this account's night of the week."""
    turn = int.from_bytes(blake2b(account_id.encode(), digest_size=4).digest(), "big")
    return (turn + day.toordinal()) % LOOKED_AT_WITHIN_DAYS == 0
