"""GitHub, as a source: `GitHub(settings)` fetches, `whoami` and `resolve_logins` tell who is who."""

from __future__ import annotations

from connectors.github.connector import GitHub
from connectors.github.identity import resolve_logins, whoami
from connectors.github.settings import GitHubSettings

__all__ = ["GitHub", "GitHubSettings", "resolve_logins", "whoami"]
