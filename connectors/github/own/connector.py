"""GitHub, as one person sees it: what the owner of a token did, and nothing beyond it.

Source: GraphQL search of github.com or an Enterprise Server, with a person's own token.
Cursor: JSON: the moment up to which everything was read, and the first day that was ever asked about.
Yields: Repository, PullRequest, Issue and Discussion, each complete: those that the person opened, reviewed,
    commented or is assigned to, the issues that their pull requests close, and the discussions that they
    opened or answered.
Never: logins of anybody else; titles, bodies, messages, label text, branch names, e-mail addresses; exact
    times.
Raises: Refused, Unreachable, RateLimited, PayloadBroken, each after the last complete batch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.contract import Connector
from connectors.errors import Refused
from connectors.github import payloads
from connectors.github.api.client import Client
from connectors.github.connector import GitHub
from connectors.github.cursor import OVERLAP, iso
from connectors.github.listing import Head, Pages, inventory_entry
from connectors.github.own.search import Search, SliceResult
from connectors.github.query_batches import KINDS, Kind
from connectors.github.settings import GitHubSettings
from connectors.records import Account, Batch, Gap, Inventory, Repository

SCOPE = "own"
VERSION = 1
HYDRATED_AT_ONCE = 100

COMPLETE_TABLES = frozenset(
    {
        "repositories",
        "pull_requests",
        "closing_references",
        "incident_references",
        "commits",
        "reviews",
        "review_threads",
        "review_comments",
        "comments",
        "issues",
        "issue_assignees",
        "discussions",
    }
)
"""Tables of which search finds every row that this person is in.

There is no search for co-authors of commits, or for who labelled an issue: those rows come where
they stand on something that was found for another reason. Nor is there one for who marked an answer, on
which no signal rests.
"""
MOST_PLACES_ASKED = 20


class GitHubOwn(Connector):
    """The connector of personal mode. Close it, or use it in a `with`, to close its connections."""

    source = "github"
    yields: tuple[str, ...] = tuple(table for table in GitHub.yields if table in COMPLETE_TABLES)

    def __init__(
        self, settings: GitHubSettings, owner: Account, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.since: date = settings.starts_on
        self.owner = owner
        if not settings.discussions:
            self.yields = tuple(table for table in self.yields if table != "discussions")
        self._kinds = tuple(kind for kind in KINDS if kind in self.yields)
        self._client = Client(settings, pause)
        self._pages = Pages(self._client, settings)
        self._search = Search(self._client, pause, owner.login, self._kinds)
        self._github = GitHub(settings, pause)
        self._listed: list[SliceResult] | None = None
        self._limits: tuple[Gap, ...] = ()
        self.planned = 0
        """How many objects the running fetch has to read."""

    def close(self) -> None:
        """Closes every connection."""
        self._github.close()
        self._client.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far."""
        requests, points = self._github.spent()
        return self._client.requests + requests, self._client.points + points

    def scopes(self) -> Sequence[str]:
        """The one scope there is, once it is known how far the token reaches."""
        user, headers = self._client.reply("/user")
        if not isinstance(user, dict) or user.get("node_id") != self.owner.account_id:
            raise Refused(f"{self._client.host} says that the token is somebody else's by now; run again")
        codes = []
        scopes = headers.get("x-oauth-scopes")
        if scopes is not None and "repo" not in {scope.strip() for scope in scopes.split(",")}:
            codes.append("token_without_repo_scope")
        _, headers = self._client.reply("/search/issues?q=is:pr+author:@me&per_page=1")
        if "partial-results" in headers.get("x-github-sso", ""):
            codes.append("single_sign_on_missing")
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        self._limits = tuple(Gap(kind, self.since, tomorrow, code) for code in codes for kind in self._kinds)
        return (SCOPE,)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:  # noqa: ARG002  there is one scope
        """What changed since `cursor`, a batch at a time; without one, everything since `since`.

        The cursor comes with the first batch: whatever a run that ends early has not read is missing in the
        store, and the inventory of the next one names it.
        """
        until: str | None = None
        if cursor is not None and (written := json.loads(cursor)).get("version") == VERSION:
            until = written["until"]
            # Days that were read once are read again: their objects would look deleted otherwise.
            self.since = min(self.since, date.fromisoformat(written["since"]))
        slices = self._listing()
        assert self._search.answered_at is not None
        cursor = json.dumps(
            {"version": VERSION, "since": self.since.isoformat(), "until": iso(self._search.answered_at)}
        )
        gaps = (
            *self._limits,
            *(gap for each in slices for gap in each.gaps),
            *self._kept_from_the_token(slices),
        )
        yield self._batch(Batch(tuple(_repositories(slices)), cursor, gaps))
        floor = iso(payloads.moment(until) - OVERLAP) if until else ""
        by_kind = {
            kind: [node for node in _once(slices, kind) if node["updatedAt"] >= floor] for kind in self._kinds
        }
        self.planned = sum(map(len, by_kind.values()))
        for kind, nodes in by_kind.items():
            # the newest first: a run that ends early has what is written about now
            newest = sorted(nodes, key=lambda node: str(node["createdAt"]), reverse=True)
            yield from self.hydrate(SCOPE, kind, [node["id"] for node in newest])

    def inventory(self, scope: str) -> Iterator[Inventory]:  # noqa: ARG002  there is one scope
        """Whatever search counts, with what GitHub counts below it."""
        slices = self._listing()
        self._listed = None  # a second call asks again
        for kind in self._kinds:
            for node in _once(slices, kind):
                yield inventory_entry(kind, node)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects, complete, with nobody's login but the owner's."""
        for start in range(0, len(object_ids), HYDRATED_AT_ONCE):
            chunk = object_ids[start : start + HYDRATED_AT_ONCE]
            for batch in self._github.hydrate(scope, kind, chunk):
                yield self._batch(batch)

    def _kept_from_the_token(self, slices: Sequence[SliceResult]) -> Iterator[Gap]:
        """A gap if it may not read discussions where the person works: search omits them without a word."""
        places = list(dict.fromkeys(place.name for place in _repositories(slices)))
        if places and "discussions" in self._kinds:
            for head in self._pages.heads(places[:MOST_PLACES_ASKED]).values():
                if isinstance(head, Head) and (listed := head.listed.get("discussions")):
                    yield from listed.gaps

    def _listing(self) -> list[SliceResult]:
        if self._listed is None:
            self._search.answered_at = None
            self._listed = list(self._search.own(self.since))
        return self._listed

    def _batch(self, batch: Batch) -> Batch:
        return replace(batch, roots=_nameless(batch.roots, self.owner.account_id))


def _once(slices: Sequence[SliceResult], kind: Kind) -> list[dict[str, Any]]:
    """Each object of a kind once; the issues that pull requests close are among the issues."""
    nodes = [node for each in slices if each.slice.kind == kind for node in each.nodes]
    if kind == "issues":
        pulls = [node for each in slices if each.slice.is_own_work for node in each.nodes]
        nodes += [issue for pull in pulls for issue in payloads.nodes(pull, "closingIssuesReferences")]
    return list({node["id"]: node for node in nodes}.values())


def _repositories(slices: Sequence[SliceResult]) -> Iterator[Repository]:
    repositories = [node["repository"] for kind in KINDS for node in _once(slices, kind)]
    yield from {payload["id"]: payloads.repository(payload) for payload in repositories}.values()


def _nameless(value: Any, owner_id: str) -> Any:
    """The same without any login but the owner's."""
    if isinstance(value, Account):
        return value if value.account_id == owner_id else replace(value, login="")
    if isinstance(value, tuple):
        return tuple(_nameless(each, owner_id) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {part.name: _nameless(getattr(value, part.name), owner_id) for part in fields(value)}
        return replace(value, **changed)
    return value
