"""Under which address each user signs in to incident.io: held in memory while accounts are compared.

Source: incident.io's REST API, `GET /v2/users`. Raises Refused, Unreachable, RateLimited or PayloadBroken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from connectors.incident_io import IncidentIo, IncidentIoSettings
from connectors.incident_io_payloads import User


class _Reached(User):
    email: str | None = None


def addresses(settings: IncidentIoSettings) -> Iterator[tuple[str, str]]:
    """The id of every user who has an address, with it."""
    with closing(IncidentIo(settings)) as incident_io:
        for user in incident_io.listed("/v2/users", "users", _Reached):
            if user.email:
                yield user.id, user.email.casefold()
