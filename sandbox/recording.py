"""What both recorded forms share while a world is read: accounts, repositories, labels, ids, commits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.commits import Commit, GitActor
from sandbox.model import Account, Issue, Label, PullRequest, Repository
from sandbox.world import World, number_for

_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[\w-]+(?:\[bot\])?)@users\.noreply\.github\.com", re.IGNORECASE)
_TRAILER = re.compile(
    r"^co-authored-by:\s*(?P<name>[^<]*?)\s*<(?P<email>[^>]+)>\s*$", re.IGNORECASE | re.MULTILINE
)
_SUFFIX = "[bot]"


class Recording:
    """Finds or makes what recorded payloads mention, in the world that is being read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._labels: dict[tuple[str, str], Label] = {}
        self._items: dict[tuple[str, str, int], PullRequest | Issue] = {}

    def account(self, who: Any) -> Account | None:
        """The account behind a REST user, a GraphQL author or a bare login; None for a deleted one."""
        if isinstance(who, str):
            who = {"login": who}
        if not isinstance(who, Mapping) or not who.get("login") or who["login"] == "ghost":
            return None
        login = str(who["login"])
        is_bot = login.endswith(_SUFFIX)
        login = login.removesuffix(_SUFFIX)
        known = self.world.accounts.get(login.lower())
        if known:
            return known
        kind = who.get("type") or who.get("__typename") or ("Bot" if is_bot else "User")
        node_id = who.get("node_id") or (who["id"] if isinstance(who.get("id"), str) else f"U_{login}")
        number = who["id"] if isinstance(who.get("id"), int) else number_for(node_id)
        return self.world.add_account(Account(node_id, login, kind, who.get("name"), database_id=number))

    def repository(self, name: str, payload: Mapping[str, Any] | None = None) -> Repository:
        """The repository of this `owner/name`, made when it is met for the first time."""
        known = self.world.repositories.get(name.lower())
        if known:
            return known
        payload = payload or {}
        owner_login, _, short = name.partition("/")
        owner = self.account(payload.get("owner") or {"login": owner_login, "type": "Organization"})
        assert owner is not None
        node_id = payload.get("node_id") or f"R_{name}"
        return self.world.add_repository(
            Repository(
                node_id,
                owner,
                short,
                database_id=payload.get("id") or number_for(node_id),
                is_archived=bool(payload.get("archived")),
                is_fork=bool(payload.get("fork")),
                created_at=payload.get("created_at") or "2008-01-01T00:00:00Z",
            )
        )

    def label(self, repository: Repository, payload: Any) -> Label:
        name = payload if isinstance(payload, str) else str(payload.get("name", ""))
        known = self._labels.get((repository.id, name.lower()))
        if known is None:
            details = payload if isinstance(payload, Mapping) else {}
            label_id = details.get("node_id") or f"LA_{repository.id}_{name}"
            known = Label(label_id, name, details.get("color") or "cccccc", details.get("description"))
            self._labels[repository.id, name.lower()] = known
            repository.labels.append(known)
            self.world.add(known)
        return known

    def keep(self, item: PullRequest | Issue) -> None:
        """Keep this pull request or issue; of two recordings of one, the one that was updated last."""
        key = (item.typename, item.repository.id, item.number)
        known = self._items.get(key)
        if known is None or known.updated_at <= item.updated_at:
            self._items[key] = item

    def commit(self, payload: Mapping[str, Any]) -> Commit:
        """A commit of a REST payload. Its authors have an account only where a noreply e-mail names one."""
        inner = payload.get("commit") or payload
        author, committer = inner.get("author") or {}, inner.get("committer") or {}
        message = inner.get("message") or ""
        date = committer.get("date") or author.get("date") or "1970-01-01T00:00:00Z"
        authors = [self._git_actor(author.get("name"), author.get("email"), author.get("date"))]
        authors += [
            self._git_actor(match["name"], match["email"], None) for match in _TRAILER.finditer(message)
        ]
        linked = self.account(payload.get("author")) if "commit" in payload else None
        authors[0].user = authors[0].user or linked
        oid = str(payload.get("sha") or payload.get("oid") or number_for(message))
        return Commit(
            payload.get("node_id") or f"C_{oid}",
            oid,
            date,
            message,
            authors,
            authored_date=author.get("date") or date,
            url=payload.get("html_url") or "https://github.example",
        )

    def _git_actor(self, name: str | None, email: str | None, date: str | None) -> GitActor:
        match = _NOREPLY.fullmatch(email or "")
        login = match["login"].removesuffix(_SUFFIX).lower() if match else ""
        user = self.world.accounts.get(login)
        return GitActor(name, email, user if user and user.kind == "User" else None, date)

    def item(self, repository: Repository, number: int) -> PullRequest | Issue | None:
        """The pull request or issue with this number, if it was recorded."""
        for kind in ("Issue", "PullRequest"):
            found = self._items.get((kind, repository.id, number))
            if found:
                return found
        return None

    def finish(self) -> World:
        """The world, with everything in its repository, in order, and findable."""
        for item in sorted(self._items.values(), key=lambda each: (each.created_at, each.number)):
            if isinstance(item, PullRequest):
                item.repository.pull_requests.append(item)
            else:
                item.repository.issues.append(item)
            self._drop_references_to_the_unknown(item)
            self.world.index(item)
        return self.world

    def _drop_references_to_the_unknown(self, item: PullRequest | Issue) -> None:
        kept = []
        for event in item.events:
            number = event.details.pop("source_number", None)
            if number is not None:
                source = self.item(item.repository, number)
                if source is None:
                    continue
                event.details |= {"source": source, "target": item}
            kept.append(event)
        item.events = kept


def listed(value: Any) -> list[Any]:
    """A list, whether it was recorded plain, as a connection, or not at all."""
    if isinstance(value, Mapping):
        value = value.get("nodes") or [edge.get("node") for edge in value.get("edges") or []]
    return [each for each in value or [] if each is not None]
