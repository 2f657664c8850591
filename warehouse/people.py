"""Exact evidence -> links. A night makes and mends these by itself; what is weaker is for people to decide.

Exact is what somebody stated of the very accounts: a row of the roster, or one identity of the organisation's
single sign-on. A name, a login that looks alike or an address is never exact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.records import Account, Membership
from warehouse import history
from warehouse.accounts import Because, Entry, Link
from warehouse.store import Store, key_of, named
from warehouse.vault import Vault


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Somebody states that these two accounts are one person's."""

    account: Account
    to: Account


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the statements of one kind."""

    linked: int
    unlinked: int
    held: int
    """Statements that were not followed: the account is locked, a robot's, or linked to somebody else."""


def enrol(store: Store, vault: Vault, memberships: Sequence[Membership], on: date) -> tuple[int, Followed]:
    """Takes over who is in which team, and which accounts the rows say are one person's.

    How many people are no longer named, and what became of the statements.
    """
    ended = store.write_memberships(memberships, vault, on)
    about = dict.fromkeys(member.account for member in memberships)
    followed = follow(store, vault, stated_by_roster(memberships), about, because="roster", on=on)
    store.follow(vault)
    return ended, followed


def stated_by_roster(memberships: Iterable[Membership]) -> list[SamePerson]:
    """Each account that a row of the roster names beside its GitHub account."""
    pairs = [SamePerson(other, member.account) for member in memberships for other in member.other_accounts]
    return [*dict.fromkeys(pairs)]


def stated_by_sign_on(
    identities: Iterable[tuple[Account, Collection[str]]],
    elsewhere: Iterable[tuple[Account, str]],
    enrolled: Collection[Account],
) -> list[SamePerson]:
    """Accounts that one identity of the organisation's single sign-on holds.

    `identities` are GitHub accounts with the addresses the identity provider vouches for, `elsewhere`
    accounts of other sources with the address they sign in under. An address that two accounts of one other
    source have says nothing. The account that the roster names comes first. No address leaves this function.
    """
    holders: dict[str, set[Account]] = {}
    for account, addresses in identities:
        for address in addresses:
            holders.setdefault(address, set()).add(account)
    other_accounts: dict[tuple[str, str], set[Account]] = {}
    for account, address in elsewhere:
        other_accounts.setdefault((account.source, address), set()).add(account)
    pairs: list[SamePerson] = []
    first: dict[str, Account] = {}
    for address, accounts in sorted(holders.items()):
        ordered = sorted(accounts, key=lambda account: (account not in enrolled, account.account_id))
        first[address] = ordered[0]
        pairs += [SamePerson(account, ordered[0]) for account in ordered[1:]]
    for (_, address), accounts in sorted(other_accounts.items()):
        if len(accounts) == 1 and address in first:
            pairs += [SamePerson(account, first[address]) for account in accounts]
    return [*dict.fromkeys(pairs)]


def part(store: Store, vault: Vault, drop: Sequence[Entry]) -> None:
    """Takes links back, and what a run first saw of the person while one stood.

    A report of a former day is computed again from history, and must not show another's traces. The next run
    sees again what is theirs.
    """
    parted = [
        (vault.person_behind(entry.own_id), link.after_run)
        for entry in drop
        if (link := vault.link_of(entry.own_id))
    ]
    vault.relink([], drop)
    for person_id, run in parted:
        history.forget_seen_since(store.con, person_id, run + 1)


def follow(
    store: Store,
    vault: Vault,
    stated: Collection[SamePerson],
    about: Iterable[Account],
    *,
    because: Because,
    on: date,
) -> Followed:
    """Makes the links that are stated, and takes back those that the same kind of statement made before.

    `about` are the people of whom the statements are complete: what is no longer stated of them was a
    mistake. Of somebody who is no longer spoken of, such as a leaver, a link stays as it is.
    """
    about = [named(account) for account in about]
    everyone = [*about, *(named(each) for pair in stated for each in (pair.account, pair.to))]
    own_ids = vault.own_ids(everyone, told_by_source=False)
    spoken_of = {own_ids[key_of(account)] for account in about}
    wanted: dict[str, str] = {}
    for pair in stated:
        own_id, to_id = own_ids[key_of(pair.account)], own_ids[key_of(pair.to)]
        if own_id and to_id:  # neither was erased
            wanted[own_id] = to_id
    bots = vault.bots()
    drop: list[Entry] = []
    held = 0
    for link in vault.links():
        stands = wanted.get(link.own_id)
        is_gone = stands != link.to_id if stands else link.to_id in spoken_of
        if link.because == because and link.by_id is None and is_gone:
            if vault.is_locked(link.own_id):
                held += 1
            else:
                drop.append(Entry(link.own_id, "unlinked", link.to_id, because, None, on))
    dropped = {entry.own_id for entry in drop}
    add: list[Link] = []
    for own_id, to_id in wanted.items():
        standing = vault.link_of(own_id)
        if standing and own_id not in dropped:
            held += vault.person_behind(own_id) != vault.person_behind(to_id)
        elif vault.goes_round(own_id, to_id):
            continue  # one person already, the other way round
        elif vault.is_locked(own_id) or bots & {own_id, to_id}:
            held += 1
        else:
            add.append(Link(own_id, to_id, because, None, on, history.last_run(store.con)))
    if drop:
        part(store, vault, drop)
    if add:
        vault.relink(add, [])
    return Followed(len(add), len(drop), held)
