"""Who is who, and who is in which team, as a night begins: roster, robots and exact links.

A roster is taken over whole or not at all. While it is wrong the last good one stays in force: the night goes
on, says so line by line, and publishes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from config.settings import Settings
from connectors.errors import BadInput, SourceError
from connectors.files.roster import contradictions
from connectors.github.accounts import ByNumber, resolve_logins, sso_identities
from connectors.github.bots import bot_logins, is_robot_by_type
from connectors.github.teams import memberships, teams_now
from connectors.noreply import AddressLookup, is_private_address, no_lookup
from connectors.records import Account, Membership
from people.addresses import addresses_of, tools
from warehouse import reading
from warehouse.people import enrol, follow, stated_by_sign_on
from warehouse.store import Store, key_of, named
from warehouse.tombstones import PLACEHOLDER
from warehouse.vault import Vault

_IN_FORCE = (
    "the roster is wrong and was not taken over; the last good one stays in force, and nothing is "
    "published until it is mended:"
)
_NONE_IN_FORCE = (
    "the roster is wrong, and none was ever taken over: what happened is fetched, and as nobody is in a team "
    "there is no report and no release until it is mended:"
)

FEWER_AT_ONCE = 5
"""So many people, and so large a part of all, may be missing from a roster at once without a question."""
FEWER_PERCENT = 20
"""A file that was cut in half is well-formed, and is no farewell of hundreds."""


@dataclass(frozen=True, slots=True)
class RosterImport:
    """One import: what it reads and writes, and what came of it."""

    settings: Settings
    store: Store
    vault: Vault
    as_of: date
    rubric: str
    """The id of the rubric of people for whom the roster names none."""
    mistakes: list[str] = field(default_factory=list)
    """Why the roster cannot be taken over, line by line."""
    messages: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Sentences of sources that refused to say who somebody is."""

    @property
    def file(self) -> str:
        """What a message calls the roster."""
        return str(self.settings.roster or "github_teams")

    @property
    def sentences(self) -> list[str]:
        """What the receipt says of this import."""
        if not self.mistakes:
            return self.messages
        in_force = _IN_FORCE if reading.stored_memberships(self.store) else _NONE_IN_FORCE
        return [*self.messages, in_force, *self.mistakes]


def import_roster(task: RosterImport, members: Sequence[Membership], *, fewer_is_meant: bool = False) -> None:
    """Takes over the roster, which accounts are robots, and which of them its rows say are one person's.

    `fewer_is_meant` confirms that as many people left as the roster no longer names. With mistakes, those
    known before included, the last good roster stays in force.
    """
    bots = task.settings.github.bots if task.settings.github else ()
    roster = [] if task.mistakes else _checked(task, members, fewer_is_meant=fewer_is_meant)
    if task.mistakes:
        task.vault.tell_bots(logins=bot_logins(bots), by_roster=None)
    else:
        robots = [member.account for member in roster if _is_robot(member.account)]
        listed = bot_logins(bots)
        people = [
            member
            for member in roster
            if not _is_robot(member.account) and member.account.login.casefold() not in listed
        ]
        task.vault.own_ids((named(account) for account in robots), told_by_source=False)
        task.vault.tell_bots(logins=bot_logins(bots), by_roster=[key_of(account) for account in robots])
        _take_over(task, people)
    _follow_sign_on(task)
    task.store.follow(task.vault)


def _checked(task: RosterImport, members: Sequence[Membership], *, fewer_is_meant: bool) -> list[Membership]:
    """The roster with account ids where GitHub knows them; what is wrong with it is added to the mistakes."""
    if task.settings.github_teams:
        members = _read_teams(task)
        if task.mistakes:
            return []
    numbered, unknown = _numbered(task, members)
    accounts, nowhere = _ask_github(task, numbered)
    roster = [_with_ids(member, task, accounts) for member in numbered]
    task.mistakes.extend(
        unknown + nowhere
        or _one_person_twice(task, roster)
        or ([] if fewer_is_meant else _missing_too_many(task, roster))
    )
    return roster


def _is_app(account: Account) -> bool:
    """Whether the login is a GitHub App's: a robot, and no user that GitHub can be asked for."""
    return is_robot_by_type("", account.login)


def _is_robot(account: Account) -> bool:
    return account.is_bot or _is_app(account)


def _read_teams(task: RosterImport) -> tuple[Membership, ...]:
    """Home teams as GitHub has them today, held against what the last night knew."""
    github, declared = task.settings.github, task.settings.github_teams
    assert github
    assert declared
    try:
        teams = teams_now(github, declared.organisation)
        members, sentences = memberships(teams, declared, _known_before(task), task.as_of)
    except SourceError as error:
        task.mistakes.append(f"github_teams: {error}")
    except BadInput as error:
        task.mistakes.extend(error.mistakes)
    else:
        task.messages.extend(sentences)
        return members
    return ()


def _known_before(task: RosterImport) -> list[Membership]:
    """The memberships of the last night, with the accounts that the vault has for them."""
    accounts = {
        known.own_id: Account(key.source, key.account_id, known.login)
        for key, known in task.vault.accounts()
        if key.source == "github" and not key.account_id.startswith(PLACEHOLDER)
    }
    return [
        Membership(
            accounts[row.person_id],
            (),
            row.team,
            accounts.get(row.manager_id or ""),
            row.starts_on,
            row.ends_on,
            row.rubric,
        )
        for row in reading.stored_memberships(task.store)
        if row.person_id in accounts
    ]


def _take_over(task: RosterImport, people: list[Membership]) -> None:
    if erased := sum(task.vault.was_erased(named(member.account)) for member in people):
        # not by name: this goes into a receipt
        task.messages.append(f"{task.file}: {erased} rows name people who were erased; remove them")
    ended, followed = enrol(task.store, task.vault, people, task.as_of)
    if ended:
        task.messages.append(
            f"{task.file}: no longer names {ended} of those it named; they are in no team from "
            f"{task.as_of} on, and keep what they did (write `until` where it was another day)"
        )
    if followed.held:
        task.messages.append(
            f"{task.file}: {followed.held} accounts were not given to the person it names, "
            "because they are locked, a robot's or linked to somebody else; see `sightline people log --all`"
        )


def _follow_sign_on(task: RosterImport) -> None:
    """Links accounts that one identity of the single sign-on holds, where the token may read it."""
    settings = task.settings
    if settings.github is None or not settings.github.sso:
        return
    try:
        identities = [(each.account, each.addresses) for each in sso_identities(settings.github)]
        elsewhere = [
            (account, address)
            for tool in tools(settings)  # all of them or none: a missing identity would end its link
            for account, address in addresses_of(tool, settings)
            if account.source != "github" and not is_private_address(address)  # nobody signs in under one
        ]
    except SourceError as error:
        task.messages.append(f"nobody was linked by single sign-on: {error}")
        return
    listed = [account for account, _ in identities]
    enrolled = {row.person_id for row in reading.memberships(task.store)}
    of_the_roster = {account for account in listed if task.vault.person_of(account) in enrolled}
    stated = stated_by_sign_on(identities, elsewhere, of_the_roster)
    followed = follow(task.store, task.vault, stated, listed, because="sso", on=task.as_of)
    if followed.held:
        task.messages.append(
            f"{followed.held} accounts were not linked as the single sign-on says, because they are locked, "
            "a robot's or linked to somebody else; see `sightline people log --all`"
        )


def _numbered(task: RosterImport, named: Sequence[Membership]) -> tuple[list[Membership], list[str]]:
    """The roster with private addresses of GitHub replaced by accounts, and the mistakes on the way.

    An address without a known owner is a mistake, because it would otherwise be stored as a login.
    """
    github = task.settings.github
    whose: AddressLookup = ByNumber(github) if github else no_lookup
    mistakes: list[str] = []

    def resolved(account: Account | None, line: int) -> Account | None:
        if account is None or not is_private_address(account.login):
            return account
        try:
            owner = whose(account.login)
        except SourceError as error:
            mistakes.append(f"{task.file}:{line}: nobody tells whose this private address is ({error})")
            return account
        if owner is None:
            mistakes.append(
                f"{task.file}:{line}: your GitHub has no account with the number in this private address; "
                "write the login, or remove the row of an account that is gone"
            )
            return account
        return replace(account, account_id=owner.account_id, login=owner.login)

    members = [
        replace(
            member,
            account=resolved(member.account, member.line) or member.account,
            manager=resolved(member.manager, member.line),
        )
        for member in named
    ]
    return members, list(dict.fromkeys(mistakes))


def _one_person_twice(task: RosterImport, roster: list[Membership]) -> list[str]:
    """Rows that contradict each other once it is known that two names are one account's: renamed, say."""
    if task.settings.roster is None:
        return []

    def called(account: Account) -> Account:
        login = task.vault.account_of_login(account.source, account.login)
        known = task.vault.own_id_of(key_of(account)) or (login and task.vault.own_id_of(login))
        return replace(account, login=known or account.account_id or account.login)

    return [
        *contradictions(
            task.settings.roster,
            [
                replace(
                    member,
                    account=called(member.account),
                    manager=called(member.manager) if member.manager else None,
                )
                for member in roster
            ],
        )
    ]


def _ask_github(task: RosterImport, roster: list[Membership]) -> tuple[Mapping[str, Account], list[str]]:
    """Accounts by login, for logins without an id yet; and a sentence for each line with an unknown one."""
    lines: dict[str, tuple[str, list[int]]] = {}
    for member in roster:
        for account in (member.account, member.manager):
            is_a_login = account and not is_private_address(account.login) and not _is_app(account)
            if account and is_a_login and not account.account_id and not _is_known(task, account):
                lines.setdefault(account.login.casefold(), (account.login, []))[1].append(member.line)
    if not lines or task.settings.github is None:
        return {}, []
    try:
        accounts = resolve_logins(task.settings.github, sorted(login for login, _ in lines.values()))
    except SourceError as error:
        task.refusals.append(f"github: {error}")
        return {}, []
    by_login = {login.casefold(): account for login, account in accounts.items()}
    unknown = sorted(
        (line, login) for name, (login, rows) in lines.items() if name not in by_login for line in rows
    )
    return by_login, [
        f"{task.file}:{line}: GitHub knows no account '{login}'; check the spelling, or remove "
        "the row of an account that is gone"
        for line, login in dict.fromkeys(unknown)
    ]


def _is_known(task: RosterImport, account: Account) -> bool:
    """Whether GitHub need not be asked: the vault has an id for this login, or its owner was erased."""
    return task.vault.has_account_id("github", account.login) or task.vault.was_erased(named(account))


def _with_ids(member: Membership, task: RosterImport, by_login: Mapping[str, Account]) -> Membership:
    def identified(account: Account) -> Account:
        known = by_login.get(account.login.casefold())
        return replace(account, account_id=known.account_id) if known and not account.account_id else account

    return replace(
        member,
        account=identified(member.account),
        manager=identified(member.manager) if member.manager else None,
        rubric=member.rubric or task.rubric,
    )


def _missing_too_many(task: RosterImport, roster: list[Membership]) -> list[str]:
    """A mistake where so many of those enrolled today are gone that the file may be a part of itself."""
    enrolled = {
        row.person_id
        for row in reading.memberships(task.store)
        if row.starts_on <= task.as_of and (row.ends_on is None or row.ends_on > task.as_of)
    }
    named_now = set()
    for member in roster:
        key = key_of(member.account)
        login = task.vault.account_of_login("github", member.account.login)
        named_now |= {task.vault.person_of(key), task.vault.person_of(login) if login else None}
    missing = len(enrolled - named_now)
    if missing < FEWER_AT_ONCE or missing * 100 < FEWER_PERCENT * len(enrolled):
        return []
    return [
        f"{task.file}:1: names {missing} fewer of the {len(enrolled)} people of today; if they "
        "all left, say so with `sightline people import --fewer`"
    ]
