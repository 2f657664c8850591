"""Pages of pull requests and issues, whatever it takes: smaller pages, one object at a time, by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from connectors.errors import PayloadBroken, Refused
from connectors.github import payloads
from connectors.github.client import Answer, Client, Page
from connectors.github.documents import document
from connectors.github.progress import iso
from connectors.github.settings import GitHubSettings
from connectors.github.transport import TooHeavy
from connectors.github.whole import FEW_IN_A_LIST, MOST_IN_A_LIST, Hole, holes_of, objects_by_id
from connectors.records import Gap, Inventory

Kind = Literal["pull_requests", "issues"]
KINDS: tuple[Kind, ...] = ("pull_requests", "issues")
CONNECTIONS: Mapping[Kind, str] = {"pull_requests": "pullRequests", "issues": "issues"}
SWEPT_AT_ONCE = 100
MOST_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a repository's list."""

    repository: Mapping[str, Any]
    """Empty where `is_refused`."""
    nodes: tuple[dict[str, Any], ...]
    after: str | None
    """The page to go on from; None at the end of the list."""
    said_at: datetime
    gaps: tuple[Gap, ...] = ()
    lists: int = MOST_IN_A_LIST
    """How much of a nested list to ask for at once."""
    is_refused: bool = False
    """The whole list may not be read: nothing is known about what it holds."""


class Pages:
    """What GitHub lists, in pages that it can give."""

    def __init__(self, client: Client, settings: GitHubSettings) -> None:
        self._client = client
        self._settings = settings
        self._sizes: dict[tuple[str, Kind], Page] = {}

    def size(self, scope: str, kind: Kind) -> Page:
        """The page size that this repository's list can bear."""
        # An issue has fewer lists than a pull request and no files: twice as many are as quick.
        most = self._settings.page_size if kind == "pull_requests" else min(100, 2 * self._settings.page_size)
        return self._sizes.setdefault((scope, kind), Page(most))

    def listed(self, scope: str, kind: Kind, after: str | None, page: Page) -> Listed:
        """The next page. Raises CursorRefused where GitHub no longer knows `after`."""
        variables = {**_owner_and_name(scope), "after": after, "lists": MOST_IN_A_LIST}
        try:
            answer = self._client.graphql(document(kind), variables, page)
        except TooHeavy:
            return self._one(scope, kind, after)
        repository, connection = self._connection(answer, scope, kind)
        if connection is None:
            code = next(iter(answer.refused.values()), "truncated")
            gaps = [self.gap(kind, code)]
            return Listed(repository, (), None, answer.said_at, tuple(gaps), is_refused=True)
        found: list[dict[str, Any]] = []
        gaps = []
        for index, node in enumerate(connection["nodes"]):
            where = ("repository", CONNECTIONS[kind], "nodes", index)
            if node is not None:
                found.append(node)
                gaps += gaps_of(node, holes_of(answer, where, node["id"], kind))
            else:
                code = next(iter(answer.refused_below(*where).values()), "truncated")
                again, holes = self._once_more(scope, kind, after, index, code)
                found += again
                gaps += holes
        return Listed(repository, tuple(found), _next(connection, after), answer.said_at, tuple(gaps))

    def by_id(
        self, kind: Kind, ids: Sequence[str], lists: int = MOST_IN_A_LIST
    ) -> tuple[list[dict[str, Any]], list[Gap], list[str]]:
        """These objects, what of them could not be had, and the ids of those that no longer exist."""
        part = "pulls" if kind == "pull_requests" else "issues"
        told = objects_by_id(self._client, document("hydrate"), {"pulls": [], "issues": []}, part, ids, lists)
        gaps = [self.gap(kind, code, object_id) for object_id, code in told.refused.items()]
        for node in told.found:
            gaps += gaps_of(node, (hole for hole in told.holes(kind) if hole.object_id == node["id"]))
        return told.found, gaps, told.gone

    def inventory(self, scope: str) -> list[Inventory]:
        """Every pull request and issue updated since `since`, with what GitHub counts below it."""
        found: dict[str, Inventory] = {}
        page = Page(SWEPT_AT_ONCE)
        floor = iso(datetime.combine(self._settings.starts_on, time(), UTC))
        for _ in range(MOST_SWEEPS):
            started, requests = self._sweep(scope, floor, page, found)
            if requests == 1:
                break
            # What was updated meanwhile moved to the head, behind the sweep.
            floor = started
        return list(found.values())

    def repositories_of(self, owner: str) -> Iterator[tuple[str, bool]]:
        """Full names of an organisation's repositories, and whether the settings let each in."""
        after: str | None = None
        wanted = self._settings
        while True:
            variables = {"owner": owner, "after": after, "isFork": None if wanted.forks == "all" else False}
            answer = self._client.graphql(document("repositories"), variables)
            if answer.data["repositoryOwner"] is None:
                raise Refused(
                    f"{self._client.host} knows no organisation {owner!r} that these credentials can read; "
                    "check organisations and what the token may read"
                )
            connection = answer.data["repositoryOwner"]["repositories"]
            for node in payloads.nodes({"it": connection}, "it"):
                archived = node["archivedAt"]
                if wanted.archived == "recent" and archived:
                    archived = None if payloads.day(archived) >= wanted.starts_on else archived
                is_wanted = archived is None or wanted.archived == "all"
                is_wanted = is_wanted and not node["isDisabled"] and wanted.lets_in(node["nameWithOwner"])
                yield node["nameWithOwner"], is_wanted
            after = _next(connection, after)
            if after is None:
                return

    def not_there(self, scope: str, code: str) -> str:
        """The sentence for a repository that GitHub does not give."""
        return (
            f"{self._client.host} gives no repository {scope!r} to these credentials ({code}); "
            "check the name and what the token may read"
        )

    def gap(self, kind: str, reason: str, object_id: str | None = None) -> Gap:
        """A gap over every day there is, for what cannot be dated."""
        return Gap(kind, self._settings.starts_on, _tomorrow(), reason, object_id)

    def _one(self, scope: str, kind: Kind, after: str | None) -> Listed:
        """The next object alone, when even a page of one is too heavy: by id, in small lists, or as a gap."""
        answer = self._light(scope, kind, after, 1)
        repository, connection = self._connection(answer, scope, kind)
        if connection is None:
            raise PayloadBroken(f"{self._client.host} does not list the {kind} of {scope!r}")
        nodes = [node for node in connection["nodes"] if node]
        if not nodes:
            return Listed(repository, (), _next(connection, after), answer.said_at)
        found, gaps, _ = self.by_id(kind, [nodes[0]["id"]], FEW_IN_A_LIST)
        if gaps and not found:
            gaps = gaps_of(nodes[0], [Hole(nodes[0]["id"], kind, gaps[0].reason)])
        return Listed(
            repository, tuple(found), _next(connection, after), answer.said_at, tuple(gaps), FEW_IN_A_LIST
        )

    def _once_more(
        self, scope: str, kind: Kind, after: str | None, index: int, code: str
    ) -> tuple[list[dict[str, Any]], list[Gap]]:
        """An object that came as null, by its id; or the gap for it, with id and days if those are told."""
        try:
            answer = self._light(scope, kind, after, index + 1)
        except (TooHeavy, Refused):
            return [], [self.gap(kind, code)]
        _, connection = self._connection(answer, scope, kind)
        told = ((connection or {}).get("nodes") or [])[index : index + 1]
        if not told or told[0] is None:
            return [], [self.gap(kind, code)]
        found, gaps, _ = self.by_id(kind, [told[0]["id"]])
        return found, gaps if found else gaps_of(told[0], [Hole(told[0]["id"], kind, code)])

    def _light(self, scope: str, kind: Kind, after: str | None, first: int) -> Answer:
        is_pulls = kind == "pull_requests"
        variables: dict[str, Any] = {"withPulls": is_pulls, "withIssues": not is_pulls, "first": first}
        variables |= {"pullsAfter" if is_pulls else "issuesAfter": after, **_owner_and_name(scope)}
        return self._client.graphql(document("inventory"), variables, tries=4, is_last_resort=True)

    def _sweep(self, scope: str, floor: str, page: Page, found: dict[str, Inventory]) -> tuple[str, int]:
        """Adds what was updated since `floor`; the moment the sweep started, and the requests it took."""
        started, requests = "", 0
        after: dict[Kind, str | None] = dict.fromkeys(KINDS)
        unfinished = set(KINDS)
        while unfinished:
            variables = {
                **_owner_and_name(scope),
                "withPulls": "pull_requests" in unfinished,
                "pullsAfter": after["pull_requests"],
                "withIssues": "issues" in unfinished,
                "issuesAfter": after["issues"],
            }
            answer = self._client.graphql(document("inventory"), variables, page)
            started = started or iso(answer.said_at)
            requests += 1
            for kind in sorted(unfinished):
                _, connection = self._connection(answer, scope, kind)
                if connection is None:
                    # To go on would read as "there are none".
                    raise Refused(
                        f"{self._client.host} does not list the {kind} of {scope!r}; check the token"
                    )
                nodes = [node for node in connection["nodes"] if node]
                fresh = [node for node in nodes if node["updatedAt"] >= floor]
                found |= {node["id"]: counted(kind, node) for node in fresh}
                after[kind] = _next(connection, after[kind])
                if after[kind] is None or len(fresh) < len(nodes):
                    unfinished.discard(kind)
        return started, requests

    def _connection(
        self, answer: Answer, scope: str, kind: Kind
    ) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        repository = answer.data["repository"]
        if repository is None:
            # A list may never be null: where one may not be read, the whole repository becomes null.
            where, code = next(iter(answer.refused.items()), ((), "not_found"))
            if where[1:2] == (CONNECTIONS[kind],):
                return {}, None
            raise Refused(self.not_there(scope, code))
        connection = repository.get(CONNECTIONS[kind])
        if connection is None and not answer.refused:
            raise PayloadBroken(f"{self._client.host} left the {kind} of {scope!r} out of its answer")
        return repository, connection


def gaps_of(payload: Mapping[str, Any], holes: Iterable[Hole]) -> list[Gap]:
    """Gaps for the holes of one pull request or issue, over the days it was alive."""
    starts_on = payloads.day(payload["createdAt"])
    ends_on = payloads.day(payload["updatedAt"]) + timedelta(days=1)
    return [Gap(hole.table, starts_on, ends_on, hole.code, hole.object_id) for hole in dict.fromkeys(holes)]


def counted(kind: Kind, node: Mapping[str, Any]) -> Inventory:
    """What GitHub counts below a pull request or an issue."""
    lists = {"comments": "comments"}
    if kind == "pull_requests":
        lists = {"reviews": "reviews", "threads": "reviewThreads", **lists}
    return Inventory(
        kind=kind,
        object_id=node["id"],
        created_on=payloads.day(node["createdAt"]),
        totals=tuple((name, payloads.total(node, theirs)) for name, theirs in lists.items()),
    )


def _next(connection: Mapping[str, Any], after: str | None) -> str | None:
    info = connection["pageInfo"]
    if not info["hasNextPage"]:
        return None
    if info["endCursor"] in (None, after):
        raise PayloadBroken("GitHub says that there are more pages, and not where")
    return str(info["endCursor"])


def _owner_and_name(scope: str) -> dict[str, Any]:
    owner, name = scope.split("/")
    return {"owner": owner, "name": name}


def _tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)
