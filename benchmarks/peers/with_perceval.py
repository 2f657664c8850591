"""Perceval's GitHub backend: whole pull requests as JSON, those that moved since the last run."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from perceval.backends.core.github import GitHub

base, repository, state, out = sys.argv[1:]
owner, name = repository.split("/")
kept = Path(state) / "kept.json"
held = json.loads(kept.read_text()) if kept.exists() else {"until": 0.0, "pulls": {}}
backend = GitHub(owner=owner, repository=name, api_token=["sandbox-token"], base_url=base)
since = datetime.fromtimestamp(held["until"], UTC)
for item in backend.fetch(category="pull_request", from_date=since):
    data = item["data"]
    held["until"] = max(held["until"], item["updated_on"])
    held["pulls"][data["node_id"]] = {
        "reviews": [each["node_id"] for each in data["reviews_data"]],
        "review_comments": [each["node_id"] for each in data["review_comments_data"]],
        "commits": data["commits_data"],
    }
kept.write_text(json.dumps(held))
told = {"pull_requests": list(held["pulls"])} | {
    kind: [each for pull in held["pulls"].values() for each in pull[kind]]
    for kind in ("reviews", "review_comments", "commits")
}
Path(out).write_text(json.dumps(told))
