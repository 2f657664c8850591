"""GitHub: pull requests, reviews, threads and issues, repository by repository.

Source: GraphQL of github.com or an Enterprise Server, as a token or a GitHub App.
Cursor: JSON: per repository and kind the moment up to which everything was read, and the page of an
    unfinished walk.
Yields: Repository, PullRequest, Issue and Discussion, each complete; one batch for a few hundred of them.
Never: titles, bodies, messages, label text, branch names, e-mail addresses; exact times.
Raises: Refused, Unreachable, RateLimited, PayloadBroken, each after the last complete batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from connectors.contract import Connector, ThreadState
from connectors.errors import Refused
from connectors.github import payloads
from connectors.github.api.access import Access, visible_ids
from connectors.github.api.client import Client
from connectors.github.api.documents import document
from connectors.github.by_id import objects_by_id
from connectors.github.listing import ListedRepository, NoSuchOwner, repositories_of
from connectors.github.query_batches import MOST_AT_ONCE
from connectors.github.reader import Reader
from connectors.github.settings import GitHubSettings, matches
from connectors.plans import Plan
from connectors.records import Account, Batch, Gap, Inventory


class GitHub(Connector):
    """The connector. Close it, or use it in a `with`, to close its connections."""

    source = "github"
    names_all = True
    can_recount = True
    can_check_threads = True
    remedies = Reader.remedies
    yields: tuple[str, ...] = (
        "repositories",
        "pull_requests",
        "closing_references",
        "incident_references",
        "commits",
        "commit_authors",
        "reviews",
        "review_threads",
        "review_comments",
        "pull_request_events",
        "pull_request_files",
        "reverted_changes",
        "comments",
        "issues",
        "issue_assignees",
        "issue_events",
        "discussions",
    )

    def __init__(self, settings: GitHubSettings, pause: Callable[[float], None] = time.sleep) -> None:
        self.since: date = settings.starts_on
        if not settings.discussions:
            self.yields = tuple(table for table in self.yields if table != "discussions")
        self._settings = settings
        self._access = Access(settings, pause)
        self._readers: dict[Client, Reader] = {}
        self._without_discussions: set[str] = set()
        self._ids: dict[str, str] = {}
        self.remarks: list[str] = []
        self.refused: list[Refused] = []

    def close(self) -> None:
        """Closes every connection."""
        for reader in self._readers.values():
            reader.close()
        self._access.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far."""
        return self._access.spent()

    def scopes(self) -> Sequence[str]:
        """The configured repositories, then those of the organisations.

        Of an organisation's, those that the settings let in: by pattern, archived and forked ones by rule.
        The others are read if one organisation refuses. Raises Refused where all of them do.
        """
        listed: dict[str, ListedRepository] = {}
        self.refused, self.unlisted = [], ()
        for owner in self._settings.organisations:
            refused_before = len(self.refused)
            try:
                listed |= {place.name.casefold(): place for place in self._listed(owner)}
            except Refused as error:
                self.refused.append(error)
            if len(self.refused) > refused_before:
                self.unlisted += (owner,)
        self._ids = {place.name: place.repository_id for place in listed.values()}
        names = {name.casefold(): name for name in self._settings.repositories}
        self.remarks = [*self._renamed(names, listed), *self._unmatched(listed.values())]
        for name, place in listed.items():
            if place.is_wanted:
                names.setdefault(name, place.name)
        if self.refused and not names:
            raise self.refused[0]
        scopes = [name for name in dict.fromkeys(names.values()) if not self._settings.leaves_out(name)]
        # By the names of tonight alone: not a former one, nor another spelling than the settings have.
        named = {name: self._ids[name] for name in scopes if name in self._ids}
        self._ids = {names.get(key, place.name): place.repository_id for key, place in listed.items()} | named
        self.left_out = frozenset(listed) - {name.casefold() for name in scopes}
        self._access.look_for(scopes)
        for reader, readable in self._by_reader(scopes):
            reader.expect(readable)
        return tuple(scopes)

    def scope_ids(self, scopes: Sequence[str]) -> Mapping[str, str]:
        """The node id of each repository that an organisation listed, and of these that can be seen."""
        unknown = [scope for scope in scopes if scope not in self._ids]
        for reader, readable in self._by_reader(unknown):
            self._ids |= visible_ids(reader.client, readable)
        return self._ids

    def by_budget(self, scopes: Sequence[str]) -> Sequence[tuple[Connector, Sequence[str]]]:
        """The scopes by the credentials they are read with."""
        return self._by_reader(scopes)

    def _by_reader(self, scopes: Sequence[str]) -> list[tuple[Reader, list[str]]]:
        """The scopes by the credentials they are read with.

        Those that no credentials can read are with the first reader, which refuses them.
        """
        groups: dict[Reader, list[str]] = {}
        unreadable: dict[str, Refused] = {}
        for scope in scopes:
            try:
                groups.setdefault(self._reader(scope), []).append(scope)
            except Refused as error:
                unreadable[scope] = error
        if unreadable and groups:
            reader, readable = next(iter(groups.items()))
            readable.extend(unreadable)
            reader.unreadable |= unreadable
        return list(groups.items())

    def plan(self, cursors: Mapping[str, str | None]) -> Plan:
        """What a fetch of these scopes from these cursors needs, by what moved last in each."""
        groups = self._by_reader([*cursors])
        plan = Plan(0, 0, 0, None)
        for reader, scopes in groups:
            plan = plan.beside(reader.plan({scope: cursors[scope] for scope in scopes}))
        return replace(plan, budget=self._access.budget([reader.client for reader, _ in groups]))

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything updated since `cursor`, a batch for a few hundred objects.

        A quiet repository costs one request, shared with the fifty that follow it in `scopes()`.
        """
        yield from self._reader(scope).fetch(scope, cursor)

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """Whatever was updated since `since`, with what GitHub counts below it; a gap for a refused list."""
        yield from self._reader(scope).inventory(scope)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects again, complete."""
        yield from self._reader(scope).hydrate(scope, kind, object_ids)

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:
        """What these, by repository, hold now; a hundred a request."""
        return [
            each
            for reader, scopes in self._by_reader([*object_ids])
            for each in reader.recount({scope: object_ids[scope] for scope in scopes})
        ]

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        """How these review threads, by repository, stand now; a hundred a request."""
        return [
            each
            for reader, scopes in self._by_reader([*thread_ids])
            for each in reader.threads({scope: thread_ids[scope] for scope in scopes})
        ]

    def accounts(self, account_ids: Sequence[str]) -> tuple[list[Account], list[str]]:
        """These accounts as they are called today, and those that were deleted; a hundred a request."""
        client = self._access.anywhere()
        current: list[Account] = []
        gone: list[str] = []
        for start in range(0, len(account_ids), MOST_AT_ONCE):
            chunk = account_ids[start : start + MOST_AT_ONCE]
            objects = objects_by_id(client, document("accounts"), {}, "ids", chunk)
            current += [one for node in objects.nodes if (one := payloads.account(node))]
            gone += objects.gone
        return current, gone

    def _listed(self, owner: str) -> list[ListedRepository]:
        """What an organisation has, by all who may list it."""
        repositories: dict[str, ListedRepository] = {}
        refused: list[Refused] = []
        clients = self._access.listing(owner)
        # A token that is refused is reported: what only it can see is missing.
        for client in clients:
            try:
                for place in repositories_of(client, self._settings, owner):
                    repositories[place.name] = place
                    self._access.saw(place.name, client)
                    if not place.has_discussions:
                        self._without_discussions.add(place.name)
            except Refused as error:
                refused.append(error)
        if len(refused) == len(clients):
            raise refused[0]
        self.refused += [error for error in refused if not isinstance(error, NoSuchOwner)]
        return [*repositories.values()]

    def _renamed(self, names: dict[str, str], listed: Mapping[str, ListedRepository]) -> Iterator[str]:
        """Takes out what is listed under a name of today and named by a former one, and says so."""
        owners = {owner.casefold() for owner in self._settings.organisations}
        strays = [
            name
            for key, name in names.items()
            if key not in listed and key.partition("/")[0] in owners and not self._settings.leaves_out(name)
        ]
        by_id = {place.repository_id: place for place in listed.values()}
        ids = self.scope_ids(strays)
        for name in strays:
            if ids.get(name) in by_id:
                today = by_id[ids[name]].name
                names[name.casefold()] = today
                yield f"github.repositories: {name} is called {today} by now; write that instead"

    def _unmatched(self, places: Iterable[ListedRepository]) -> Iterator[str]:
        for pattern in self._settings.include:
            if not any(matches(place.name, pattern) for place in places):
                yield (
                    f"github.include: no repository of {' or '.join(self._settings.organisations)} matches "
                    f"'{pattern}'; check the spelling"
                )

    def _reader(self, scope: str) -> Reader:
        client = self._access.of(scope)
        if client not in self._readers:
            self._readers[client] = Reader(self._settings, client, self.yields, self._without_discussions)
        return self._readers[client]
