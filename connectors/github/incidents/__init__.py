"""Incidents that are kept as issues or discussions on GitHub."""

from __future__ import annotations

from connectors.contract import Connector, Sections
from connectors.github.incidents.settings import GitHubIncidentsSettings


def connect(settings: GitHubIncidentsSettings, sections: Sections) -> Connector | None:
    from connectors.github.incidents.connector import GitHubIncidents  # loads PyGithub

    github = sections["github"]
    return GitHubIncidents(settings, github) if github else None
