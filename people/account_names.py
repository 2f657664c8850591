"""How accounts are written: `github:octo-cat`, `pagerduty:PXPGF42`."""

from __future__ import annotations

from connectors.errors import BadInput
from warehouse.tombstones import PLACEHOLDER
from warehouse.vault import Vault


def account_named(vault: Vault, text: str) -> str:
    """The id of the account that is written `github:octo-cat` or `pagerduty:PXPGF42`. Raises BadInput."""
    source, _, name = text.partition(":")
    own_ids = {
        known.own_id
        for key, known in vault.accounts()
        if key.source == source.casefold()
        and name.casefold() in (known.login.casefold(), key.account_id.casefold())
    }
    if len(own_ids) == 1:
        return own_ids.pop()
    if own_ids:
        raise BadInput([f"'{text}' is {len(own_ids)} accounts; name one by its id instead of its login"])
    sources = sorted({key.source for key, _ in vault.accounts()})
    raise BadInput(
        [f"no account here is '{text}'; write SOURCE:LOGIN or SOURCE:ID; sources are {', '.join(sources)}"]
    )


def names_of_accounts(vault: Vault) -> dict[str, str]:
    """How each account is written, by its own id."""
    names: dict[str, str] = {}
    for key, known in vault.accounts():
        if known.own_id not in names or not key.account_id.startswith(PLACEHOLDER):
            names[known.own_id] = f"{key.source}:{known.login or key.account_id}"
    return names
