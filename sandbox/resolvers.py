"""The schema with its resolvers: from a GraphQL field to what the world holds.

A field resolves to the attribute of the same name in snake case. Only lists, filters and look-ups have a
function of their own, in the tables at the foot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

from sandbox.graphql_context import Context, NotFound, repository_of
from sandbox.model import Account, Event, IdentityProvider, Issue, PullRequest, Repository, Review, Team
from sandbox.paging import Key, Page, page
from sandbox.search import Results, search
from sandbox.world import by_moment

Info = GraphQLResolveInfo[Any]


def by_update(item: Any) -> Key:
    return (item.updated_at, item.number, item.id)


def by_name(item: Any) -> Key:
    return (item.name.lower(), item.id)


def by_comments(item: Any) -> Key:
    return (len(item.comments), item.number, item.id)


@cache
def load_schema() -> GraphQLSchema:
    """The sandbox's schema, every field with its resolver; one for all servers of a process."""
    schema = build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                definition.resolve = _resolver(kind, name, get_named_type(definition.type))
        elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = lambda value, _info, _kind: value.typename
    big_number = schema.type_map["BigInt"]
    assert isinstance(big_number, GraphQLScalarType)
    big_number.coerce_output_value = str  # GitHub sends 64-bit numbers as text
    return schema


def _resolver(kind: GraphQLObjectType, name: str, answer: Any) -> Callable[..., Any]:
    own = FIELDS.get(f"{kind.name}.{name}") or FIELDS.get(f"*.{name}")
    if own:
        return own
    attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if answer.name.endswith("Connection"):
        return _listed(attribute, by_moment)
    if kind.name.endswith("Event") and name not in ("id", "actor", "createdAt"):
        return lambda event, _info, **_arguments: event.details.get(attribute)
    return lambda thing, _info, **_arguments: getattr(thing, attribute)


def _listed(attribute: str, key: Callable[[Any], Key]) -> Callable[..., Page]:
    """A connection over a list that already stands in the order of `key`."""

    def resolve(thing: Any, info: Info, **arguments: Any) -> Page:
        return _cut(info, getattr(thing, attribute), key, arguments)

    return resolve


def _listed_as_it_stands(attribute: str) -> Callable[..., Page]:
    """A connection over a list whose order is its own: the place in it is the sort key."""

    def resolve(thing: Any, info: Info, **arguments: Any) -> Page:
        items = getattr(thing, attribute)
        places = {id(item): place for place, item in enumerate(items)}
        return _cut(info, items, lambda item: (places[id(item)],), arguments)

    return resolve


def _cut(
    info: Info,
    items: list[Any],
    key: Callable[[Any], Key],
    arguments: dict[str, Any],
    *,
    descending: bool = False,
) -> Page:
    bounds = {name: arguments.get(name) for name in ("first", "last", "after", "before")}
    found = page(items, key, descending=descending, **bounds)
    info.context.nodes += len(found.nodes)
    return found


def _sorted(
    info: Info,
    items: list[Any],
    arguments: dict[str, Any],
    keys: Mapping[str, Callable[[Any], Key]],
    default: str,
) -> Page:
    order = arguments.get("order_by") or arguments.get("orderBy") or {}
    descending = order.get("direction") == "DESC"
    key = keys[order.get("field") or default]
    return _cut(info, sorted(items, key=key, reverse=descending), key, arguments, descending=descending)


NUMBERED_ORDERS = {
    "CREATED_AT": lambda item: (item.created_at, item.number, item.id),
    "UPDATED_AT": by_update,
    "COMMENTS": by_comments,
}
REPOSITORY_ORDERS = {
    "NAME": by_name,
    "CREATED_AT": lambda item: (item.created_at, item.id),
    "UPDATED_AT": lambda item: (item.updated_at, item.id),
    "PUSHED_AT": lambda item: (item.updated_at, item.id),
}


def _has_label(item: PullRequest | Issue, names: list[str]) -> bool:
    wanted = {name.lower() for name in names}
    return any(label.name.lower() in wanted for label in item.labels)


def _kept(items: list[Any], arguments: dict[str, Any]) -> list[Any]:
    """What the `states`, `labels` and `filterBy` arguments leave."""
    filters = {**arguments, **(arguments.get("filterBy") or {})}
    if states := filters.get("states"):
        items = [item for item in items if item.state in states]
    if labels := filters.get("labels"):
        items = [item for item in items if _has_label(item, labels)]
    if since := filters.get("since"):
        items = [item for item in items if item.updated_at >= since]
    for argument, attribute in (("baseRefName", "base_ref_name"), ("headRefName", "head_ref_name")):
        if wanted := filters.get(argument):
            items = [item for item in items if getattr(item, attribute) == wanted]
    if login := filters.get("createdBy"):
        items = [item for item in items if item.author and item.author.login.lower() == login.lower()]
    if login := filters.get("assignee"):
        items = [item for item in items if login.lower() in {who.login.lower() for who in item.assignees}]
    return items


def _pull_requests(repository: Repository, info: Info, **arguments: Any) -> Page:
    kept = _kept(repository.pull_requests, arguments)
    return _sorted(info, kept, arguments, NUMBERED_ORDERS, "CREATED_AT")


def _issues(repository: Repository, info: Info, **arguments: Any) -> Page:
    return _sorted(info, _kept(repository.issues, arguments), arguments, NUMBERED_ORDERS, "CREATED_AT")


def _repositories(owner: Account, info: Info, **arguments: Any) -> Page:
    kept = [repository for repository in owner.repositories if info.context.sees(repository)]
    for argument, attribute in (("isFork", "is_fork"), ("isArchived", "is_archived")):
        wanted = arguments.get(argument)
        if wanted is not None:
            kept = [repository for repository in kept if getattr(repository, attribute) == wanted]
    return _sorted(info, kept, arguments, REPOSITORY_ORDERS, "CREATED_AT")


def _reviews(pull: PullRequest, info: Info, **arguments: Any) -> Page:
    kept = pull.reviews
    if states := arguments.get("states"):
        kept = [review for review in kept if review.state in states]
    if author := arguments.get("author"):
        kept = [review for review in kept if review.author and review.author.login == author]
    return _cut(info, kept, by_moment, arguments)


def _latest_reviews(pull: PullRequest, info: Info, **arguments: Any) -> Page:
    latest: dict[str, Review] = {}
    for review in pull.reviews:
        if review.author and review.author is not pull.author and review.submitted_at:
            latest[review.author.id] = review
    return _cut(info, sorted(latest.values(), key=by_moment), by_moment, arguments)


def _timeline_type(item: Any) -> str:
    """`LabeledEvent` as `LABELED_EVENT`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", item.typename).upper()


def _timeline_items(thing: PullRequest | Issue, info: Info, **arguments: Any) -> Page:
    items: list[Any] = [*thing.events, *thing.comments]
    if isinstance(thing, PullRequest):
        items += [*thing.commits, *thing.reviews]
    else:
        items = [item for item in items if item.typename not in PULL_REQUEST_ONLY]
    if kinds := arguments.get("itemTypes"):
        items = [item for item in items if _timeline_type(item) in kinds]
    if since := arguments.get("since"):
        items = [item for item in items if item.created_at >= since]
    return _cut(info, sorted(items, key=by_moment), by_moment, arguments)


PULL_REQUEST_ONLY = frozenset({"MergedEvent", "ReadyForReviewEvent", "ConvertToDraftEvent"})


def _discussions(repository: Repository, info: Info, **arguments: Any) -> Page:
    return _sorted(info, repository.discussions, arguments, NUMBERED_ORDERS, "UPDATED_AT")


def _closing_pull_requests(issue: Issue, info: Info, **arguments: Any) -> Page:
    found = [pull for pull in issue.repository.pull_requests if issue in pull.closing]
    if not arguments.get("includeClosedPrs"):
        found = [pull for pull in found if pull.state != "CLOSED"]
    return _cut(info, found, by_moment, arguments)


def _found(info: Info, node_id: str) -> Any:
    """The node with this id; None when there is none that the token may see."""
    found = info.context.world.nodes.get(node_id)
    repository = repository_of(found)
    return found if repository is None or info.context.sees(repository) else None


def _node(_root: None, info: Info, id: str) -> Any:  # noqa: A002  # GitHub's argument name
    found = _found(info, id)
    if found is None:
        raise NotFound(f"Could not resolve to a node with the global id of '{id}'")
    return found


def _nodes(_root: None, info: Info, ids: list[str]) -> list[Any]:
    info.context.nodes += len(ids)
    return [
        _found(info, each) or NotFound(f"Could not resolve to a node with the global id of '{each}'")
        for each in ids
    ]


def _repository(_root: None, info: Info, owner: str, name: str, **_rest: Any) -> Repository:
    found: Repository | None = info.context.world.repositories.get(f"{owner}/{name}".lower())
    if found is None or not info.context.sees(found):
        raise NotFound(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return found


def _teams_of(organization: Account, info: Info) -> list[Team]:
    nodes = info.context.world.nodes.values()
    found = [node for node in nodes if isinstance(node, Team) and node.organization == organization.login]
    return sorted(found, key=by_name)


def _teams(organization: Account, info: Info, **arguments: Any) -> Page:
    return _cut(info, _teams_of(organization, info), by_name, arguments)


def _team(organization: Account, info: Info, slug: str) -> Team | None:
    return next((team for team in _teams_of(organization, info) if team.slug == slug), None)


def _identity_provider(organization: Account, info: Info) -> IdentityProvider | None:
    world = info.context.world
    if info.context.viewer.login not in world.owners:
        raise GraphQLError("Must have admin rights to the organization.", extensions={"type": "FORBIDDEN"})
    found: IdentityProvider | None = world.identity_providers.get(organization.login)
    return found


def _search(
    _root: None, info: Info, query: str, first: int = 0, after: str | None = None, **rest: Any
) -> Results:
    context: Context = info.context
    found = search(context.world, context.viewer, query, first, after, context.sees, rest["type"])
    context.nodes += len(found.nodes)
    return found


def _account(*kinds: str) -> Callable[..., Account]:
    def resolve(_root: None, info: Info, login: str) -> Account:
        found: Account | None = info.context.world.accounts.get(login.lower())
        if found is None or found.kind not in kinds:
            raise NotFound(f"Could not resolve to {' or '.join(kinds)} with the login of '{login}'.")
        return found

    return resolve


def _numbered(attribute: str, title: str) -> Callable[..., Any]:
    def resolve(repository: Repository, _info: Info, number: int) -> Any:
        for item in getattr(repository, attribute):
            if item.number == number:
                return item
        raise NotFound(f"Could not resolve to {title} with the number of {number}.")

    return resolve


@dataclass(frozen=True, slots=True)
class RateLimit:
    cost: int
    limit: int
    node_count: int
    remaining: int
    reset_at: str
    used: int


def _rate_limit(_root: None, info: Info, **_arguments: Any) -> RateLimit | None:
    context: Context = info.context
    budget = context.budget
    if budget.is_off:
        return None
    return RateLimit(
        context.points,
        budget.limit,
        context.possible_nodes,
        budget.remaining,
        budget.resets_at_text,
        budget.used,
    )


def _small_database_id(thing: Any, _info: Info) -> int | None:
    """The old 32-bit id; the Int type itself refuses a larger one, as GitHub does."""
    return getattr(thing, "database_id", None) or getattr(thing, "full_database_id", None)


def _is_true_in_details(event: Event, info: Info) -> bool:
    return bool(event.details.get(re.sub(r"(?<!^)(?=[A-Z])", "_", info.field_name).lower()))


FIELDS: dict[str, Callable[..., Any]] = {
    "Query.node": _node,
    "Query.nodes": _nodes,
    "Query.organization": _account("Organization"),
    "Query.rateLimit": _rate_limit,
    "Query.repository": _repository,
    "Query.repositoryOwner": _account("Organization", "User"),
    "Query.search": _search,
    "Organization.samlIdentityProvider": _identity_provider,
    "OrganizationIdentityProvider.externalIdentities": _listed_as_it_stands("external_identities"),
    "Organization.team": _team,
    "Organization.teams": _teams,
    "Team.members": _listed_as_it_stands("members"),
    "Query.user": _account("User"),
    "Query.viewer": lambda _root, info: info.context.viewer,
    "Repository.pullRequests": _pull_requests,
    "Repository.pullRequest": _numbered("pull_requests", "a PullRequest"),
    "Repository.issues": _issues,
    "Repository.discussions": _discussions,
    "Repository.issue": _numbered("issues", "an Issue"),
    "*.repositories": _repositories,
    "*.labels": _listed_as_it_stands("labels"),
    "*.assignees": _listed_as_it_stands("assignees"),
    "PullRequest.files": _listed_as_it_stands("files"),
    "PullRequest.commits": _listed_as_it_stands("commits"),
    "PullRequest.reviews": _reviews,
    "PullRequest.latestReviews": _latest_reviews,
    "PullRequest.reviewThreads": _listed("threads", by_moment),
    "PullRequest.closingIssuesReferences": _listed_as_it_stands("closing"),
    "PullRequestReview.onBehalfOf": _listed_as_it_stands("on_behalf_of"),
    "Commit.authors": _listed_as_it_stands("authors"),
    "Issue.closedByPullRequestsReferences": _closing_pull_requests,
    "*.timelineItems": _timeline_items,
    "*.databaseId": _small_database_id,
    "*.bodyText": lambda thing, _info: thing.body,
    "*.publishedAt": lambda thing, _info: thing.created_at,
    "*.lastEditedAt": lambda _thing, _info: None,
    "CrossReferencedEvent.referencedAt": lambda event, _info: event.created_at,
    "CrossReferencedEvent.isCrossRepository": _is_true_in_details,
    "CrossReferencedEvent.willCloseTarget": _is_true_in_details,
    "ConnectedEvent.isCrossRepository": _is_true_in_details,
    "MarkedAsDuplicateEvent.isCrossRepository": _is_true_in_details,
    "ClosedEvent.url": lambda event, _info: f"https://github.example/events/{event.id}",
}
