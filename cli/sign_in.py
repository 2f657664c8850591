"""Who runs a command: proven by the GitHub token in the environment."""

from __future__ import annotations

from pathlib import Path

import click

from app.request import Asker, asker_with
from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import token
from connectors.errors import BadInput


def signed_in(config: Path) -> tuple[RecordedSettings, Asker]:
    """The settings that the last night recorded, and who asks. Raises BadInput, and what GitHub refuses."""
    settings = settings_of_last_night(config)
    secret = token("GITHUB_TOKEN")
    if secret is None:
        raise BadInput(["GITHUB_TOKEN is not set; set it to a token of your own: it proves who you are"])
    return settings, asker_with(settings, secret)


def settings_of_last_night(config: Path) -> RecordedSettings:
    """What the last night recorded; says on standard error what has changed since. Raises BadInput."""
    return recorded_settings(config, lambda sentence: click.echo(sentence, err=True))
