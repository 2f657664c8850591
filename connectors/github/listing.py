"""What GitHub lists: repositories, and the objects of each as ids, moments and counts."""

from __future__ import annotations

import time as clock
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github import payloads
from connectors.github.api.client import Client, GraphQLAnswer, PageSize
from connectors.github.api.documents import document, heads
from connectors.github.by_id import MissingField, objects_by_id
from connectors.github.cursor import iso
from connectors.github.query_batches import CONNECTIONS, KINDS, MOST_AT_ONCE, PARTS, Kind
from connectors.github.settings import GitHubSettings
from connectors.records import Gap, Inventory

MOST_SWEEPS = 4
MOST_SEEN_BY_HEADS = 200
"""Objects of each kind that one question about several repositories may bring."""
MOST_SEEN_OF_ONE = 25

Node = dict[str, Any]


class NoSuchOwner(Refused):
    """The credentials can see no owner of this name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a repository's list."""

    repository: Mapping[str, Any]
    """Empty where `is_refused`."""
    nodes: tuple[Node, ...]
    """Id, moments and counts, the last updated first."""
    after: str | None
    """The page to go on from; None at the end of the list."""
    answered_at: datetime
    gaps: tuple[Gap, ...] = ()
    is_refused: bool = False
    """The list may not be read: nothing is known about what it holds."""


@dataclass(frozen=True, slots=True)
class Head:
    """What was last updated in a repository: the first page of each of its lists."""

    listed: Mapping[Kind, Listed]
    """Empty where one of them may not be read; then each has to be asked for by itself."""
    repository: Mapping[str, Any] | None
    totals: Mapping[Kind, int]
    answered_at: datetime
    asked_at: float
    """When, by our own clock."""


class Pages:
    """The lists of a repository, in pages of a size that GitHub can answer."""

    def __init__(
        self, client: Client, settings: GitHubSettings, without_discussions: Collection[str] = ()
    ) -> None:
        self._client = client
        self._settings = settings
        self._sizes: dict[tuple[str, str], PageSize] = {}
        self._without_discussions = without_discussions

    def kinds(self, scope: str) -> tuple[Kind, ...]:
        """The kinds to read: discussions only where they are wanted and not known to be off."""
        has_discussions = self._settings.discussions and scope not in self._without_discussions
        return KINDS if has_discussions else tuple(kind for kind in KINDS if kind != "discussions")

    def size(self, scope: str, what: str) -> PageSize:
        """How many objects of this repository to request at once."""
        return self._sizes.setdefault((scope, what), PageSize(min(MOST_AT_ONCE, self._settings.page_size)))

    def heads(self, scopes: Sequence[str]) -> dict[str, Head | str]:
        """The first page of each list of these repositories; a code for a refused one."""
        refused: dict[str, str] = {}
        by_scope = self._heads(scopes, refused)
        if refused:
            # a list that may not be read empties the others; without it they still come together
            by_scope |= self._heads([*refused], refused)
        return by_scope

    def _heads(self, scopes: Sequence[str], refused: dict[str, str]) -> dict[str, Head | str]:
        """The same; `refused` holds the scopes whose discussions are left out, and is added to."""
        variables: dict[str, Any] = {}
        without = {*refused}
        for index, scope in enumerate(scopes):
            variables[f"owner{index}"], variables[f"name{index}"] = scope.split("/")
            variables[f"discuss{index}"] = "discussions" in self.kinds(scope) and scope not in without
        few = min(MOST_SEEN_OF_ONE, MOST_SEEN_BY_HEADS // len(scopes), self._settings.page_size)
        answer = self._client.graphql(heads(len(scopes)), variables, PageSize(max(2, few)))
        by_scope: dict[str, Head | str] = {}
        for index, scope in enumerate(scopes):
            alias = f"r{index}"
            repository = answer.data[alias]
            where, code = next(iter(answer.refused_below(alias).items()), ((), "not_found"))
            if repository is None and not where:
                by_scope[scope] = code
                continue
            if repository is None and where[0] == CONNECTIONS["discussions"]:
                refused[scope] = code
            # What may not be read, or lacks an object, counts as changed: it is then requested by itself.
            kinds = [kind for kind in self.kinds(scope) if kind != "discussions" or scope not in without]
            connections = {kind: repository[CONNECTIONS[kind]] for kind in kinds} if repository else {}
            is_complete = repository and all(
                None not in connection["nodes"] for connection in connections.values()
            )
            listed = (
                {kind: _page(repository, connections[kind], None, answer) for kind in kinds}
                if is_complete
                else {}
            )
            if listed and scope in without:
                listed["discussions"] = self._not_listed("discussions", refused[scope], answer)
            by_scope[scope] = Head(
                listed,
                repository,
                {kind: payloads.total(repository, CONNECTIONS[kind]) for kind in kinds} if repository else {},
                answer.answered_at,
                clock.monotonic(),
            )
        return by_scope

    def listed(self, scope: str, kind: Kind, after: str | None) -> Listed:
        """The next page of one list. Raises CursorRefused where GitHub no longer knows `after`."""
        page = self.size(scope, "list")
        answer = self._listed(scope, {kind: after}, page)
        repository, connection = self._connection(answer, scope, kind)
        if connection is not None and None in connection["nodes"]:
            # A missing object has no id to ask for: the page is requested once more.
            answer = self._listed(scope, {kind: after}, page)
            repository, connection = self._connection(answer, scope, kind)
        if connection is None:
            return self._not_listed(kind, next(iter(answer.refused.values()), "truncated"), answer)
        code = next(iter(answer.refused.values()), "truncated")
        return _page(
            repository,
            connection,
            after,
            answer,
            (self.gap(kind, code),) if None in connection["nodes"] else (),
        )

    def counts(self, ids: Sequence[str]) -> tuple[list[Node], dict[str, str], list[str]]:
        """These objects with their counts; which are refused and why; which no longer exist."""
        nodes: list[Node] = []
        refused: dict[str, str] = {}
        gone: list[str] = []
        for start in range(0, len(ids), MOST_AT_ONCE):
            chunk = ids[start : start + MOST_AT_ONCE]
            objects = objects_by_id(self._client, document("counted"), {}, "ids", chunk)
            nodes += objects.nodes
            refused |= objects.refused
            gone += objects.gone
        return nodes, refused, gone

    def inventory(self, scope: str) -> list[Inventory | Gap]:
        """Whatever was updated since `since`, with what GitHub counts below it; a gap for a refused list."""
        objects: dict[str, Inventory] = {}
        refused: dict[Kind, Gap] = {}
        floor = iso(datetime.combine(self._settings.starts_on, time(), UTC))
        for _ in range(MOST_SWEEPS):
            started, requests = self._sweep(scope, floor, objects, refused)
            if requests <= 1:
                break
            # What was updated meanwhile moved to the head, behind the sweep.
            floor = started
        return [*(one for one in objects.values() if one.kind not in refused), *refused.values()]

    def not_there(self, scope: str, code: str) -> str:
        """The sentence for a repository that GitHub does not give."""
        return (
            f"{self._client.host} gives no repository {scope!r} to {self._client.whose} ({code}); "
            "check the name and what may be read with them"
        )

    def _not_listed(self, kind: Kind, code: str, answer: GraphQLAnswer) -> Listed:
        return Listed({}, (), None, answer.answered_at, (self.gap(kind, code),), is_refused=True)

    def gap(self, kind: str, reason: str, object_id: str | None = None) -> Gap:
        """A gap over every day there is, for what cannot be dated."""
        return Gap(kind, self._settings.starts_on, _tomorrow(), reason, object_id)

    def _listed(self, scope: str, after: Mapping[Kind, str | None], page: PageSize) -> GraphQLAnswer:
        owner, name = scope.split("/")
        variables: dict[str, Any] = {"owner": owner, "name": name}
        for kind, part in PARTS.items():
            variables |= {f"with{part.capitalize()}": kind in after, f"{part}After": after.get(kind)}
        return self._client.graphql(document("listed"), variables, page)

    def _sweep(
        self, scope: str, floor: str, objects: dict[str, Inventory], refused: dict[Kind, Gap]
    ) -> tuple[str, int]:
        """Adds what was updated since `floor`; the moment the sweep started, and the pages it took."""
        started, pages = "", 0
        after: dict[Kind, str | None] = dict.fromkeys(
            kind for kind in self.kinds(scope) if kind not in refused
        )
        while after:
            answer = self._listed(scope, after, self.size(scope, "list"))
            started = started or iso(answer.answered_at)
            if news := {kind: self.gap(kind, code) for kind, code in _lists_refused(answer) if kind in after}:
                refused |= news
                after = {kind: place for kind, place in after.items() if kind not in news}
                continue
            pages += 1
            for kind in sorted(after):
                _, connection = self._connection(answer, scope, kind)
                if connection is not None and None in connection["nodes"]:
                    # To go on would read as "it does not exist".
                    raise PayloadBroken(
                        f"{self._client.host} leaves holes in its list of {kind} of {scope!r}"
                    )
                assert connection is not None  # what is refused was told above
                nodes = [node for node in connection["nodes"] if node]
                fresh = [node for node in nodes if node["updatedAt"] >= floor]
                objects |= {node["id"]: inventory_entry(kind, node) for node in fresh}
                after[kind] = _next(connection, after[kind])
                if after[kind] is None or len(fresh) < len(nodes):
                    del after[kind]
        return started, pages

    def _connection(
        self, answer: GraphQLAnswer, scope: str, kind: Kind
    ) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        repository = answer.data["repository"]
        if repository is None:
            # A list may never be null: where one may not be read, the whole repository becomes null.
            if kind in dict(_lists_refused(answer)):
                return {}, None
            raise Refused(self.not_there(scope, next(iter(answer.refused.values()), "not_found")))
        connection = repository.get(CONNECTIONS[kind])
        if connection is None and not answer.refused:
            raise PayloadBroken(f"{self._client.host} left the {kind} of {scope!r} out of its answer")
        return repository, connection


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A repository as its organisation lists it."""

    repository_id: str
    name: str
    """`owner/name`, as of today."""
    is_wanted: bool
    """Whether the settings let it in."""
    has_discussions: bool


def repositories_of(client: Client, wanted: GitHubSettings, owner: str) -> Iterator[ListedRepository]:
    """Every repository of an organisation that these credentials can see."""
    after: str | None = None
    while True:
        variables = {"owner": owner, "after": after, "isFork": None if wanted.forks == "all" else False}
        answer = client.graphql(document("repositories"), variables)
        if answer.data["repositoryOwner"] is None:
            if codes := {*answer.refused.values()} - {"not_found"}:
                raise Refused(
                    f"{client.host} does not list what {owner!r} has to {client.whose} "
                    f"({', '.join(sorted(codes))}); check what may be read with them, and single sign-on"
                )
            raise NoSuchOwner(
                f"{client.host} knows no organisation {owner!r} that {client.whose} can read; "
                "check organisations and what the token may read"
            )
        connection = answer.data["repositoryOwner"]["repositories"]
        for node in payloads.nodes({"it": connection}, "it"):
            archived = node["archivedAt"]
            if wanted.archived == "recent" and archived:
                archived = None if payloads.day(archived) >= wanted.starts_on else archived
            is_wanted = archived is None or wanted.archived == "all"
            is_wanted = is_wanted and not node["isDisabled"] and wanted.lets_in(node["nameWithOwner"])
            yield ListedRepository(
                node["id"], node["nameWithOwner"], is_wanted, node["hasDiscussionsEnabled"]
            )
        after = _next(connection, after)
        if after is None:
            return


def _lists_refused(answer: GraphQLAnswer) -> Iterator[tuple[Kind, str]]:
    """The lists of a repository that may not be read at all, and why."""
    repository = answer.data["repository"]
    for kind, name in CONNECTIONS.items():
        if repository is None or repository.get(name) is None:
            yield from ((kind, code) for where, code in answer.refused.items() if where[1:2] == (name,))


def gaps_of(payload: Mapping[str, Any], missing: Iterable[MissingField]) -> list[Gap]:
    """Gaps for what is missing of one pull request or issue, over the days it was alive."""
    starts_on = payloads.day(payload["createdAt"])
    ends_on = payloads.day(payload["updatedAt"]) + timedelta(days=1)
    return [Gap(each.table, starts_on, ends_on, each.code, each.object_id) for each in dict.fromkeys(missing)]


def inventory_entry(kind: Kind, node: Mapping[str, Any]) -> Inventory:
    """What GitHub counts below a pull request or an issue; of a discussion, whether an answer is marked."""
    lists = {} if kind == "discussions" else {"comments": "comments"}
    if kind == "pull_requests":
        lists = {"reviews": "reviews", "dismissed": "dismissed", "threads": "reviewThreads", **lists}
    totals = [(name, payloads.total(node, theirs)) for name, theirs in lists.items()]
    if kind == "pull_requests":
        totals.append(("all_comments", node["totalCommentsCount"] or 0))
    if kind == "discussions":
        totals.append(("answers", 1 if node["answer"] else 0))
    return Inventory(kind, node["id"], payloads.day(node["createdAt"]), tuple(totals))


def _page(
    repository: Mapping[str, Any],
    connection: Mapping[str, Any],
    after: str | None,
    answer: GraphQLAnswer,
    gaps: tuple[Gap, ...] = (),
) -> Listed:
    nodes = tuple(node for node in connection["nodes"] if node)
    return Listed(repository, nodes, _next(connection, after), answer.answered_at, gaps)


def _next(connection: Mapping[str, Any], after: str | None) -> str | None:
    info = connection["pageInfo"]
    if not info["hasNextPage"]:
        return None
    if info["endCursor"] in (None, after):
        raise PayloadBroken("GitHub says that there are more pages, and not where")
    return str(info["endCursor"])


def _tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)
