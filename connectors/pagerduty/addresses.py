"""Under which address each user signs in to PagerDuty: held in memory while accounts are compared.

Source: PagerDuty's REST API, `GET /users`. Raises Refused, Unreachable, RateLimited or PayloadBroken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from connectors.errors import PayloadBroken
from connectors.pagerduty.listings import Api, WallError
from connectors.pagerduty.settings import PagerDutySettings


def addresses(settings: PagerDutySettings) -> Iterator[tuple[str, str]]:
    """The id of every user with their address."""
    with closing(Api(settings)) as api:
        try:
            for user in api.listed("/users", "users"):
                if isinstance(user.get("id"), str) and isinstance(user.get("email"), str):
                    yield user["id"], user["email"].casefold()
        except WallError:
            raise PayloadBroken(
                "pagerduty: lists no more than 10,000 users; the others were not compared"
            ) from None
