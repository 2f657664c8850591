"""GitHub, as a source: `GitHub(settings)` fetches, `whoami` and `resolve_logins` tell who is who."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from connectors.github.settings import GitHubSettings

if TYPE_CHECKING:
    from connectors.github.connector import GitHub
    from connectors.github.identity import resolve_logins, whoami

__all__ = ["GitHub", "GitHubSettings", "resolve_logins", "whoami"]

_LATER = {"GitHub": "connector", "resolve_logins": "identity", "whoami": "identity"}


def __getattr__(name: str) -> Any:
    # PyGithub takes a third of a second to import: reading a report needs the settings, not the source.
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
