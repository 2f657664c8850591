"""Which issues a pull request says it closes, by GitHub's closing keywords."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.model import Issue

_KEYWORD = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
_TARGET = r"(?:(?P<repository>[\w.-]+/[\w.-]+)?#|https?://[^\s/]+/(?P<linked>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)"
_CLOSES = re.compile(_KEYWORD + _TARGET, re.IGNORECASE)


def closed_issues(body: str, repository: str, issues: Mapping[int, Issue]) -> list[Issue]:
    """The issues of the same repository that the text closes, each once, in the order of the text."""
    found: dict[int, Issue] = {}
    for match in _CLOSES.finditer(body):
        named = match["repository"] or match["linked"] or repository
        number = int(match["number"])
        if named.lower() == repository.lower() and number in issues:
            found[number] = issues[number]
    return list(found.values())
