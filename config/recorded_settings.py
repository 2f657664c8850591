"""The settings of the last night, which commands that check who asks go by.

Whoever runs such a command chooses its settings file and its environment. Both say only where the home is;
host, officers, resolvers, keepers and everything else come from the home.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NewType

from pydantic import ValidationError

from config.network import use_network_of
from config.settings import Settings, load_settings, settings_from, without_secrets
from connectors.errors import BadInput
from warehouse.files import write_atomically

RecordedSettings = NewType("RecordedSettings", Settings)
"""Settings that a night recorded. Who may do what goes by no others."""


def record_settings(settings: Settings) -> None:
    """Writes the settings of a night into its home, without secrets. Raises OSError."""
    text = json.dumps(without_secrets(settings), indent=1, sort_keys=True)
    write_atomically(settings.recorded_file, text)


def recorded_settings(config: Path, warn: Callable[[str], None]) -> RecordedSettings:
    """The settings that the last night recorded in the home that `config` names.

    Warns, in a sentence, of settings that have changed since. From here on the process reaches the network as
    recorded. Raises BadInput where no night has recorded anything.
    """
    given = load_settings(config)
    recorded = _read(given)
    try:
        settings = settings_from(recorded, given.home)
    except ValidationError:
        raise BadInput([_unreadable(given)]) from None
    use_network_of(settings.sign_in)
    if changed := sorted(_differences(without_secrets(given), recorded)):
        warn(
            f"{config}: {', '.join(changed)} changed since the last night; this command goes by what that "
            "night recorded, and the next night records the change"
        )
    # a changed agreement is in force once it is signed and a night has adopted it
    return RecordedSettings(settings.model_copy(update={"agreement": settings.agreement_in_force}))


def _read(given: Settings) -> Mapping[str, Any]:
    path = given.recorded_file
    try:
        # a link, or a file of another account, may be a reader's own
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                raise BadInput([_not_ours(path)])
            data = json.load(file)
    except FileNotFoundError:
        if given.status_file.exists():
            raise BadInput(
                [f"{given.home}: no night has recorded its settings here yet; run `sightline nightly` once"]
            ) from None
        raise BadInput([f"{given.home}: no night has run here yet; run `sightline nightly`"]) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadInput([_not_ours(path)]) from None
        raise
    except ValueError:
        raise BadInput([_unreadable(given)]) from None
    if not isinstance(data, dict):
        raise BadInput([_unreadable(given)])
    return data


def _not_ours(path: Path) -> str:
    return f"{path}: is a link or belongs to another account; run this as the account that runs the nights"


def _unreadable(given: Settings) -> str:
    return (
        f"{given.recorded_file}: is not what a night of this version writes; run `sightline nightly`, which "
        "writes it again"
    )


def _differences(given: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[str]:
    """The names of settings that differ, like `officers` or `github.base_url`."""
    for name in given.keys() | recorded.keys():
        mine, kept = given.get(name), recorded.get(name)
        if isinstance(mine, dict) and isinstance(kept, dict):
            yield from (f"{name}.{each}" for each in _differences(mine, kept))
        elif mine != kept:
            yield name
