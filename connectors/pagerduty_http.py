"""PagerDuty's listings over HTTP.

Pages, waiting and asking again are not left to the official client, which waits for rate limits without end,
stops listing at 10,000 results with no more than a warning, and takes a cut answer as final.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import PayloadBroken
from connectors.json_api import JsonApi, Parameters, Payload

PAGE = 100
"""The largest page PagerDuty gives."""
WALL = 10_000
"""PagerDuty refuses offset + limit beyond this."""


class WallError(Exception):
    """A listing has more than the 10,000 results that PagerDuty gives; go on with fewer days."""


class Api(JsonApi):
    """Asks one account; counts what it asked."""

    def __init__(self, base_url: str, token: str, wait_limit_seconds: int) -> None:
        # loading the official client takes half a second, which commands that only read must not wait for
        from connectors.pagerduty_client import Client

        client = Client(base_url, token)
        super().__init__("pagerduty", client.once, wait_limit_seconds, client.close)

    def listed(self, path: str, key: str, parameters: Parameters | None = None) -> Iterator[Payload]:
        """Everything in a listing, page by page.

        Raises WallError after the last result that PagerDuty gives, or what `get` raises.
        """
        offset = 0
        while True:
            if offset + PAGE > WALL:
                raise WallError
            answer = self.get(path, {**(parameters or {}), "limit": PAGE, "offset": offset})
            found = answer.get(key)
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise PayloadBroken(
                    f"pagerduty: an answer has no list of {key}; check that base_url is PagerDuty's REST API"
                )
            yield from found
            offset += len(found)
            if not answer.get("more") or not found:
                return

    def count(self, path: str, parameters: Parameters) -> int:
        """How many results a listing would have, without listing them."""
        total = self.get(path, {**parameters, "limit": 1, "total": "true"}).get("total")
        if not isinstance(total, int):
            raise PayloadBroken("pagerduty: a listing does not tell its total; the API changed")
        return total
