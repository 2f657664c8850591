"""The Prefect server that `flows/orchestrator.py` starts, as `... SOCKET PARENT`; one credential opens it.

It is started as a script, outside of the current folder, and imports nothing else of ours.
"""

from __future__ import annotations

import base64
import hmac
import os
import socket
import sys
import threading
import time
from typing import Any

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

OPEN = {"/api/health", "/api/ready"}


class CredentialRequired:
    """Prefect's app, behind a credential on every path and WebSocket but OPEN.

    Prefect's own check leaves pages outside of its API open, and lets a WebSocket connect before it.
    """

    def __init__(self, app: Any, credential: str) -> None:
        self.app = app
        self.expected = b"Basic " + base64.b64encode(credential.encode())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        headers = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Basic")]
        await send({"type": f"{kind}.start", "status": 401, "headers": headers})
        await send({"type": f"{kind}.body", "body": b"this Prefect server answers Sightline alone\n"})

    def _is_allowed(self, scope: Any) -> bool:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in OPEN:
            return True
        presented = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(presented) == 1 and hmac.compare_digest(presented[0], self.expected)


def serve(listener: socket.socket, parent: int) -> None:
    """Serves Prefect's API on this socket until the parent process is gone."""

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    credential = get_current_settings().server.api.auth_string
    if credential is None:
        sys.exit("the Prefect server was given no credential")
    app = CredentialRequired(create_app(), credential.get_secret_value())
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on")).run(sockets=[listener])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
