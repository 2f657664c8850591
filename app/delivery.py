"""Delivering everybody's report, encrypted to the SSH keys of their own GitHub account.

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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput
from connectors.github.accounts import public_keys, resolve_logins
from people.own_report import report_of
from people.rights import rights_of
from privacy import logbook
from privacy.released import Released
from privacy.sealed import recipients, sealed
from warehouse.files import write_atomically
from warehouse.rights_rows import Delivery
from warehouse.vault_lookup import find_accounts
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


FilesOf = Callable[[Released], Mapping[str, bytes]]
"""A report as html and json: the plain bytes by ending. Both may have white space at their end."""


class _OwnReport(NamedTuple):
    """One person's report, ready to be encrypted."""

    report: Released
    keys: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of all that would make it worth delivering again: the day it was computed on is not."""
        body = {key: value for key, value in self.report.body.items() if key != "computed_on"}
        text = json.dumps([body, self.keys], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Delivered(NamedTuple):
    """What was delivered."""

    window: str
    reports: int
    without_key: int
    """People without an SSH key that can be encrypted to."""
    is_changed: bool
    """False where nothing was written, since nothing had changed."""


@checked
def deliver_reports(
    settings: RecordedSettings, asker: Asker, to: Path, window: str | None, files_of: FilesOf
) -> Delivered:
    """Encrypts the files of every report of a window into a folder, if any report changed.

    Raises BadInput, and what GitHub's refusal raises, with nothing changed in the folder.
    """
    if settings.github is None:
        raise BadInput(
            ["no `github:` section in the settings; people's keys come from their GitHub accounts"]
        )
    name = window_named(settings, window)
    people = sorted(path.parent.name for path in (settings.published / "people").glob(f"*/{name}.json"))
    if not people:
        raise BadInput([f"there is no report for {name}; run `sightline nightly`, or name another window"])
    keys = _keys(settings, people)
    own_reports = {
        person_id: _OwnReport(report_of(settings, person_id, name), keys[person_id])
        for person_id in people
        if keys[person_id]
    }
    without_key = len(people) - len(own_reports)
    with rights_of(settings) as own:
        before = own.deliveries()
    if _is_delivered(own_reports, before, to):  # whoever is gone since has a file too many in the folder
        return Delivered(name, len(own_reports), without_key, is_changed=False)
    on = today()
    deliveries = [
        Delivery(
            person_id,
            before[person_id].name if person_id in before else secrets.token_hex(16),
            own_reports[person_id].sha256 if person_id in own_reports else "",
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
        _write(to, own_reports, deliveries, files_of)
    with rights_of(settings) as own:
        own.note_deliveries(deliveries)
    return Delivered(name, len(own_reports), without_key, is_changed=True)


@checked
def own_delivery(settings: RecordedSettings, asker: Asker) -> Delivery | None:
    """Under which name the report of whoever asks lies; without a hash, it could not be delivered."""
    with rights_of(settings) as own:
        return own.deliveries().get(asker.person_id)


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


def _is_delivered(own_reports: Mapping[str, _OwnReport], before: Mapping[str, Delivery], to: Path) -> bool:
    """Whether the folder holds exactly these reports already."""
    known = {person_id: each for person_id, each in before.items() if each.sha256}
    return (
        known.keys() == own_reports.keys()
        and all(known[person_id].sha256 == report.sha256 for person_id, report in own_reports.items())
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


def _write(
    to: Path, own_reports: Mapping[str, _OwnReport], deliveries: list[Delivery], files_of: FilesOf
) -> None:
    lengths: dict[str, int] = {}
    for report in own_reports.values():
        for ending, content in files_of(report.report).items():
            lengths[ending] = max(lengths.get(ending, 0), -(-len(content) // STEP) * STEP)
    write_atomically(to / HOW_TO, _HOW_TO, mode=0o644)
    for each in sorted(deliveries, key=lambda each: each.name):  # no order of people either
        if each.person_id in own_reports:
            report = own_reports[each.person_id]
            owner = recipients(report.keys)
            for ending, content in files_of(report.report).items():
                padded = content.ljust(lengths[ending], b"\n")
                write_atomically(to / f"{each.name}.{ending}.age", sealed(padded, owner), mode=0o644)
    for name in _lying(to) - _named(each for each in deliveries if each.person_id in own_reports):
        (to / name).unlink(missing_ok=True)
