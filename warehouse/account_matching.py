"""Accounts that may be one person's: suggestions with a reason, for somebody to confirm. Nothing here links.

Every account is put under a few keys of what it is called, and only accounts under one key are compared, so
the search grows with the number of accounts and not with its square. A key that many people share says
nothing about any of them and is passed over. Names are not looked at: two people may share one.
Addresses are handed in, compared, and forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from connectors.noreply import has_number
from warehouse.accounts import AccountKey, StoredAccount
from warehouse.tombstones import PLACEHOLDER

Reason = Literal[
    "numbered",
    "same_address",
    "same_login",
    "login_in_address",
    "same_but_for_an_affix",
    "same_but_for_digits",
    "one_letter_apart",
    "initial",
]

SAYS: Mapping[Reason, str] = {
    "numbered": "one is reached at GitHub's own private address of the other, by its number",
    "same_address": "both are reached at one address",
    "same_login": "both are called the same, at two sources",
    "login_in_address": "one's address begins with the other's login",
    "same_but_for_an_affix": "they are called the same but for a word such as `work`, or for separators",
    "same_but_for_digits": "they are called the same but for digits or separators, as namesakes are too",
    "one_letter_apart": "they are called the same but for one letter, at two sources",
    "initial": "one is called by initial and surname of the other, and nobody else's fit",
}
"""Reasons in words, the strongest first."""

STRONG: frozenset[Reason] = frozenset(
    ["numbered", "same_address", "same_login", "login_in_address", "same_but_for_an_affix"]
)
"""Reasons that are right about as often as not among namesakes; the others are mostly wrong there."""

SHARED_BY_AT_MOST = 3
"""A key that more people than these share belongs to none of them in particular."""
SHORTEST = 5
"""Letters of the shortest name that is compared but for affixes: shorter ones are alike by chance."""
SHORTEST_WITH_A_SLIP = 8

_AFFIXES = frozenset(
    ["admin", "at", "bot", "contractor", "corp", "dev", "dot", "eng", "ext", "gh", "git", "github", "hq",
     "home", "inc", "io", "me", "official", "oss", "personal", "private", "real", "sre", "the", "work", "x"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """These two accounts, each by its own id, may be one person's."""

    own_id: str
    to_id: str
    reason: Reason
    is_unique: bool
    """Whether this reason suggests nobody else for either of them."""


def suggestions(
    accounts: Iterable[tuple[AccountKey, StoredAccount]],
    *,
    bots: Collection[str] = (),
    addresses: Mapping[AccountKey, Collection[str]] | None = None,
    numbered: Mapping[AccountKey, str] | None = None,
    affixes: Collection[str] = (),
    are_two: Callable[[str, str], bool] = lambda _one, _other: False,
) -> list[Suggestion]:
    """Every pair of people's accounts that something speaks for, the strongest reasons first.

    `numbered` are accounts of tools whose address is GitHub's own for the account with this id; `affixes`
    parts of logins that say nothing here, such as the name of the organisation. Robots, and accounts that a
    roster names and no source has told, are left out; so is whoever has an account at that tool already, and
    two persons of whom `are_two` says, by their ids, that somebody who knows tells them apart.
    """
    candidates = [
        (key, account)
        for key, account in accounts
        if not key.account_id.startswith(PLACEHOLDER) and account.own_id not in bots
    ]
    dropped = _AFFIXES | {affix.casefold() for affix in affixes}
    under: dict[tuple[Reason, str], set[int]] = {}
    named_by_number = {*(numbered or {}).values()}
    for place, (key, account) in enumerate(candidates):
        if by_number := (numbered or {}).get(key):
            under.setdefault(("numbered", by_number), set()).add(place)
        if key.source == "github" and key.account_id in named_by_number:
            under.setdefault(("numbered", key.account_id), set()).add(place)
        for reason, name in _keys(key, account.login, (addresses or {}).get(key, ()), dropped):
            under.setdefault((reason, name), set()).add(place)
    mailbox_of = _mailboxes(candidates, under)
    # a tool knows a person by one address, and so once; on GitHub many have a second account
    have_one = {(account.person_id, key.source) for key, account in candidates if key.source != "github"}
    reasons: dict[tuple[int, int], Reason] = {}
    for reason in get_args(Reason):
        for (kind, _), places in under.items():
            if kind == reason:
                for one, other in _pairs(reason, places, candidates, mailbox_of):
                    (key, account), (other_key, other_account) = candidates[one], candidates[other]
                    if (account.person_id, other_key.source) in have_one or (
                        other_account.person_id,
                        key.source,
                    ) in have_one:
                        continue
                    if are_two(account.person_id, other_account.person_id):
                        continue
                    if key.source != other_key.source or _at_one_source(
                        reason, account.login, other_account.login, dropped
                    ):
                        reasons.setdefault((one, other), reason)
    order = {reason: place for place, reason in enumerate(get_args(Reason))}
    partners: dict[tuple[int, Reason], set[str]] = {}
    for (one, other), reason in reasons.items():
        partners.setdefault((one, reason), set()).add(mailbox_of[candidates[other][1].person_id])
        partners.setdefault((other, reason), set()).add(mailbox_of[candidates[one][1].person_id])
    return [
        Suggestion(
            candidates[other][1].own_id,
            candidates[one][1].own_id,
            reason,
            len(partners[one, reason]) == len(partners[other, reason]) == 1,
        )
        for (one, other), reason in sorted(reasons.items(), key=lambda pair: (order[pair[1]], pair[0]))
    ]


def _mailboxes(
    candidates: list[tuple[AccountKey, StoredAccount]], under: Mapping[tuple[Reason, str], Collection[int]]
) -> dict[str, str]:
    """For each person one who stands for all that their mailbox reaches: one at every tool is one person.

    An address that two have at one tool is nobody's own, and joins nobody.
    """
    stands_for = {account.person_id: account.person_id for _, account in candidates}

    def first(person: str) -> str:
        while stands_for[person] != person:
            person = stands_for[person]
        return person

    for (reason, _), places in under.items():
        people = {(candidates[place][0].source, candidates[place][1].person_id) for place in places}
        if reason == "same_address" and len({source for source, _ in people}) == len(people):
            one, *same_person = sorted({first(person) for _, person in people})
            stands_for |= dict.fromkeys(same_person, one)
    return {person: first(person) for person in stands_for}


def _pairs(
    reason: Reason,
    places: Collection[int],
    candidates: list[tuple[AccountKey, StoredAccount]],
    mailbox_of: Mapping[str, str],
) -> Iterator[tuple[int, int]]:
    """The pairs under one key; a robot's or a lone account's key has none, and neither has a common one."""
    people = {candidates[place][1].person_id for place in places}
    most = 2 if reason == "initial" else SHARED_BY_AT_MOST
    if len(people) < 2 or len({mailbox_of[person] for person in people}) > most:
        return
    ordered = sorted(places, key=lambda place: (candidates[place][0].source != "github", place))
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if candidates[one][1].person_id != candidates[other][1].person_id:
                yield one, other


def _at_one_source(reason: Reason, login: str, other: str, affixes: Collection[str]) -> bool:
    """Whether this says anything of two accounts at one source, where similar logins are namesakes'."""
    if reason == "same_but_for_an_affix":
        one, two = ({*_parts(each)} & {*affixes} for each in (login, other))
        return one != two
    return reason in ("same_address", "same_but_for_digits")


def _keys(
    key: AccountKey, login: str, addresses: Collection[str], affixes: Collection[str]
) -> Iterator[tuple[Reason, str]]:
    """What an account is looked up under, each with what a meeting there would mean."""
    name = login.casefold()
    names = {name} if name != key.account_id.casefold() else set()  # PagerDuty's logins are its ids
    yield from (("same_login", each) for each in names)
    yield from (("login_in_address", each) for each in names)
    for address in addresses:
        local, _, host = address.casefold().partition("@")
        yield "same_address", f"{local}@{host}"
        if has_number(address):
            continue  # what it names is said by its number
        local = local.partition("+")[0]
        yield "login_in_address", local
        names.add(local)
    for each in names:
        parts = [part for part in _parts(each) if part not in affixes]
        plain = "".join(parts)
        if len(plain) >= SHORTEST:
            digits = "".join(re.findall(r"\d+", each))
            yield "same_but_for_an_affix", plain + digits
            yield "same_but_for_an_affix", " ".join(sorted(parts)) + digits
            yield "same_but_for_digits", plain
        if len(plain) >= SHORTEST_WITH_A_SLIP:
            yield from (("one_letter_apart", slip) for slip in _slips(plain))
        if len(parts) == 2 and len(parts[1]) >= SHORTEST:
            yield "initial", parts[0][0] + parts[1]
        elif len(parts) == 1 and len(plain) > SHORTEST:
            yield "initial", plain


def _parts(name: str) -> list[str]:
    """The runs of letters in a name."""
    return re.findall(r"[^\W\d_]+", name.casefold())


def _slips(name: str) -> set[str]:
    """The name, and the name without any one of its letters: names one letter apart share one of these."""
    return {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}
