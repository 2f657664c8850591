"""Under which address people sign in to each tool: asked when accounts are compared, then forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.settings import Settings
from connectors.errors import SourceError
from connectors.files.settings import FileSource
from connectors.noreply import has_number
from connectors.records import Account
from warehouse.accounts import AccountKey
from warehouse.vault import Vault

Tool = str | FileSource
"""PagerDuty, incident.io, or a tool that a declared file tells of."""


def tools(settings: Settings) -> list[Tool]:
    """Every tool beside GitHub that can tell."""
    tools_set_up: list[Tool] = []
    if settings.pagerduty and settings.pagerduty.token:
        tools_set_up.append("PagerDuty")
    if settings.incident_io and settings.incident_io.token:
        tools_set_up.append("incident.io")
    return tools_set_up + [source for source in settings.files if source.kind == "accounts"]


def addresses_of(tool: Tool, settings: Settings) -> Iterator[tuple[Account, str]]:
    """Its accounts, each with the address. Raises SourceError."""
    if isinstance(tool, FileSource):
        from connectors.files import accounts as files_accounts

        yield from files_accounts.addresses(tool)
    elif tool == "PagerDuty":
        from connectors.pagerduty import addresses as pagerduty_people

        assert settings.pagerduty
        for user_id, address in pagerduty_people.addresses(settings.pagerduty):
            yield Account("pagerduty", user_id, user_id), address
    else:
        from connectors.incident_io import addresses as incident_io_people

        assert settings.incident_io
        for user_id, address in incident_io_people.addresses(settings.incident_io):
            yield Account("incident_io", user_id, user_id), address


def addresses(settings: Settings, vault: Vault, messages: list[str]) -> dict[AccountKey, list[str]]:
    """Where each account is reached, as far as anybody can tell; who cannot is named in `messages`."""
    reached_at: dict[AccountKey, list[str]] = {}
    for tool in tools(settings):
        try:
            for account, address in addresses_of(tool, settings):
                is_login = account.source == "github"
                key = vault.account_of_login("github", account.login) if is_login else None
                key = key or AccountKey(account.source, account.account_id)
                reached_at[key] = [*reached_at.get(key, []), address]
        except SourceError as error:
            name = tool.name if isinstance(tool, FileSource) else tool
            messages.append(f"without the addresses of {name}: {error}")
    if settings.github and settings.github.sso:
        from connectors.github.accounts import sso_identities

        try:
            for identity in sso_identities(settings.github):
                key = AccountKey("github", identity.account.account_id)
                reached_at[key] = [*reached_at.get(key, []), *identity.addresses]
        except SourceError as error:
            messages.append(f"without the single sign-on: {error}")
    return reached_at


def numbered(
    settings: Settings, reached_at: Mapping[AccountKey, list[str]], messages: list[str]
) -> dict[AccountKey, str]:
    """The id of the GitHub account whose private address, with its number, somebody has at another tool."""
    private = [(key, each) for key, texts in reached_at.items() for each in texts if has_number(each)]
    if not private or settings.github is None:
        return {}
    from connectors.github.accounts import ByNumber

    whose = ByNumber(settings.github)
    account_ids: dict[AccountKey, str] = {}
    try:
        for key, address in private:
            if account := whose(address):
                account_ids[key] = account.account_id
    except SourceError as error:
        messages.append(f"without whose GitHub's private addresses are: {error}")
    return account_ids
