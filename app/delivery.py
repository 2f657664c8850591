"""`sightline deliver`: everybody's report, encrypted to the SSH keys of their own GitHub account.

The files may lie anywhere: in a bucket, on a branch. Whoever can see them there must learn nothing from them,
so all of one delivery are equally long, and all are written anew or none is: a file that changed on its own
would tell on which days its owner was active. Their names are random and stay the same from one delivery to
the next. Somebody with a list of public keys can still tell whose file is whose, since age writes a short tag
of the key into it; that a person on the roster has a report is no secret.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.identity import proven, window_named
from app.notes import own_report
from config.recorded_settings import recorded_settings
from config.settings import Settings
from connectors.errors import BadInput
from connectors.github.accounts import public_keys, resolve_logins
from people.rights import rights_of
from privacy import logbook
from privacy.released import Released
from privacy.sealed import recipients, sealed
from reports.page import me_page
from reports.view import for_programs
from warehouse.files import write_whole
from warehouse.rights import Delivery
from warehouse.vault import find_accounts
from warehouse.windows import today

STEP = 64 * 1024
"""Lengths are rounded up to a multiple of this, so that the longest report tells little either."""

_UNDER_WAY = "under way"
_OURS = re.compile(r"[0-9a-f]{32}\.(html|json)\.age")

HOW_TO = "how-to-open.txt"
_HOW_TO = """\
Every file here is one person's report, encrypted to the SSH keys of their GitHub account.
The names are random: try yours on each, only your own opens. With age (https://age-encryption.org):

  for f in *.html.age; do age -d -i ~/.ssh/id_ed25519 "$f" > report.html 2>/dev/null && break; done

The same name with .json.age holds the same report for programs. `sightline me delivery` says which is yours.
"""


class _Parcel(NamedTuple):
    """One person's report, ready to be encrypted."""

    report: Released
    keys: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of all that would make it worth delivering again: the day it was computed on is not."""
        body = {key: value for key, value in self.report.body.items() if key != "computed_on"}
        text = json.dumps([body, self.keys], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def files(self) -> Mapping[str, bytes]:
        """The plain bytes by ending."""
        return {
            "html": me_page(self.report).encode(),
            "json": json.dumps(for_programs(self.report.body), indent=1, ensure_ascii=False).encode(),
        }


def deliver(config: Path, to: Path, window: str | None) -> str:
    """Encrypts every report of a window into a folder, if any changed; returns a sentence or two.

    Raises BadInput, and what GitHub's refusal raises, with nothing changed in the folder.
    """
    settings = recorded_settings(config)
    if settings.github is None:
        raise BadInput(
            ["no `github:` section in the settings; people's keys come from their GitHub accounts"]
        )
    name = window_named(settings, window)
    people = sorted(path.parent.name for path in (settings.published / "people").glob(f"*/{name}.json"))
    if not people:
        raise BadInput([f"there is no report for {name}; run `sightline nightly`, or name another window"])
    keys = _keys(settings, people)
    parcels = {
        person_id: _Parcel(own_report(settings, person_id, name), keys[person_id])
        for person_id in people
        if keys[person_id]
    }
    unusable = len(people) - len(parcels)
    with rights_of(settings) as own:
        before = own.deliveries()
    if _is_delivered(parcels, before, to):  # whoever is gone since has a file too many in the folder
        return _said("nothing changed, and nothing was written", unusable)
    on = today()
    deliveries = [
        Delivery(
            person_id,
            before[person_id].name if person_id in before else secrets.token_hex(16),
            parcels[person_id].sha256 if person_id in parcels else "",
            on,
        )
        for person_id in people
    ]
    with _writing(to):  # before anybody is told that a report of theirs lies there
        to.mkdir(parents=True, exist_ok=True)
    logbook.note(settings, "reports delivered", window=name)
    with rights_of(settings) as own:  # whoever is killed while writing leaves no file of an unknown name
        own.note_deliveries([each._replace(sha256=each.sha256 and _UNDER_WAY) for each in deliveries])
    with _writing(to):
        _write(to, parcels, deliveries)
    with rights_of(settings) as own:
        own.note_deliveries(deliveries)
    return _said(f"{to}: {len(parcels)} reports for {name}, each for its owner alone", unusable)


def show_delivery(config: Path) -> str:
    """Under which name the report of whoever asks lies, or why there is none."""
    settings = recorded_settings(config)
    person_id = proven(settings)
    with rights_of(settings) as own:
        found = own.deliveries().get(person_id)
    if found is None:
        return "no report of yours was delivered yet"
    if not found.sha256:
        return (
            "your report could not be delivered: your GitHub account has no SSH key that can be encrypted "
            "to; add one of ssh-ed25519 or ssh-rsa (keys on a hardware token and ECDSA keys cannot decrypt)"
        )
    return (
        f"delivered on {found.delivered_on} as {found.name}.html.age and {found.name}.json.age; "
        f"open it with: age -d -i ~/.ssh/id_ed25519 {found.name}.html.age > report.html"
    )


def _keys(settings: Settings, people: list[str]) -> dict[str, tuple[str, ...]]:
    """The usable keys of everybody, taken from accounts that still are the ones the vault knows.

    A login may have been given up and taken by somebody else since the last night.
    """
    assert settings.github is not None
    accounts = find_accounts(settings.vault_file, "github")
    logins = sorted({each.login for person_id in people for each in accounts.get(person_id, [])})
    listed = public_keys(settings.github, logins)
    now = resolve_logins(settings.github, logins)
    return {
        person_id: tuple(
            sorted(
                key
                for each in accounts.get(person_id, [])
                if each.login in now and now[each.login].account_id == each.account_id
                for key in listed[each.login]
                if recipients([key])
            )
        )
        for person_id in people
    }


def _is_delivered(parcels: Mapping[str, _Parcel], before: Mapping[str, Delivery], to: Path) -> bool:
    """Whether the folder holds exactly these reports already."""
    known = {person_id: each for person_id, each in before.items() if each.sha256}
    return (
        known.keys() == parcels.keys()
        and all(known[person_id].sha256 == parcel.sha256 for person_id, parcel in parcels.items())
        and _lying(to) == _named(known.values())
    )


def _named(deliveries: Iterable[Delivery]) -> set[str]:
    return {f"{each.name}.{ending}.age" for each in deliveries for ending in ("html", "json")}


def _lying(to: Path) -> set[str]:
    """The names of all that was ever delivered into this folder and is there."""
    return {path.name for path in to.glob("*.age") if _OURS.fullmatch(path.name)}


@contextmanager
def _writing(to: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput([f"{to}: cannot be written ({error.strerror}); name another folder"]) from None


def _write(to: Path, parcels: Mapping[str, _Parcel], deliveries: list[Delivery]) -> None:
    lengths: dict[str, int] = {}
    for parcel in parcels.values():
        for ending, content in parcel.files().items():
            lengths[ending] = max(lengths.get(ending, 0), -(-len(content) // STEP) * STEP)
    write_whole(to / HOW_TO, _HOW_TO, mode=0o644)
    for each in sorted(deliveries, key=lambda each: each.name):  # no order of people either
        if each.person_id in parcels:
            parcel = parcels[each.person_id]
            owner = recipients(parcel.keys)
            for ending, content in parcel.files().items():
                # both formats allow white space at their end
                padded = content.ljust(lengths[ending], b"\n")
                write_whole(to / f"{each.name}.{ending}.age", sealed(padded, owner), mode=0o644)
    for name in _lying(to) - _named(each for each in deliveries if each.person_id in parcels):
        (to / name).unlink(missing_ok=True)


def _said(what: str, unusable: int) -> str:
    if not unusable:
        return what
    people = "1 person has" if unusable == 1 else f"{unusable} people have"
    return (
        f"{what}\n{people} no SSH key on GitHub that can be encrypted to; `sightline me delivery` tells them "
        "what to add"
    )
