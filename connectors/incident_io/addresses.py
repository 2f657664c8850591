"""Under which address each user signs in to incident.io: held in memory while accounts are compared.

Source: incident.io's REST API, `GET /v2/users`. Raises Refused, Unreachable, RateLimited or PayloadBroken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from connectors.incident_io.listings import Api
from connectors.incident_io.payloads import User
from connectors.incident_io.settings import IncidentIoSettings


class _Reached(User):
    email: str | None = None


def addresses(settings: IncidentIoSettings) -> Iterator[tuple[str, str]]:
    """The id of every user who has an address, with it."""
    with closing(Api(settings)) as api:
        for user in api.listed("/v2/users", "users", _Reached):
            if user.email:
                yield user.id, user.email.casefold()
