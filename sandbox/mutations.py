"""Small changes to the world between two runs: each loses data for a connector that trusts `updatedAt` alone.

POST /_sandbox/mutate with `{"do": "late_review", ...}`; the answer names what was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.model import Account, Comment, Event, Issue, PullRequest, Review, ReviewComment
from sandbox.world import HasId, World, by_moment, number_for


class ImpossibleMutation(ValueError):
    """The change cannot be made; the message says what is missing."""


def mutate(world: World, request: Any) -> dict[str, Any]:
    """Make one change; the answer names the objects it touched. Raises ImpossibleMutation.

    `late_review`: {pull_request?, author?, state?, body?, at?, bump?}; `dismiss_review`: {review?, bump?};
    `delete_comment`: {comment?}; `delete_pull_request`: {pull_request}; `rename_login`: {login, to};
    `comment`: {parent, author?, body?, at?, bump?}; `bump`: {pull_request, at?}.
    """
    if not isinstance(request, dict) or request.get("do") not in _CHANGES:
        raise ImpossibleMutation(f"`do` must be one of {', '.join(_CHANGES)}.")
    options = {name: value for name, value in request.items() if name != "do"}
    try:
        return _CHANGES[request["do"]](world, **options)
    except TypeError as error:
        raise ImpossibleMutation(str(error).partition(") ")[2] or str(error)) from None


def now() -> str:
    """This second, as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bump(item: PullRequest | Issue, at: str, bump: bool) -> None:
    if bump:
        item.updated_at = max(item.updated_at, at)


def _pull_request(world: World, node_id: str | None) -> PullRequest:
    """The pull request with this id; without one, the merged one that was left alone the longest."""
    if node_id is not None:
        found = world.nodes.get(node_id)
        if not isinstance(found, PullRequest):
            raise ImpossibleMutation(f"there is no pull request with the id {node_id!r}.")
        return found
    pulls = [pull for repository in world.repositories.values() for pull in repository.pull_requests]
    merged = [pull for pull in pulls if pull.merged]
    if not merged:
        raise ImpossibleMutation("there is no merged pull request.")
    return min(merged, key=lambda pull: (pull.updated_at, pull.id))


def _person(world: World, login: str | None, *, other_than: Account | None) -> Account:
    if login is not None:
        found = world.accounts.get(login.lower())
        if found is None:
            raise ImpossibleMutation(f"nobody has the login {login!r}.")
        return found
    people = [who for who in world.accounts.values() if who.kind == "User" and who is not world.service]
    return min((who for who in people if who is not other_than), key=lambda who: who.login)


def _late_review(
    world: World,
    pull_request: str | None = None,
    author: str | None = None,
    state: str = "COMMENTED",
    body: str = "Looking at this again: does it still hold?",
    at: str | None = None,
    bump: bool = False,
) -> dict[str, Any]:
    pull = _pull_request(world, pull_request)
    moment = at or now()
    number = number_for(f"{pull.id}/late") + len(pull.reviews)
    who = _person(world, author, other_than=pull.author)
    review = Review(f"PRR_late_{number}", pull, who, state, moment, moment, body, number, moment)
    pull.reviews.append(review)
    pull.reviews.sort(key=by_moment)
    world.add(review)
    _bump(pull, moment, bump)
    return {"pull_request": pull.id, "review": review.id, "author": who.login}


def _dismiss_review(world: World, review: str | None = None, bump: bool = True) -> dict[str, Any]:
    found = world.nodes.get(review) if review else None
    if review is None:
        pulls = [pull for repository in world.repositories.values() for pull in repository.pull_requests]
        reviews = [each for pull in pulls for each in pull.reviews if each.state == "CHANGES_REQUESTED"]
        found = max(reviews, key=by_moment, default=None)
    if not isinstance(found, Review):
        raise ImpossibleMutation("there is no such review to dismiss.")
    previous, moment = found.state, now()
    found.state, found.updated_at = "DISMISSED", moment
    pull = found.pull_request
    details = {"review": found, "previous_review_state": previous, "dismissal_message": "Addressed."}
    event = Event(f"RDE_{found.id}", "ReviewDismissedEvent", pull.merged_by or pull.author, moment, details)
    pull.events.append(world.add(event))
    _bump(pull, moment, bump)
    return {"pull_request": pull.id, "review": found.id}


def _delete_comment(world: World, comment: str | None = None) -> dict[str, Any]:
    """A deletion leaves no trace and moves no `updatedAt`."""
    found = world.nodes.get(comment) if comment else None
    if comment is None:
        comments = [
            node for node in world.nodes.values() if isinstance(node, ReviewComment) and not node.reply_to
        ]
        found = min(comments, key=by_moment, default=None)
    if isinstance(found, Comment):
        found.parent.comments.remove(found)
        parent: PullRequest | Issue = found.parent
    elif isinstance(found, ReviewComment):
        parent = found.pull_request
        if found.review:
            found.review.comments.remove(found)
        for thread in [each for each in parent.threads if found in each.comments]:
            thread.comments.remove(found)
            if not thread.comments:
                parent.threads.remove(thread)
                del world.nodes[thread.id]
    else:
        raise ImpossibleMutation("there is no such comment to delete.")
    del world.nodes[found.id]
    return {"parent": parent.id, "comment": found.id}


def _delete_pull_request(world: World, pull_request: str) -> dict[str, Any]:
    pull = _pull_request(world, pull_request)
    pull.repository.pull_requests.remove(pull)
    parts: list[HasId] = [pull, *pull.reviews, *pull.threads, *pull.review_comments, *pull.comments]
    for part in parts:
        world.nodes.pop(part.id, None)
    return {"pull_request": pull.id}


def _rename_login(world: World, login: str, to: str) -> dict[str, Any]:
    """The node id stays; the old login is free, and somebody else may take it."""
    who = _person(world, login, other_than=None)
    if to.lower() in world.accounts:
        raise ImpossibleMutation(f"the login {to!r} is taken.")
    del world.accounts[who.login.lower()]
    who.login = to
    world.accounts[to.lower()] = who
    return {"account": who.id, "login": to}


def _add_comment(
    world: World,
    parent: str,
    author: str | None = None,
    body: str = "One more thought.",
    at: str | None = None,
    bump: bool = True,
) -> dict[str, Any]:
    item = world.nodes.get(parent)
    if not isinstance(item, PullRequest | Issue):
        raise ImpossibleMutation(f"there is no pull request or issue with the id {parent!r}.")
    moment = at or now()
    number = number_for(f"{item.id}/late comments") + len(item.comments)
    who = _person(world, author, other_than=item.author)
    comment = Comment(f"IC_late_{number}", who, moment, body, item, number, moment)
    item.comments.append(world.add(comment))
    item.comments.sort(key=by_moment)
    _bump(item, moment, bump)
    return {"parent": item.id, "comment": comment.id, "author": who.login}


def _touch(world: World, pull_request: str | None = None, at: str | None = None) -> dict[str, Any]:
    pull = _pull_request(world, pull_request)
    _bump(pull, at or now(), True)
    return {"pull_request": pull.id, "updated_at": pull.updated_at}


_CHANGES: dict[str, Callable[..., dict[str, Any]]] = {
    "late_review": _late_review,
    "dismiss_review": _dismiss_review,
    "delete_comment": _delete_comment,
    "delete_pull_request": _delete_pull_request,
    "rename_login": _rename_login,
    "comment": _add_comment,
    "bump": _touch,
}
