"""One question to PagerDuty, one answer or one trouble: the only file that loads the official client.

The client knows the address, the headers and the token. It also waits for rate limits without end, logs
addresses and puts answers and the end of the token into its errors: all of that is stopped here.
"""

from __future__ import annotations

import json

import httpx2  # what the official client raises from when the network fails
from pagerduty import Error as ClientError
from pagerduty import RestApiV2Client

from connectors.errors import Refused
from connectors.http import Parameters, Payload, Trouble, is_loopback, wait_seconds


class Client(RestApiV2Client):
    """The official client, without its own waiting, and with plain HTTP to this machine."""

    max_network_attempts = 0
    timeout = (5.0, 60.0, 60.0, 5.0)  # type: ignore[assignment]  # connect, read, write, pool

    def __init__(self, base_url: str, token: str) -> None:
        # a proxy from the environment must not stand between us and a sandbox on this machine, and
        # loading certificates for plain HTTP takes a tenth of a second
        super().__init__(
            token,
            base_url=base_url,
            trust_env=not is_loopback(base_url),
            verify=not base_url.startswith("http://"),
        )

    @property
    def url(self) -> str:
        return str(self._url)

    @url.setter
    def url(self, value: str) -> None:
        if not value.startswith("https://") and not is_loopback(value):
            raise Refused("pagerduty: base_url must use https; a token would travel in the open")
        self._url = value

    def postprocess(self, response: httpx2.Response, suffix: str | None = None) -> None:
        """Stops at anything but a success, before the client waits, logs or quotes it."""
        del suffix
        if response.status_code // 100 != 2:
            raise _StatusError(response.status_code, wait_seconds(response.headers))

    def once(self, path: str, parameters: Parameters) -> Payload | Trouble:
        """The decoded answer, or why there is none."""
        try:
            answer = self.get(path, params=dict(parameters)).json()
        except _StatusError as answered:
            return Trouble(answered.status, answered.wait_seconds)
        except (json.JSONDecodeError, UnicodeDecodeError, httpx2.DecodingError):
            return Trouble(status=None, cut=True)
        except ClientError as error:
            broken = (httpx2.ReadError, httpx2.RemoteProtocolError)
            return Trouble(status=None, cut=isinstance(error.__cause__, broken))
        return answer if isinstance(answer, dict) else Trouble(status=None, cut=True)


class _StatusError(Exception):
    """An answer that is no success, without its body: messages must not repeat what a source sent."""

    def __init__(self, status: int, wait_seconds: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.wait_seconds = wait_seconds
