"""Which accounts are one person's: what may be, who says so, and what a link would move.

A keeper, named in the settings, decides about everybody. Everybody else decides about their own accounts, and
takes on one more only where nothing else lays claim to it: the token proves who asks, and nothing proves the
other account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from filelock import FileLock, Timeout

from app.request import Asker
from app.roles import checked, roles_of
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from connectors.github.bots import bot_logins
from people.account_names import account_named, names_of_accounts
from people.suggestions import are_two_by_roster, maybe_robots, suggested_links
from privacy import door
from signals.catalog import load_catalog
from signals.run import rehearse
from warehouse import history, reading
from warehouse.account_matching import STRONG, Suggestion
from warehouse.accounts import AccountKey, Because, Entry, Link
from warehouse.files import as_owner_only
from warehouse.people import part
from warehouse.store import Store
from warehouse.tombstones import Tombstones
from warehouse.vault import Vault
from warehouse.windows import today

GROUNDS: Mapping[Because, str] = {
    "roster": "a row of the roster",
    "sso": "one identity of the single sign-on",
    "person": "their own word",
    "keeper": "the word of a keeper",
}


class WouldMove(NamedTuple):
    """What a link would change."""

    stored: Mapping[str, int]
    """Rows of the account by table, which stay as they are."""
    moved: int
    """Rows of evidence that would be another person's."""
    gone: int
    """Rows of evidence that would be none: a review of one's own, for one."""
    come: int


class Unlinked(NamedTuple):
    """What came of taking a link back."""

    would_move: WouldMove | None
    """In a rehearsal, with nothing changed."""
    comes_back: bool
    """Roster or single sign-on state the link, so the next night makes it again unless it is locked."""


@dataclass(frozen=True, slots=True)
class OpenHome:
    """Vault and warehouse, held alone, and who asks."""

    settings: Settings
    vault: Vault
    store: Store
    person_id: str | None
    own_id: str
    is_keeper: bool

    @property
    def because(self) -> Because:
        return "keeper" if self.is_keeper else "person"


@checked
def suggest_links(settings: RecordedSettings, asker: Asker, *, weak: bool) -> dict[str, Any]:
    """Pairs that may be one person's, and accounts that may be robots'. Raises BadInput or Refused."""
    with _opened(settings, asker) as home:
        messages: list[str] = []
        pairs = [
            each
            for each in suggested_links(settings, home.vault, home.store, messages)
            if (weak or each.reason in STRONG) and (home.is_keeper or home.person_id in _persons(home, each))
        ]
        names = names_of_accounts(home.vault)
        robots = maybe_robots(home.vault) if home.is_keeper else []
    suggestions = [
        {
            "account": names[each.own_id],
            "to": names[each.to_id],
            "reason": each.reason,
            "only": each.is_unique,
        }
        for each in pairs
    ]
    return {"suggestions": suggestions, "robots": robots, "messages": messages}


@checked
def link_accounts(
    settings: RecordedSettings, asker: Asker, account: str, to: str, *, dry_run: bool
) -> WouldMove | None:
    """Says that ACCOUNT is the second one of whoever has TO. Raises BadInput or Refused."""
    with _opened(settings, asker) as home:
        one, other = account_named(home.vault, account), account_named(home.vault, to)
        if reasons := [*_why_not(home, one, other)]:
            raise BadInput(reasons)
        run = history.last_run(home.store.con)
        added = Link(one, other, home.because, home.own_id, today(), run)
        if dry_run:
            return _rehearsed(home, home.vault.aliases_with([added], []), one)
        before = {home.vault.person_behind(one), home.vault.person_behind(other)}
        home.vault.relink([added], [])
        _follow(home, before)
        return None


@checked
def unlink_account(settings: RecordedSettings, asker: Asker, account: str, *, dry_run: bool) -> Unlinked:
    """Takes the link of ACCOUNT back. Raises BadInput or Refused."""
    with _opened(settings, asker) as home:
        own_id = account_named(home.vault, account)
        if not home.is_keeper and home.vault.person_behind(own_id) != home.person_id:
            raise Refused(
                "only the person and a keeper may part their accounts; see `keepers` in the settings"
            )
        standing = home.vault.link_of(own_id)
        if standing is None:
            raise BadInput([f"{account} is linked to nothing; `sightline people log` says what was"])
        comes_back = standing.by_id is None
        if dry_run:
            return Unlinked(_rehearsed(home, home.vault.aliases_with([], [own_id]), own_id), comes_back)
        before = {home.vault.person_behind(own_id), own_id}
        entry = Entry(own_id, "unlinked", standing.to_id, home.because, home.own_id, today())
        part(home.store, home.vault, [entry])
        _follow(home, before)
        return Unlinked(None, comes_back)


@checked
def lock_account(
    settings: RecordedSettings, asker: Asker, account: str, action: Literal["locked", "unlocked"]
) -> None:
    """Keeps nights from changing the link of ACCOUNT, or its having none. Raises BadInput or Refused."""
    with _opened(settings, asker) as home:
        own_id = account_named(home.vault, account)
        if not home.is_keeper and home.vault.person_behind(own_id) != home.person_id:
            raise Refused("only the person and a keeper may lock an account; see `keepers` in the settings")
        home.vault.lock(Entry(own_id, action, None, home.because, home.own_id, today()))


@checked
def own_log(settings: RecordedSettings, asker: Asker) -> list[dict[str, str | None]]:
    """What was ever done to the links of one's own accounts, by whom and why. Raises BadInput."""
    return _log(settings, asker.person_id)


@checked
def everybodys_log(settings: RecordedSettings, asker: Asker) -> list[dict[str, str | None]]:
    """What was ever done to anybody's links. Raises BadInput."""
    return _log(settings, None)


def _persons(home: OpenHome, suggestion: Suggestion) -> set[str]:
    return {home.vault.person_behind(own_id) for own_id in (suggestion.own_id, suggestion.to_id)}


def _log(settings: RecordedSettings, person_id: str | None) -> list[dict[str, str | None]]:
    if not settings.vault_file.exists():
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"])
    vault = _vault(settings)
    names = names_of_accounts(vault)
    return [
        {
            "on": entry.made_on.isoformat(),
            "account": names.get(entry.own_id, "an account"),
            "action": entry.action,
            "to": names.get(entry.to_id, "an account of somebody erased") if entry.to_id else None,
            "because": GROUNDS[entry.because],
            "by": "a night" if entry.by_id is None else names.get(entry.by_id, "somebody erased"),
        }
        for entry in vault.log(person_id)
    ]


# --- who may --------------------------------------------------------------------------------------------


def _why_not(home: OpenHome, one: str, other: str) -> Iterator[str]:
    """What stands against this link. Of two accounts of others it says nothing: not even whose they are."""
    vault = home.vault
    mine = [each for each in (one, other) if vault.person_behind(each) == home.person_id]
    if not mine and not home.is_keeper:
        yield "neither is yours, and you are no keeper; see `keepers` in the settings"
        return
    if vault.person_behind(one) == vault.person_behind(other):
        yield "these two are one person's already"
        return
    if vault.link_of(one):
        yield "the first is somebody's second account already; unlink it, or name the two the other way round"
    if {one, other} & vault.bots():
        yield "one of them is a robot's, and a robot is nobody's second account"
    if are_two_by_roster(home.store)(vault.person_behind(one), vault.person_behind(other)):
        yield "the roster has both in a team on the same days; it says they are two people, so mend it first"
    if home.is_keeper:
        return
    theirs = other if mine == [one] else one
    enrolled = {row.person_id for row in reading.memberships(home.store)}
    if vault.person_behind(theirs) in enrolled or vault.link_of(theirs) or vault.is_locked(theirs):
        yield "the other account is somebody's already; only a keeper may say that it is yours"
    elif not any(
        {suggestion.own_id, suggestion.to_id} == {one, other}
        and suggestion.is_unique
        and suggestion.reason in STRONG
        for suggestion in suggested_links(home.settings, home.vault, home.store, [])
    ):
        yield "nothing but your word speaks for it, or it speaks for others too; only a keeper may say so"


@contextmanager
def _opened(settings: RecordedSettings, asker: Asker) -> Iterator[OpenHome]:
    """Vault and warehouse, for whoever asks. Raises BadInput while a night is writing."""
    assert asker.account is not None
    if not settings.warehouse_file.exists():
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"])
    lock_file = FileLock(settings.lock_file, timeout=0)
    try:
        lock_file.acquire()
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; wait for its end"]) from None
    try:
        with as_owner_only(), closing(Store(settings.warehouse_file)) as store:
            vault = _vault(settings)
            own_id = vault.own_ids([asker.account])[
                AccountKey(asker.account.source, asker.account.account_id)
            ]
            if own_id is None:
                raise Refused("the account of this token was erased here")
            yield OpenHome(
                settings,
                vault,
                store,
                vault.person_behind(own_id),
                own_id,
                "keeper" in roles_of(settings, asker),
            )
    finally:
        lock_file.release()


def _vault(settings: Settings) -> Vault:
    vault = Vault(settings.vault_file, Tombstones(settings.erasures_folder))
    vault.tell_bots(logins=bot_logins(settings.github.bots if settings.github else ()), by_roster=None)
    return vault


# --- what a link does -----------------------------------------------------------------------------------


def _follow(home: OpenHome, persons: set[str]) -> None:
    """The warehouse follows the vault; reports made about the former persons are gone at once."""
    home.store.follow(home.vault)
    for person_id in persons:
        door.remove_self(home.settings.published, person_id)


def _rehearsed(home: OpenHome, aliases: Mapping[str, str], own_id: str) -> WouldMove:
    """What would change, found by doing it in a transaction that is taken back."""
    catalog = load_catalog(own=home.settings.signals)
    moved = rehearse(home.store.con, catalog, lambda: home.store.put_aliases(aliases))
    return WouldMove(reading.rows_of(home.store, own_id), moved["moved"], moved["gone"], moved["come"])
