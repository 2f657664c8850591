"""All objects of one GitHub, by node id, login and name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sandbox.discussions import Discussion
from sandbox.model import Account, IdentityProvider, Issue, PullRequest, Repository


class HasId(Protocol):
    """Whatever has a node id."""

    id: str


AnyNode = TypeVar("AnyNode", bound=HasId)


def number_for(text: str) -> int:
    """A number that stands for this text in every run: a database id where there is none."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=5).digest(), "big") * 1_000


def by_moment(item: Any) -> tuple[str, int, str]:
    """The order in which GitHub lists what hangs below a pull request or an issue."""
    return (item.created_at, getattr(item, "full_database_id", 0), item.id)


@dataclass(slots=True)
class Installation:
    """The GitHub App as one account has it installed."""

    number: int
    account: Account
    selected: frozenset[str] | None = None
    """Names of the repositories that it may see, in small letters; None: all of them."""
    suspended_at: str | None = None

    @property
    def selection(self) -> str:
        return "all" if self.selected is None else "selected"

    def covers(self, repository: Repository) -> bool:
        is_chosen = self.selected is None or repository.name.lower() in self.selected
        return repository.owner is self.account and is_chosen


class World:
    """Everything one GitHub holds, findable by node id, by login and by repository name."""

    def __init__(self, service_login: str = "sightline-sandbox") -> None:
        self.accounts: dict[str, Account] = {}
        """By login in lower case, as it is today."""
        self.repositories: dict[str, Repository] = {}
        """By `owner/name` in lower case; a former name leads to the same repository."""
        self.nodes: dict[str, Any] = {}
        self.search_lag_seconds = 0
        """How far search is behind."""
        self.identity_providers: dict[str, IdentityProvider] = {}
        """The single sign-on of an organisation, by its login; only owners may read it."""
        self.owners: set[str] = {service_login}
        """Logins that may read what only owners may."""
        self.sso_organisations: set[str] = set()
        """Logins of organisations that give a person's token nothing until it went through single sign-on."""
        self.scopes_of: dict[str, str] = {}
        """What a person's classic token may do, by login; `repo, read:org` unless said otherwise."""
        self.sees_only: dict[str, frozenset[str]] = {}
        """Owners and `owner/name` that a person's token sees, by login, in small letters; else all."""
        self.installations: list[Installation] = []
        """Where the GitHub App is installed; nowhere named: with every owner of a repository."""
        self.service = self.add_account(Account("U_sandbox_service", service_login, database_id=1))

    def add_account(self, account: Account) -> Account:
        self.accounts[account.login.lower()] = account
        return self.add(account)

    def add_repository(self, repository: Repository, *, also_known_as: Iterable[str] = ()) -> Repository:
        for name in (repository.name_with_owner, *also_known_as):
            self.repositories[name.lower()] = repository
        repository.owner.repositories.append(repository)
        return self.add(repository)

    def install(
        self, login: str, *selected: str, number: int = 0, suspended_at: str | None = None
    ) -> Installation:
        """Installs the GitHub App with an account, for all of its repositories or for selected ones."""
        chosen = frozenset(name.lower() for name in selected) or None
        number = number or 1 + len(self.installations)
        found = Installation(number, self.accounts[login.lower()], chosen, suspended_at)
        self.installations.append(found)
        return found

    def installed(self) -> Sequence[Installation]:
        """Where the GitHub App is installed."""
        owners = dict.fromkeys(repository.owner.id for repository in self.repositories.values())
        return self.installations or [
            Installation(number, self.nodes[owner]) for number, owner in enumerate(owners, start=1)
        ]

    def add(self, node: AnyNode) -> AnyNode:
        self.nodes[node.id] = node
        return node

    def add_discussion(self, discussion: Discussion) -> Discussion:
        """A discussion in its repository, findable by node id as everything on it."""
        discussion.repository.discussions.append(discussion)
        for comment in discussion.comments:
            self.add(comment)
        return self.add(discussion)

    def index(self, item: PullRequest | Issue) -> None:
        """Put a pull request or an issue in order, and make everything on it findable by node id."""
        self.add(item)
        item.comments.sort(key=by_moment)
        item.events.sort(key=by_moment)
        parts: list[HasId] = [*item.comments, *item.events, *item.labels]
        if isinstance(item, PullRequest):
            item.reviews.sort(key=by_moment)
            item.threads.sort(key=by_moment)
            for review in item.reviews:
                review.comments.sort(key=by_moment)
            for commit in item.commits:
                parts += [commit, commit.commit]
            parts += [*item.threads, *item.reviews, *item.review_comments, *item.review_requests]
        for part in parts:
            self.add(part)
