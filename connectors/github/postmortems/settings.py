"""Where post-mortems are kept as documents, and what their front matter calls its fields."""

from __future__ import annotations

from datetime import date

from pydantic import field_validator

from connectors.github.settings import is_repository_name
from connectors.settings import SourceSettings


class GitHubPostmortemsSettings(SourceSettings):
    """Where post-mortems are kept as documents, and what their front matter calls its fields."""

    repositories: tuple[str, ...]
    folder: str = ""
    """Only documents below this folder; empty: all of the repository."""
    authors: str = "authors"
    """The field with the GitHub logins of who wrote it."""
    reviewers: str = "reviewers"
    incident: str = "incident"
    """The field with the incident: its id, its address, `INC-123` or `owner/name#12`."""
    written: str = "date"
    since: date | None = None
    """None: the same day as `github.since`."""

    @field_validator("repositories")
    @classmethod
    def _are_full_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not is_repository_name(name)]
        if wrong:
            raise ValueError(f"repositories are written owner/name; not so: {', '.join(map(repr, wrong))}")
        return value
