"""What pull requests and issues are called: asked at the moment of showing, and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from connectors.github.api.client import MOST_IDS, Client
from connectors.github.api.documents import document
from connectors.github.settings import GitHubSettings


def titles(settings: GitHubSettings, ids: Sequence[str]) -> dict[str, str]:
    """Titles by node id, as the token of these settings may read them; what it may not is absent.

    A hundred a request. Raises Refused, Unreachable, RateLimited or PayloadBroken.
    """
    by_id: dict[str, str] = {}
    with closing(Client(settings)) as client:
        for start in range(0, len(ids), MOST_IDS):
            answer = client.graphql(document("titles"), {"ids": list(ids[start : start + MOST_IDS])})
            by_id |= {node["id"]: node["title"] for node in answer.data["nodes"] if node and "title" in node}
    return by_id
