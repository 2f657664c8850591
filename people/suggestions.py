"""What looks like a second account of somebody, and what looks like a robot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

from config.settings import Settings
from connectors.github.bots import looks_like_a_robot
from people.addresses import addresses, numbered
from warehouse import reading
from warehouse.account_matching import Suggestion, suggestions
from warehouse.store import Store
from warehouse.vault import Vault


def suggested_links(settings: Settings, vault: Vault, store: Store, messages: list[str]) -> list[Suggestion]:
    """What speaks for any two accounts; who could not be asked goes to `messages`."""
    github = settings.github
    owners = [*github.organisations, *(name.split("/")[0] for name in github.repositories)] if github else []
    reached_at = addresses(settings, vault, messages)
    return suggestions(
        vault.accounts(),
        bots=vault.bots(),
        addresses=reached_at,
        numbered=numbered(settings, reached_at, messages),
        are_two=are_two_by_roster(store),
        affixes={part for owner in owners for part in owner.casefold().replace("_", "-").split("-")},
    )


def are_two_by_roster(store: Store) -> Callable[[str, str], bool]:
    """Whether the roster has two persons, by their ids, in a team on the same days: then they are two."""
    days: dict[str, list[tuple[date, date]]] = {}
    for row in reading.memberships(store):
        days.setdefault(row.person_id, []).append((row.starts_on, row.ends_on or date.max))

    def are_two(one: str, other: str) -> bool:
        spans = sorted([*days.get(one, ()), *days.get(other, ())])
        return any(end > later for (_, end), (later, _) in pairwise(spans))

    return are_two


def maybe_robots(vault: Vault) -> list[str]:
    """Accounts at GitHub that read like a robot's and are not known as one."""
    bots = vault.bots()
    return sorted(
        f"{key.source}:{known.login}"
        for key, known in vault.accounts()
        if key.source == "github" and known.own_id not in bots and looks_like_a_robot(known.login)
    )
