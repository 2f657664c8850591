"""The Prefect server that `flows/orchestrator.py` starts, as `... PORT PARENT`."""

from __future__ import annotations

import os
import sys
import threading
import time

import uvicorn


def serve(port: int, parent: int) -> None:
    """Serves Prefect's API on loopback until the parent process is gone."""

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
