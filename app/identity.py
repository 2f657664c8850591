"""Who asks: proven by their own GitHub token, known by the id that the vault gave them."""

from __future__ import annotations

import json
from datetime import date
from typing import NamedTuple

from config.recorded_settings import RecordedSettings
from config.settings import Settings, token
from connectors.errors import BadInput, Refused
from connectors.records import Account
from warehouse.windows import parse_window, window_of


class Asking(NamedTuple):
    """Whoever holds the token: their account, and their id where the vault knows one."""

    account: Account
    person_id: str | None


def asking(settings: RecordedSettings) -> Asking:
    """Whose token it is. Raises BadInput where there is none, and what GitHub's refusal raises."""
    from connectors.github.accounts import whoami
    from warehouse.tombstones import Tombstones
    from warehouse.vault import find_person_waiting

    if settings.github is None:
        raise BadInput(
            ["no `github:` section in the settings; your GitHub account is what proves who you are"]
        )
    secret = token("GITHUB_TOKEN")
    if secret is None:
        raise BadInput(["GITHUB_TOKEN is not set; set it to a token of your own: it proves who you are"])
    account = whoami(settings.github.base_url, secret)
    # an older copy of the home may still hold somebody erased since; they are looked for like anybody unknown
    person_id = find_person_waiting(settings.vault_file, account)
    is_erased = Tombstones(settings.erasures_folder).knows_account(account)
    return Asking(account, None if is_erased else person_id)


def proven(settings: RecordedSettings) -> str:
    """The id of whoever holds the token. Raises BadInput or Refused."""
    person_id = asking(settings).person_id
    if person_id is None:
        raise Refused("no report is kept for the account of this token; ask whoever keeps the roster")
    return person_id


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
