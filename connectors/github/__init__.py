"""GitHub as a source."""

from __future__ import annotations

from connectors.contract import Connector, Sections
from connectors.github.settings import GitHubSettings


def connect(settings: GitHubSettings, _sections: Sections) -> Connector:
    from connectors.github.connector import GitHub  # loads PyGithub

    return GitHub(settings)
