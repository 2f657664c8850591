"""Meltano's tap-github, as Singer messages: the streams of pull requests, reviews and comments.

Its check of a token names api.github.com whatever `api_url_base` says, and its GraphQL address is not that of
an Enterprise Server: here both are the sandbox's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

base, repository, state, out = sys.argv[1:]
folder = Path(state)
package = Path(next(iter(find_spec("tap_github").submodule_search_locations)))
for name, theirs, ours in (
    ("authenticator.py", "https://api.github.com", f"{base}/api/v3"),
    ("client.py", "self.DEFAULT_API_BASE_URL)}/graphql", "self.DEFAULT_API_BASE_URL)}/../graphql"),
):
    file = package / name
    file.write_text(file.read_text().replace(theirs, ours))

tap = str(Path(sys.executable).parent / "tap-github")
config = folder / "config.json"
config.write_text(
    json.dumps(
        {
            "auth_token": "sandbox-token",
            "repositories": [repository],
            "api_url_base": f"{base}/api/v3",
            "start_date": "2008-01-01T00:00:00Z",
        }
    )
)
STREAMS = {
    "pull_requests": "pull_requests",
    "reviews": "reviews",
    "review_comments": "review_comments",
    "issue_comments": "comments",
}
catalog = folder / "catalog.json"
if not catalog.exists():
    told = subprocess.run([tap, "--config", config, "--discover"], check=True, capture_output=True, text=True)
    found = json.loads(told.stdout)
    for stream in found["streams"]:
        wanted = stream["tap_stream_id"] in (*STREAMS, "repositories")
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = wanted
    catalog.write_text(json.dumps(found))
arguments = [tap, "--config", config, "--catalog", catalog]
bookmarks, kept = folder / "bookmarks.json", folder / "kept.json"
if bookmarks.exists():
    arguments += ["--state", bookmarks]
held = {k: set(v) for k, v in json.loads(kept.read_text()).items()} if kept.exists() else {}
with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
    for line in process.stdout:
        message = json.loads(line)
        if message["type"] == "STATE":
            bookmarks.write_text(json.dumps(message["value"]))
        elif message["type"] == "RECORD" and message["stream"] in STREAMS:
            held.setdefault(STREAMS[message["stream"]], set()).add(message["record"]["node_id"])
if process.returncode:
    raise SystemExit(process.returncode)
kept.write_text(json.dumps({kind: sorted(ids) for kind, ids in held.items()}))
Path(out).write_text(kept.read_text())
