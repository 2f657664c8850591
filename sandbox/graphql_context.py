"""What resolvers know of the GraphQL request that they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from sandbox.budgets import Budget
from sandbox.model import Account, Repository
from sandbox.world import World


@dataclass(slots=True)
class Context:
    world: World
    viewer: Account
    budget: Budget
    points: int
    possible_nodes: int
    sees: Callable[[Repository], bool]
    """Whether the token may know of a repository."""
    nodes: int = 0
    """Nodes answered so far."""


class NotFound(GraphQLError):
    """GitHub's answer to an unknown id, login or name; the rest of the data is kept."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"type": "NOT_FOUND"})


def repository_of(node: Any) -> Repository | None:
    """The repository that a node belongs to, if it belongs to one."""
    while node is not None and not isinstance(node, Repository):
        above = ("repository", "pull_request", "parent")
        node = next((getattr(node, name) for name in above if getattr(node, name, None)), None)
    return node
