"""Search for pull requests and issues, or for discussions, with the limits of GitHub's.

It never gives more than a thousand results, however many there are; it pages by place, so what is updated
meanwhile repeats or is skipped; its index lags behind the world; and of organisations that ask for single
sign-on it gives nothing; REST says so in a header, GraphQL does not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import GraphQLError

from sandbox.discussions import Discussion
from sandbox.model import Account, Issue, PullRequest, Repository
from sandbox.paging import InvalidCursor, PageInfo
from sandbox.world import World

MOST_RESULTS = 1_000
Item = PullRequest | Issue | Discussion
Test = Callable[[Item], bool]
Sees = Callable[[Repository], bool]
"""Whether the token may know of a repository."""


class UnknownQualifier(GraphQLError):
    """A word of the query that this search does not know."""


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what was found, and how much there is in all."""

    nodes: list[Item]
    issue_count: int
    page_info: PageInfo
    code_count: int = 0
    discussion_count: int = 0
    repository_count: int = 0
    user_count: int = 0
    wiki_count: int = 0


def search(
    world: World, viewer: Account, query: str, first: int, after: str | None, sees: Sees, kind: str
) -> Results:
    """The next `first` results of a query. Raises UnknownQualifier or InvalidCursor."""
    found = matching(world, viewer, query, sees, kind)
    reachable = found[:MOST_RESULTS]
    start = _place(after) if after else 0
    end = min(len(reachable), start + first)
    nodes = reachable[start:end]
    info = PageInfo(
        has_next_page=end < len(reachable),
        has_previous_page=start > 0,
        start_cursor=_cursor(start + 1) if nodes else None,
        end_cursor=_cursor(end) if nodes else None,
    )
    if kind == "DISCUSSION":
        return Results(nodes, 0, info, discussion_count=len(found))
    return Results(nodes, len(found), info)


def matching(
    world: World, viewer: Account, query: str, sees: Sees = lambda _: True, kind: str = "ISSUE"
) -> list[Item]:
    """Everything the index knows that fits the query, in its order."""
    known_until = _text(datetime.now(UTC) - timedelta(seconds=world.search_lag_seconds))
    tests: list[Test] = []
    order = "created-desc"
    for word in re.findall(r'(?:[^\s"]|"[^"]*")+', query):
        name, colon, value = word.lstrip("-").partition(":")
        value = value.strip('"')
        if name == "sort" and colon:
            order = value
            continue
        if kind == "DISCUSSION" and value == "@me":
            raise UnknownQualifier("that '@me' works for discussions is written nowhere")
        test = _test(name if colon else "", value if colon else word, viewer, known_until)
        tests.append(test if not word.startswith("-") else _not(test))
    hidden = {login.lower() for login in world.sso_organisations} if viewer is not world.service else set()
    found = [
        item
        for item in _everything(world, kind)
        if item.created_at <= known_until
        and item.repository.owner.login.lower() not in hidden
        and sees(item.repository)
        and all(test(item) for test in tests)
    ]
    field, _, direction = order.partition("-")
    if field not in ("created", "updated"):
        raise UnknownQualifier(f"this search cannot sort by {field!r}")
    found.sort(key=lambda item: (getattr(item, f"{field}_at"), item.id), reverse=direction != "asc")
    return found


def _everything(world: World, kind: str) -> Iterator[Item]:
    for repository in dict.fromkeys(world.repositories.values()):
        if kind == "DISCUSSION":
            yield from repository.discussions
        else:
            yield from repository.pull_requests
            yield from repository.issues


def _test(name: str, value: str, viewer: Account, known_until: str) -> Test:
    login = viewer.login.lower() if value == "@me" else value.lower()

    def is_it(who: Account | None) -> bool:
        return who is not None and who.login.lower() == login

    def wrote_before(parts: Sequence[Any]) -> bool:
        return any(is_it(part.author) and part.created_at <= known_until for part in parts)

    match name:
        case "":
            words = value.strip('"').lower()
            return lambda item: words in f"{item.title}\n{item.body}".lower()
        case "is" | "type":
            return _is(value)
        case "repo":
            return lambda item: item.repository.name_with_owner.lower() == login
        case "org" | "user":
            return lambda item: item.repository.owner.login.lower() == login
        case "author":
            return lambda item: is_it(item.author)
        case "assignee":
            return lambda item: any(is_it(who) for who in _assignees(item))
        case "commenter":
            return lambda item: wrote_before(_said_in(item))
        case "answered-by":
            return lambda item: (
                isinstance(item, Discussion)
                and item.answer is not None
                and is_it(item.answer.author)
                and (item.answer_chosen_at or "") <= known_until
            )
        case "mentions":
            return lambda item: _mentions(item, login)
        case "involves":
            return lambda item: (
                is_it(item.author)
                or any(is_it(who) for who in _assignees(item))
                or wrote_before(_said_in(item))
                or _mentions(item, login)
            )
        case "reviewed-by":
            return lambda item: (
                isinstance(item, PullRequest)
                and wrote_before([review for review in item.reviews if review.submitted_at])
            )
        case "created" | "updated" | "closed" | "merged":
            return _within(name, value, known_until)
    raise UnknownQualifier(f"this search does not know {name!r}")


def _is(value: str) -> Test:
    match value:
        case "pr":
            return lambda item: isinstance(item, PullRequest)
        case "issue":
            return lambda item: isinstance(item, Issue)
        case "open" | "closed":
            return lambda item: item.closed == (value == "closed")
        case "merged":
            return lambda item: isinstance(item, PullRequest) and item.merged
    raise UnknownQualifier(f"this search does not know 'is:{value}'")


def _within(name: str, value: str, known_until: str) -> Test:
    first, last = _span(value)

    def test(item: Item) -> bool:
        moment = getattr(item, f"{name}_at", None)
        if moment is not None and name == "updated":
            moment = min(moment, known_until)
        return moment is not None and first <= moment <= last

    return test


def _span(value: str) -> tuple[str, str]:
    """The first and the last moment of `A..B`, `>=A`, `<B` or `A`; a day stands for all of it."""
    begin, end = "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    if ".." in value:
        first, _, last = value.partition("..")
        return (
            begin if first == "*" else _first_moment(first),
            end if last == "*" else _last_moment(last),
        )
    match re.fullmatch(r"([<>]=?)?(.+)", value):
        case None:
            raise UnknownQualifier(f"{value!r} is no span of time")
        case parts if parts[1] == ">=":
            return _first_moment(parts[2]), end
        case parts if parts[1] == ">":
            return _moved(_last_moment(parts[2]), 1), end
        case parts if parts[1] == "<=":
            return begin, _last_moment(parts[2])
        case parts if parts[1] == "<":
            return begin, _moved(_first_moment(parts[2]), -1)
        case parts:
            return _first_moment(parts[2]), _last_moment(parts[2])


def _first_moment(text: str) -> str:
    return f"{text}T00:00:00Z" if len(text) == len("2026-01-01") else _text(datetime.fromisoformat(text))


def _last_moment(text: str) -> str:
    return f"{text}T23:59:59Z" if len(text) == len("2026-01-01") else _text(datetime.fromisoformat(text))


def _moved(moment: str, seconds: int) -> str:
    return _text(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mentions(item: Item, login: str) -> bool:
    texts = [item.body, *(comment.body for comment in _said_in(item))]
    return any(f"@{login}" in text.lower() for text in texts)


def _assignees(item: Item) -> Sequence[Account]:
    return () if isinstance(item, Discussion) else item.assignees


def _said_in(item: Item) -> list[Any]:
    """Its comments, and the replies to those of a discussion."""
    if isinstance(item, Discussion):
        return [said for comment in item.comments for said in (comment, *comment.replies)]
    return [*item.comments]


def _not(test: Test) -> Test:
    return lambda item: not test(item)


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:"))
    except ValueError:
        raise InvalidCursor(f"`{cursor}` does not appear to be a valid cursor.") from None
