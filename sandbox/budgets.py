"""Rate limits: each token has one budget an hour for REST and one for GraphQL, as on GitHub."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

HOUR = 3600


@dataclass(slots=True)
class Budget:
    """One token's budget for one resource (`core` or `graphql`)."""

    resource: str
    limit: int = 5_000
    used: int = 0
    resets_at: int = field(default_factory=lambda: int(time.time()) + HOUR)

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def resets_at_text(self) -> str:
        return datetime.fromtimestamp(self.resets_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def is_off(self) -> bool:
        """Whether there is no limit at all, as on an Enterprise Server that has none."""
        return self.limit == 0

    def spend(self, points: int) -> bool:
        """Take the points; False, and nothing taken, when fewer are left."""
        if self.is_off:
            return True
        if time.time() >= self.resets_at:
            self.used, self.resets_at = 0, int(time.time()) + HOUR
        if points > self.remaining:
            return False
        self.used += points
        return True

    def headers(self) -> Mapping[str, str]:
        if self.is_off:
            return {}
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(self.resets_at),
            "x-ratelimit-resource": self.resource,
        }

    def body(self) -> Mapping[str, int]:
        return {"limit": self.limit, "used": self.used, "remaining": self.remaining, "reset": self.resets_at}


class Budgets:
    """The budgets of all tokens, by token and resource."""

    def __init__(self, points_an_hour: int = 5_000) -> None:
        self._limit = points_an_hour
        self._by_token: dict[tuple[str, str], Budget] = {}

    def of(self, token: str, resource: str) -> Budget:
        return self._by_token.setdefault((token, resource), Budget(resource, self._limit))
