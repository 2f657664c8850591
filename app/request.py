"""What every wish begins with: who asks, proven, and about which quarter."""

from __future__ import annotations

import json
from datetime import date
from typing import NamedTuple

from pydantic import SecretStr

from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from connectors.records import Account
from warehouse.windows import parse_window, window_of

UNKNOWN = "no report is kept for the account of this token; ask whoever keeps the roster"


class Asker(NamedTuple):
    """Who asks: somebody whose account is proven, or the operator, who has the home itself."""

    account: Account | None
    known_as: str | None
    """Their id, where the vault has one."""
    token: SecretStr | None
    """Their own, to look at GitHub as they may."""

    @property
    def person_id(self) -> str:
        """Their id. Raises Refused where the vault has none."""
        if self.known_as is None:
            raise Refused(UNKNOWN)
        return self.known_as


OPERATOR = Asker(None, None, None)
"""Whoever can read the files of the home; no token proves it."""


def asker_with(settings: RecordedSettings, secret: SecretStr) -> Asker:
    """Who holds this GitHub token. Raises BadInput without GitHub, and what GitHub's refusal raises."""
    from connectors.github.accounts import whoami
    from warehouse.tombstones import Tombstones
    from warehouse.vault_lookup import find_person_waiting

    if settings.github is None:
        raise BadInput(
            ["no `github:` section in the settings; your GitHub account is what proves who you are"]
        )
    account = whoami(settings.github.base_url, secret)
    # an older copy of the home may still hold somebody erased since; they are looked for like anybody unknown
    person_id = find_person_waiting(settings.vault_file, account)
    is_erased = Tombstones(settings.erasures_folder).knows_account(account)
    return Asker(account, None if is_erased else person_id, secret)


def window_named(settings: Settings, window: str | None) -> str:
    """This quarter's name, or that of the one the last night ran in. Raises BadInput."""
    if window is not None:
        try:
            return parse_window(window).name
        except ValueError as error:
            raise BadInput([str(error)]) from None
    try:
        status = json.loads(settings.status_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"]) from None
    return window_of(date.fromisoformat(status["last_run"]["as_of"])).name
