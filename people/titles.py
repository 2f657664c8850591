"""What the objects behind a report are called today, as its reader may see it."""

from __future__ import annotations

from pydantic import SecretStr

from config.settings import Settings
from privacy.released import Released


def titles_of(released: Released, settings: Settings, secret: SecretStr | None) -> dict[str, str]:
    """Titles by object id, as this token may read them. Raises SourceError."""
    from connectors.github.settings import GitHubSettings
    from connectors.github.titles import titles

    ids = [
        row["source_id"]
        for item in released.body["items"]
        for row in item["evidence"]
        if row["source_kind"] in ("pull_request", "issue", "discussion")
    ]
    assert settings.github is not None
    # with the reader's token alone: an app or further tokens may read what the reader may not
    as_reader = GitHubSettings(base_url=settings.github.base_url, token=secret)
    return titles(as_reader, list(dict.fromkeys(ids)))
