"""One GraphQL request while it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from sandbox.budgets import Budget
from sandbox.model import Account, Repository
from sandbox.world import World


class Asked:
    """One request while it is answered: the world, who asks, and how many nodes it got."""

    __slots__ = ("budget", "nodes", "points", "possible_nodes", "sees", "viewer", "world")

    def __init__(
        self,
        world: World,
        viewer: Account,
        budget: Budget,
        points: int,
        possible_nodes: int,
        sees: Callable[[Repository], bool],
    ) -> None:
        self.world = world
        self.viewer = viewer
        self.budget = budget
        self.points = points
        self.possible_nodes = possible_nodes
        self.sees = sees
        """Whether whoever asks may know of a repository."""
        self.nodes = 0


class NotFound(GraphQLError):
    """GitHub's answer to an id, a login or a name it does not know; the rest of the data is kept."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"type": "NOT_FOUND"})


def home_of(node: Any) -> Repository | None:
    """The repository that something stands in, where it stands in one."""
    while node is not None and not isinstance(node, Repository):
        above = ("repository", "pull_request", "parent")
        node = next((getattr(node, name) for name in above if getattr(node, name, None)), None)
    return node
