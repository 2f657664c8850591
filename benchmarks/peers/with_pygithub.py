"""The loop that everybody writes first: the pull requests that moved, each with its reviews and comments."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from github import Auth, Github

base, repository, state, out = sys.argv[1:]
kept = Path(state) / "kept.json"
held = json.loads(kept.read_text()) if kept.exists() else {"until": "", "reviews": {}, "review_comments": {}}
github = Github(
    auth=Auth.Token("sandbox-token"),
    base_url=f"{base}/api/v3",
    per_page=100,
    seconds_between_requests=None,  # its own throttle would make this ten times slower
    seconds_between_writes=None,
)
until = datetime.fromisoformat(held["until"]) if held["until"] else datetime.min.replace(tzinfo=UTC)
newest = until
for pull in github.get_repo(repository).get_pulls(state="all", sort="updated", direction="desc"):
    if pull.updated_at < until:
        break
    newest = max(newest, pull.updated_at)
    held["reviews"][pull.node_id] = [review.node_id for review in pull.get_reviews()]
    held["review_comments"][pull.node_id] = [comment.node_id for comment in pull.get_review_comments()]
held["until"] = newest.isoformat()
kept.write_text(json.dumps(held))
told = {
    "pull_requests": list(held["reviews"]),
    "reviews": [each for some in held["reviews"].values() for each in some],
    "review_comments": [each for some in held["review_comments"].values() for each in some],
}
Path(out).write_text(json.dumps(told))
