"""The GraphQL documents, each with the fragments it spreads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

DOCUMENTS = (
    "accounts",
    "alive",
    "below",
    "counted",
    "follow_ups",
    "hydrate",
    "identities",
    "incident_discussion_ids",
    "incident_discussions_by_id",
    "incident_ids",
    "incidents",
    "incidents_by_id",
    "listed",
    "more",
    "more_incident_events",
    "repositories",
    "search",
    "team_members",
    "teams",
    "threads",
    "titles",
)
"""Names of the files under `queries/` that are queries of their own."""


@cache
def document(name: str) -> str:
    """The query in `queries/{name}.graphql`, ready to send."""
    return _with_fragments(_text(name))


def heads(count: int) -> str:
    """One query that asks `count` repositories, `$owner0`/`$name0` and so on, what moved last in each.

    Discussions only where `$discuss0` and so on say so: a third list in fifty would be a second point.
    """
    declared = "".join(
        f", $owner{n}: String!, $name{n}: String!, $discuss{n}: Boolean!" for n in range(count)
    )
    asked = " ".join(
        f"r{n}: repository(owner: $owner{n}, name: $name{n})"
        f" {{ ...Head ...HeadOfDiscussions @include(if: $discuss{n}) }}"
        for n in range(count)
    )
    return _with_fragments(f"query Heads($first: Int!{declared}) {{ ...Price {asked} }}")


def there(count: int) -> str:
    """One query that asks whether `count` repositories, `$owner0`/`$name0` and so on, are there."""
    declared = ", ".join(f"$owner{n}: String!, $name{n}: String!" for n in range(count))
    asked = " ".join(f"r{n}: repository(owner: $owner{n}, name: $name{n}) {{ id }}" for n in range(count))
    return _with_fragments(f"query There({declared}) {{ ...Price {asked} }}")


def counts(count: int) -> str:
    """One query that asks how many results `count` searches, `$query0` of `$type0` and so on, have."""
    declared = ", ".join(f"$query{n}: String!, $type{n}: SearchType!" for n in range(count))
    asked = " ".join(
        f"s{n}: search(type: $type{n}, query: $query{n}) {{ issueCount discussionCount }}"
        for n in range(count)
    )
    return _with_fragments(f"query Counts({declared}) {{ ...Price {asked} }}")


def users(count: int) -> str:
    """One query that asks who `count` logins, `$login0` and so on, are."""
    declared = ", ".join(f"$login{n}: String!" for n in range(count))
    asked = " ".join(f"u{n}: user(login: $login{n}) {{ ...Actor }}" for n in range(count))
    return _with_fragments(f"query Users({declared}) {{ ...Price {asked} }}")


def _text(name: str) -> str:
    lines = files(__package__).joinpath("queries", f"{name}.graphql").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@cache
def _fragments() -> Mapping[str, str]:
    parts = re.split(r"^(?=fragment )", _text("fragments"), flags=re.MULTILINE)
    return {part.split()[1]: part.strip() for part in parts if part.startswith("fragment ")}


def _with_fragments(query: str) -> str:
    # GitHub refuses a document with a fragment that nothing spreads.
    wanted: dict[str, str] = {}
    unread = [query]
    while unread:
        for name in re.findall(r"\.\.\.(\w+)", unread.pop()):
            if name not in wanted:
                wanted[name] = _fragments()[name]
                unread.append(wanted[name])
    return "\n".join([query.strip(), *wanted.values()])
