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
    """The first page of each list of `count` repositories, `$owner0`/`$name0` and so on.

    Discussions only where `$discuss0` and so on say so: a third list in fifty would be a second point.
    """
    return _repeated(
        "Heads",
        count,
        "$owner#: String!, $name#: String!, $discuss#: Boolean!",
        "r#: repository(owner: $owner#, name: $name#)"
        " { ...Head ...HeadOfDiscussions @include(if: $discuss#) }",
        "$first: Int!, ",
    )


def there(count: int) -> str:
    """The ids of `count` repositories, `$owner0`/`$name0` and so on."""
    return _repeated(
        "There",
        count,
        "$owner#: String!, $name#: String!",
        "r#: repository(owner: $owner#, name: $name#) { id }",
    )


def counts(count: int) -> str:
    """How many results `count` searches, `$query0` of `$type0` and so on, have."""
    return _repeated(
        "Counts",
        count,
        "$query#: String!, $type#: SearchType!",
        "s#: search(type: $type#, query: $query#) { issueCount discussionCount }",
    )


def users(count: int) -> str:
    """The accounts of `count` logins, `$login0` and so on."""
    return _repeated("Users", count, "$login#: String!", "u#: user(login: $login#) { ...Actor }")


def _repeated(name: str, count: int, variables: str, field: str, first: str = "") -> str:
    """One query with `count` times the same field; `#` stands for its number."""
    declared = ", ".join(variables.replace("#", str(n)) for n in range(count))
    fields = " ".join(field.replace("#", str(n)) for n in range(count))
    return _with_fragments(f"query {name}({first}{declared}) {{ ...Price {fields} }}")


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
