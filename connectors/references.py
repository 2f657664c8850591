"""What a text names: pull requests and incidents, as ids. The text itself is read in memory and dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PULL_REQUEST = re.compile(
    r"(?:https://[A-Za-z0-9.-]+/|(?<![\w/.-]))"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100})"
    r"(?:#|/pull/)(?P<number>[1-9]\d{0,8})\b"
)
_BLAMED = re.compile(
    r"\b(caused|causing|introduced|broken|broke|triggered|regress\w*|culprit|blame[ds]?|because of|due to)\b",
    re.I,
)
_INCIDENTS = (
    # the address of an incident in PagerDuty, with the id that the API knows it by
    re.compile(r"https://[a-z0-9.-]+\.pagerduty\.com/incidents/([A-Z0-9]{7,14})\b"),
    # incident.io writes the number into the address and INC- before it everywhere else
    re.compile(r"https://app\.incident\.io/(?:[\w-]+/)?incidents/(\d{1,7})\b"),
    re.compile(r"(?<![\w-])INC-(\d{1,7})\b"),
    re.compile(r"https://[a-z0-9.-]+\.opsgenie\.com/incident/detail/([0-9a-f-]{36})\b"),
)


def pull_requests_named(text: str | None) -> tuple[str, ...]:
    """`owner/name#12` for every pull request that this text names, unless it is blamed in the same line.

    The number of a bare `#12` says nothing without its repository, and is left.
    """
    names = [
        f"{match['name']}#{int(match['number'])}"
        for line in (text or "").splitlines()
        if not _BLAMED.search(line)
        for match in _PULL_REQUEST.finditer(line)
    ]
    return tuple(dict.fromkeys(names))


def incidents_named(text: str | None) -> tuple[str, ...]:
    """The references of the incidents that this text names: an id of the incident's tool, or `INC-123`."""
    return tuple(dict.fromkeys(_incidents(text or "")))


def issues_named(address: str | None) -> tuple[str, ...]:
    """`owner/name#12` of an issue or a discussion, by its address and nothing else."""
    match = re.fullmatch(r"https?://[^/]+/([^/]+/[^/]+)/(?:issues|discussions)/(\d+)", address or "")
    return (f"{match[1]}#{match[2]}",) if match else ()


def _incidents(text: str) -> Iterator[str]:
    for form in _INCIDENTS:
        for match in form.finditer(text):
            yield f"INC-{int(match[1])}" if match[1].isdigit() else match[1]
