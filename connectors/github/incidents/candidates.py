"""Which issues are incidents by their type or by the form they were made with.

GraphQL cannot ask for either: REST lists issues with their type and their body, 100 a request, and what is
found is then loaded by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from connectors.errors import PayloadBroken
from connectors.github.api.client import Client
from connectors.github.incidents.forms import FormRead, IncidentForm, form_read
from connectors.github.payloads import day

ISSUES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """An issue that is an incident by its type or by its form."""

    issue_id: str
    created_on: date
    form: FormRead | None


def candidates(
    client: Client, scope: str, types: tuple[str, ...], forms: tuple[IncidentForm, ...], updated_since: date
) -> Iterator[Candidate]:
    """Those updated since this day. Without forms each type is asked for, with forms every issue read."""
    wanted = {name.casefold() for name in types}
    for name in (None,) if forms else types:
        for issue in _issues(client, scope, name, updated_since):
            form = form_read(issue.get("body"), forms)
            if form or str((issue.get("type") or {}).get("name")).casefold() in wanted:
                yield Candidate(issue["node_id"], day(issue["created_at"]), form)


def _issues(client: Client, scope: str, of_type: str | None, updated_since: date) -> Iterator[dict[str, Any]]:
    """Issues, the last updated first: what is updated while we page is met again, and nothing is skipped."""
    page = 1
    while True:
        question: dict[str, str | int] = {
            "state": "all",
            "sort": "updated",
            "direction": "desc",
            "since": f"{updated_since}T00:00:00Z",
            "per_page": ISSUES_AT_ONCE,
            "page": page,
        }
        if of_type:
            question["type"] = of_type
        issues = client.get(f"/repos/{scope}/issues?{urlencode(question)}")
        if not isinstance(issues, list):
            raise PayloadBroken(
                f"{client.host} answers a list of issues with something else; the API changed"
            )
        yield from (issue for issue in issues if "pull_request" not in issue)
        if len(issues) < ISSUES_AT_ONCE:
            return
        page += 1
