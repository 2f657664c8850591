"""Where incidents are kept on GitHub, and what makes an issue or a discussion one."""

from __future__ import annotations

from pydantic import model_validator

from connectors.github.incidents.forms import IncidentForm
from connectors.github.settings import LABELS, RepositorySettings


class GitHubIncidentsSettings(RepositorySettings):
    """Where incidents are kept, and what makes an issue or a discussion one: any of these is enough."""

    labels: tuple[str, ...] = ("incident",)
    """An issue with any of these is an incident."""
    types: tuple[str, ...] = ()
    """An issue of any of these types is an incident."""
    forms: tuple[IncidentForm, ...] = ()
    """An issue that was made with one of these forms is an incident."""
    discussion_categories: tuple[str, ...] = ()
    """A discussion in any of these categories, by name or slug, is an incident."""
    severity_prefix: str = "sev"
    """`sev1`, `SEV-2` and `severity: high` state a severity."""
    follow_up_labels: tuple[str, ...] = LABELS["follow_up"]
    """An issue with any of these that refers to an incident is a follow-up of it."""
    postmortem_labels: tuple[str, ...] = ("postmortem", "post-mortem", "retrospective")

    @model_validator(mode="after")
    def _something_makes_an_incident(self) -> GitHubIncidentsSettings:
        # Without a label GitHub would list every issue as an incident.
        if not (self.labels or self.types or self.forms or self.discussion_categories):
            raise ValueError(
                "name at least one label, type, form or discussion category that makes an incident"
            )
        return self
