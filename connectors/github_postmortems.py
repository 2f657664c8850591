"""Post-mortems that are documents of a repository, by their front matter.

Source: REST of the same GitHub as `connectors/github`: one question for the tree, one for each document that
    is new or was changed.
Cursor: JSON with what each document was when it was read, by a hash of its path.
Yields: postmortem_documents, postmortem_authors.
Never: names of files, and anything of a document but four fields of its front matter.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, field_validator

from connectors.github.settings import is_repository_name

if TYPE_CHECKING:
    from connectors.github.postmortems import GitHubPostmortems

__all__ = ["GitHubPostmortems", "GitHubPostmortemsSettings"]


class GitHubPostmortemsSettings(BaseModel):
    """Where post-mortems are kept as documents, and what their front matter calls its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


def __getattr__(name: str) -> Any:
    # PyGithub takes a third of a second to import, and whoever reads a report needs only the settings.
    if name == "GitHubPostmortems":
        from connectors.github.postmortems import GitHubPostmortems

        return GitHubPostmortems
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
