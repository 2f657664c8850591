"""`sightline people`: what may be one person's, who says so, and what a link would move.

A keeper, named in the settings, decides about everybody. Everybody else decides about their own accounts, and
takes on one more only where nothing else lays claim to it: the token proves who asks, and nothing proves the
other account.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from filelock import FileLock, Timeout

from app.identity import asking
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from connectors.github.bots import bot_logins, looks_like_a_robot
from people.addresses import addresses, numbered
from privacy import door
from signals.catalog import load_catalog
from signals.run import rehearse
from warehouse import history, reading
from warehouse.account_matching import SAYS, STRONG, Suggestion, suggestions
from warehouse.accounts import Because, Entry, Key, Link
from warehouse.files import as_owner_only
from warehouse.people import part
from warehouse.store import Store
from warehouse.tombstones import PLACEHOLDER, Tombstones
from warehouse.vault import Vault
from warehouse.windows import today

ACTIONS_SAID = {
    "linked": "linked to",
    "unlinked": "parted from",
    "locked": "locked: no night changes its link",
    "unlocked": "unlocked",
}
GROUNDS_SAID: Mapping[Because, str] = {
    "roster": "a row of the roster",
    "sso": "one identity of the single sign-on",
    "person": "their own word",
    "keeper": "the word of a keeper",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Vault and warehouse, held alone, and on whose behalf."""

    settings: Settings
    vault: Vault
    store: Store
    person_id: str | None
    own_id: str
    is_keeper: bool

    @property
    def because(self) -> Because:
        return "keeper" if self.is_keeper else "person"


def suggest(settings: RecordedSettings, form: str, *, weak: bool) -> str:
    """Pairs that may be one person's, and accounts that may be robots'. Raises BadInput or Refused."""
    with _desk(settings) as desk:
        messages: list[str] = []
        found = [
            one
            for one in _suggested(desk, messages)
            if (weak or one.reason in STRONG) and (desk.is_keeper or desk.person_id in _persons(desk, one))
        ]
        names = _names(desk.vault)
        robots = _maybe_robots(desk) if desk.is_keeper else []
    if form == "json":
        pairs = [
            {
                "account": names[one.own_id],
                "to": names[one.to_id],
                "reason": one.reason,
                "only": one.is_unique,
            }
            for one in found
        ]
        return json.dumps({"suggestions": pairs, "robots": robots, "messages": messages}, indent=1)
    lines = [
        f"{names[one.own_id]}  {names[one.to_id]}\n    {SAYS[one.reason]}"
        + ("" if one.is_unique else "; and others' fit as well")
        for one in found
    ]
    lines += [f"{name}\n    reads like a robot's; say so with `is_bot` or `github.bots`" for name in robots]
    lines += messages
    tail = "Nothing is linked before somebody says so: sightline people link ACCOUNT TO"
    return "\n".join([*lines, tail] if lines else ["nothing looks like a second account of anybody"])


def link(settings: RecordedSettings, account: str, to: str, *, dry_run: bool) -> str:
    """Says that ACCOUNT is the second one of whoever has TO. Raises BadInput or Refused."""
    with _desk(settings) as desk:
        one, other = _named(desk, account), _named(desk, to)
        _refuse(_why_not(desk, one, other))
        run = history.last_run(desk.store.con)
        added = Link(one, other, desk.because, desk.own_id, today(), run)
        if dry_run:
            return _radius(desk, desk.vault.aliases_with([added], []), one)
        before = {desk.vault.person_behind(one), desk.vault.person_behind(other)}
        desk.vault.relink([added], [])
        return _followed(desk, before, f"{account} is now an account of whoever has {to}")


def unlink(settings: RecordedSettings, account: str, *, dry_run: bool) -> str:
    """Takes the link of ACCOUNT back. Raises BadInput or Refused."""
    with _desk(settings) as desk:
        own_id = _named(desk, account)
        if not desk.is_keeper and desk.vault.person_behind(own_id) != desk.person_id:
            raise Refused(
                "only the person and a keeper may part their accounts; see `keepers` in the settings"
            )
        standing = desk.vault.link_of(own_id)
        if standing is None:
            raise BadInput([f"{account} is linked to nothing; `sightline people log` says what was"])
        gone = Entry(own_id, "unlinked", standing.to_id, desk.because, desk.own_id, today())
        if dry_run:
            return _radius(desk, desk.vault.aliases_with([], [own_id]), own_id)
        person_id = desk.vault.person_behind(own_id)
        before = {person_id, own_id}
        part(desk.store, desk.vault, [gone])
        again = (
            "; roster or single sign-on state it, so the next night makes it again unless you lock it"
            if standing.by_id is None
            else ""
        )
        return _followed(desk, before, f"{account} is an account by itself again{again}")


def lock(settings: RecordedSettings, account: str, action: Literal["locked", "unlocked"]) -> str:
    """Keeps nights from changing the link of ACCOUNT, or its having none. Raises BadInput or Refused."""
    with _desk(settings) as desk:
        own_id = _named(desk, account)
        if not desk.is_keeper and desk.vault.person_behind(own_id) != desk.person_id:
            raise Refused("only the person and a keeper may lock an account; see `keepers` in the settings")
        desk.vault.lock(Entry(own_id, action, None, desk.because, desk.own_id, today()))
        return f"{account}: {ACTIONS_SAID[action]}"


def show_log(settings: RecordedSettings, form: str, *, everybody: bool) -> str:
    """What was done to the links of one's own accounts, or for a keeper, to everybody's."""
    asker = asking(settings)
    if everybody and not _is_keeper(settings, asker.account.login):
        raise Refused("only a keeper may read everybody's; see `keepers` in the settings")
    if asker.person_id is None and not everybody:
        raise Refused("nothing is kept of the account of this token; ask whoever keeps the roster")
    if not settings.vault_file.exists():
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"])
    vault = _vault(settings)
    names = _names(vault)
    entries = [
        {
            "on": entry.made_on.isoformat(),
            "account": names.get(entry.own_id, "an account"),
            "action": entry.action,
            "to": names.get(entry.to_id, "an account of somebody erased") if entry.to_id else None,
            "because": GROUNDS_SAID[entry.because],
            "by": "a night" if entry.by_id is None else names.get(entry.by_id, "somebody erased"),
        }
        for entry in vault.log(None if everybody else asker.person_id)
    ]
    if form == "json":
        return json.dumps({"log": entries}, indent=1)
    lines = [
        f"{each['on']}  {each['account']} {ACTIONS_SAID[str(each['action'])]}"
        + (f" {each['to']}" if each["to"] else "")
        + f"  ({each['because']}; by {each['by']})"
        for each in entries
    ]
    return "\n".join(lines or ["no link of yours was ever made, undone or locked"])


# --- who may --------------------------------------------------------------------------------------------


def _why_not(desk: Desk, one: str, other: str) -> Iterator[str]:
    """What stands against this link. Of two accounts of others it says nothing: not even whose they are."""
    vault = desk.vault
    mine = [each for each in (one, other) if vault.person_behind(each) == desk.person_id]
    if not mine and not desk.is_keeper:
        yield "neither is yours, and you are no keeper; see `keepers` in the settings"
        return
    if vault.person_behind(one) == vault.person_behind(other):
        yield "these two are one person's already"
        return
    if vault.link_of(one):
        yield "the first is somebody's second account already; unlink it, or name the two the other way round"
    if {one, other} & vault.bots():
        yield "one of them is a robot's, and a robot is nobody's second account"
    if _told_apart(desk)(vault.person_behind(one), vault.person_behind(other)):
        yield "the roster has both in a team on the same days; it says they are two people, so mend it first"
    if desk.is_keeper:
        return
    theirs = other if mine == [one] else one
    enrolled = {row.person_id for row in reading.memberships(desk.store)}
    if vault.person_behind(theirs) in enrolled or vault.link_of(theirs) or vault.is_locked(theirs):
        yield "the other account is somebody's already; only a keeper may say that it is yours"
    elif not any(
        {suggestion.own_id, suggestion.to_id} == {one, other}
        and suggestion.is_unique
        and suggestion.reason in STRONG
        for suggestion in _suggested(desk, [])
    ):
        yield "nothing but your word speaks for it, or it speaks for others too; only a keeper may say so"


def _refuse(reasons: Iterator[str]) -> None:
    if sentences := list(reasons):
        raise BadInput(sentences)


def _is_keeper(settings: Settings, login: str) -> bool:
    return login.casefold() in {keeper.casefold() for keeper in settings.keepers}


@contextmanager
def _desk(settings: RecordedSettings) -> Iterator[Desk]:
    """Vault and warehouse, for whoever holds the token. Raises BadInput while a night is writing."""
    asker = asking(settings)
    if not settings.warehouse_file.exists():
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"])
    is_keeper = _is_keeper(settings, asker.account.login)
    if asker.person_id is None and not is_keeper:
        raise Refused("nothing is kept of the account of this token; ask whoever keeps the roster")
    lock_file = FileLock(settings.lock_file, timeout=0)
    try:
        lock_file.acquire()
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; wait for its end"]) from None
    try:
        with as_owner_only(), closing(Store(settings.warehouse_file)) as store:
            vault = _vault(settings)
            own_id = vault.own_ids([asker.account])[Key(asker.account.source, asker.account.account_id)]
            if own_id is None:
                raise Refused("the account of this token was erased here")
            yield Desk(settings, vault, store, vault.person_behind(own_id), own_id, is_keeper)
    finally:
        lock_file.release()


def _vault(settings: Settings) -> Vault:
    vault = Vault(settings.vault_file, Tombstones(settings.erasures_folder))
    vault.tell_bots(logins=bot_logins(settings.github.bots if settings.github else ()), by_roster=None)
    return vault


# --- what a link does -----------------------------------------------------------------------------------


def _followed(desk: Desk, persons: set[str], done: str) -> str:
    """The warehouse follows the vault; reports made about the former persons are gone at once."""
    desk.store.follow(desk.vault)
    for person_id in persons:
        door.remove_self(desk.settings.published, person_id)
    return f"{done}; reports about either are removed now and made anew by the next night"


def _radius(desk: Desk, aliases: Mapping[str, str], own_id: str) -> str:
    """What would change, found by doing it in a transaction that is taken back."""
    catalog = load_catalog(own=desk.settings.signals)
    rows = reading.rows_of(desk.store, own_id)
    moved = rehearse(desk.store.con, catalog, lambda: desk.store.put_aliases(aliases))
    named = ", ".join(f"{table} {count}" for table, count in rows.items()) or "none"
    return (
        f"nothing was changed. Rows stored of this account, which stay as they are: {named}.\n"
        f"Evidence rows that would move to another person: {moved['moved']}; that would go: {moved['gone']} "
        f"(a review of one's own, for one); that would come: {moved['come']}."
    )


# --- what looks alike -----------------------------------------------------------------------------------


def _suggested(desk: Desk, messages: list[str]) -> list[Suggestion]:
    """What speaks for any two accounts; who could not be asked goes to `messages`."""
    github = desk.settings.github
    owners = [*github.organisations, *(name.split("/")[0] for name in github.repositories)] if github else []
    reached_at = addresses(desk.settings, desk.vault, messages)
    return suggestions(
        desk.vault.accounts(),
        bots=desk.vault.bots(),
        addresses=reached_at,
        numbered=numbered(desk.settings, reached_at, messages),
        are_two=_told_apart(desk),
        affixes={part for owner in owners for part in owner.casefold().replace("_", "-").split("-")},
    )


def _told_apart(desk: Desk) -> Callable[[str, str], bool]:
    """Whether the roster has two persons, by their ids, in a team on the same days: then they are two."""
    days: dict[str, list[tuple[date, date]]] = {}
    for row in reading.memberships(desk.store):
        days.setdefault(row.person_id, []).append((row.starts_on, row.ends_on or date.max))

    def are_two(one: str, other: str) -> bool:
        spans = sorted([*days.get(one, ()), *days.get(other, ())])
        return any(end > later for (_, end), (later, _) in pairwise(spans))

    return are_two


def _maybe_robots(desk: Desk) -> list[str]:
    bots = desk.vault.bots()
    return sorted(
        f"{key.source}:{known.login}"
        for key, known in desk.vault.accounts()
        if key.source == "github" and known.own_id not in bots and looks_like_a_robot(known.login)
    )


def _persons(desk: Desk, one: Suggestion) -> set[str]:
    return {desk.vault.person_behind(one.own_id), desk.vault.person_behind(one.to_id)}


# --- names of accounts ----------------------------------------------------------------------------------


def _named(desk: Desk, text: str) -> str:
    """The id of the account that is written `github:octo-cat` or `pagerduty:PXPGF42`. Raises BadInput."""
    source, _, name = text.partition(":")
    found = {
        known.own_id
        for key, known in desk.vault.accounts()
        if key.source == source.casefold()
        and name.casefold() in (known.login.casefold(), key.account_id.casefold())
    }
    if len(found) == 1:
        return found.pop()
    if found:
        raise BadInput([f"'{text}' is {len(found)} accounts; name one by its id instead of its login"])
    sources = sorted({key.source for key, _ in desk.vault.accounts()})
    raise BadInput(
        [f"no account here is '{text}'; write SOURCE:LOGIN or SOURCE:ID; sources are {', '.join(sources)}"]
    )


def _names(vault: Vault) -> dict[str, str]:
    """How each account is written, by its own id."""
    found: dict[str, str] = {}
    for key, known in vault.accounts():
        if known.own_id not in found or not key.account_id.startswith(PLACEHOLDER):
            found[known.own_id] = f"{key.source}:{known.login or key.account_id}"
    return found
