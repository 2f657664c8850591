"""Sightline's own steps, without its orchestrator: list, fetch, hold against the source's count, store."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from config.settings import load_settings
from flows import collect
from flows.context import open_night

base, repository, state, out = sys.argv[1:]
home = Path(state)
(home / "roster.csv").write_text("login,team,manager,from,until,rubric\nengineer-01,core,,2026-01-01,,\n")
(home / "sightline.yaml").write_text(
    f"roster: roster.csv\ngithub:\n  base_url: {base}/api/v3\n  repositories: [{repository}]\n"
)
with open_night(load_settings(home / "sightline.yaml"), None) as night:
    github = night.connectors[0]
    for scope in collect.list_scopes(night, github):
        collect.fetch_scope(night, github, scope, lambda _: None)
        fetched = github.spent()
        collect.reconcile_scope(night, github, scope)
    counted = github.spent()[0] - fetched[0]

    def column(text: str) -> list[str]:
        return [str(value) for (value,) in night.store.con.execute(f"select {text}").fetchall()]

    held = {
        "pull_requests": column("pull_request_id from pull_requests"),
        "reviews": column("review_id from reviews"),
        "review_comments": column("comment_id from review_comments"),
        "comments": column("comment_id from comments"),
        "commits": column("commit_id from commits"),
    }
remark = f"({counted} of the requests count and repair)" if counted else ""
Path(out).write_text(json.dumps(held | {"remark": remark}))
