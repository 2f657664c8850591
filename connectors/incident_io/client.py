"""One question to incident.io, one answer or one trouble: the only file that opens a connection to it."""

from __future__ import annotations

import httpx2

from connectors.http import Parameters, Payload, Trouble, is_loopback, wait_seconds


class Client:
    """A connection with the key in its headers. It follows no redirect: the key would follow it."""

    def __init__(self, base_url: str, token: str) -> None:
        self._client = httpx2.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=httpx2.Timeout(60.0, connect=5.0),
            trust_env=not is_loopback(base_url),
            verify=not base_url.startswith("http://"),
        )

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

    def once(self, path: str, parameters: Parameters) -> Payload | Trouble:
        """The decoded answer, or why there is none."""
        try:
            response = self._client.get(path, params=dict(parameters))
            if response.status_code // 100 != 2:
                return Trouble(response.status_code, wait_seconds(response.headers))
            answer = response.json()
        except (ValueError, httpx2.DecodingError):
            return Trouble(status=None, cut=True)
        except (httpx2.ReadError, httpx2.RemoteProtocolError):
            return Trouble(status=None, cut=True)
        except httpx2.TransportError:
            return Trouble(status=None)
        return answer if isinstance(answer, dict) else Trouble(status=None, cut=True)
