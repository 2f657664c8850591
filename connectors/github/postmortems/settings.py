"""Where post-mortems are kept as documents, and what their front matter calls its fields."""

from __future__ import annotations

from connectors.github.settings import RepositorySettings


class GitHubPostmortemsSettings(RepositorySettings):
    """Where post-mortems are kept as documents, and what their front matter calls its fields."""

    folder: str = ""
    """Only documents below this folder; empty: all of the repository."""
    authors: str = "authors"
    """The field with the GitHub logins of who wrote it."""
    reviewers: str = "reviewers"
    incident: str = "incident"
    """The field with the incident: its id, its address, `INC-123` or `owner/name#12`."""
    written: str = "date"
