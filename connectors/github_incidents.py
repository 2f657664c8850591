"""Incidents that are kept as labelled issues on GitHub.

Source: GraphQL of the same GitHub as `connectors/github`, with the same credentials.
Cursor: JSON with the moment read up to. Follow-ups are closed without moving the incident, so every run reads
    what was updated in the last 90 days again.
Yields: incidents, incident_actions, incident_fixes.
Never: titles, bodies, comments, label text outside the severity, exact times; nor roles: issues state none.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, field_validator

from connectors.github.settings import LABELS, is_repository_name

if TYPE_CHECKING:
    from connectors.github.incidents import GitHubIncidents

__all__ = ["GitHubIncidents", "GitHubIncidentsSettings"]


class GitHubIncidentsSettings(BaseModel):
    """Where incidents are kept as issues, and which labels say so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repositories: tuple[str, ...]
    labels: tuple[str, ...] = ("incident",)
    """An issue with any of these is an incident."""
    severity_prefix: str = "sev"
    """`sev1`, `SEV-2` and `severity: high` state a severity."""
    follow_up_labels: tuple[str, ...] = LABELS["follow_up"]
    """An issue with any of these that refers to an incident is a follow-up of it."""
    postmortem_labels: tuple[str, ...] = ("postmortem", "post-mortem", "retrospective")
    since: date | None = None
    """None: the same day as `github.since`."""

    @field_validator("repositories")
    @classmethod
    def _are_full_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not is_repository_name(name)]
        if wrong:
            raise ValueError(f"repositories are written owner/name; not so: {', '.join(map(repr, wrong))}")
        return value

    @field_validator("labels")
    @classmethod
    def _some_label(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # Without a label GitHub would list every issue as an incident.
        if not value:
            raise ValueError("labels names at least one label that makes an issue an incident")
        return value


def __getattr__(name: str) -> Any:
    # PyGithub takes a third of a second to import, and whoever reads a report needs only the settings.
    if name == "GitHubIncidents":
        from connectors.github.incidents import GitHubIncidents

        return GitHubIncidents
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
