"""Post-mortems that are documents of a repository on GitHub."""

from __future__ import annotations

from connectors.contract import Connector, Sections
from connectors.github.postmortems.settings import GitHubPostmortemsSettings


def connect(settings: GitHubPostmortemsSettings, sections: Sections) -> Connector | None:
    from connectors.github.postmortems.connector import GitHubPostmortems  # loads PyGithub

    github = sections["github"]
    return GitHubPostmortems(settings, github) if github else None
