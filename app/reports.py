"""Reports as data: one's own, a team's, the organisation's, and how the last night went.

Whatever is about somebody is logged before it is returned. The database driver is loaded for one's own report
alone, so that `status` and `coverage` start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from app.request import Asker, window_named
from app.roles import checked
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput
from privacy import door, logbook, organisation
from privacy.released import Released
from reports.status import Health, StatusUnreadable, health, read_status, unreadable


@checked
def own_report(settings: RecordedSettings, asker: Asker, window: str | None) -> Released:
    """The report of whoever asks, of the running quarter if none is named. Raises BadInput or NoReport."""
    from people.own_report import report_of

    name = window_named(settings, window)
    released = report_of(settings, asker.person_id, name)
    logbook.note(settings, "report read", person=logbook.mark(settings, asker.person_id), window=name)
    return released


@checked
def own_report_as_of(settings: RecordedSettings, asker: Asker, window: str | None, as_of: date) -> Released:
    """The same as the last night until this day wrote it. Raises BadInput or NoReport."""
    from people.changes import report_as_of

    name = window_named(settings, window) if window else None
    released = report_as_of(settings, asker.person_id, name, as_of)
    logbook.note(
        settings,
        "report read",
        person=logbook.mark(settings, asker.person_id),
        window=released.body["window"],
    )
    return released


@checked
def explain_items(
    settings: RecordedSettings, asker: Asker, name: str, window: str | None, since: date | None = None
) -> dict[str, Any]:
    """Why a cell is what it is, or every cell with this link; with `since`, why each changed since that day.

    The rule, its file and its version are those that the report was made with, not those on the disk.
    Raises BadInput with the nearest names.
    """
    from people.own_report import items_about

    body = own_report(settings, asker, window).body
    try:
        items = items_about(body, name)
    except BadInput as error:
        where = f"this is your report of {body['window']}; name another quarter to ask about that"
        raise BadInput([*error.mistakes, where]) from None
    explained = {"window": body["window"], "sources": body["sources"], "items": items}
    if since:
        from people.changes import changes_since

        slugs = [item["item"] for item in items]
        explained["changes"] = changes_since(settings, asker.person_id, body["window"], slugs, since)
    return explained


@checked
def team_report(
    settings: Settings, asker: Asker, team: str, window: str | None, rubric: str | None
) -> Released:
    """A team's release. Raises BadInput, or DoorError where there is none or a rubric has to be named."""
    return _team_report(settings, team, _window_of_team(settings, team, window), rubric)


@checked
def team_reports(settings: Settings, asker: Asker, team: str, window: str | None) -> list[Released]:
    """A team's releases of one quarter, one for each of its rubrics. Raises BadInput or DoorError."""
    name = _window_of_team(settings, team, window)
    return [
        _team_report(settings, team, name, rubric) for rubric in door.rubrics(settings.published, team, name)
    ]


@checked
def organisation_reports(settings: Settings, asker: Asker, window: str | None) -> list[Released]:
    """What was published about all signals, of every quarter until this one. Raises BadInput or DoorError."""
    wanted = window_named(settings, window) if window else organisation.latest(settings.published)
    names = {*organisation.windows(settings.published), wanted}
    return [door.read_organisation(settings.published, name) for name in sorted(names) if name <= wanted]


class LastNight(NamedTuple):
    """How the last night went."""

    health: Health
    status: Mapping[str, Any] | None
    """What it left behind; None where none has run, or what is there cannot be read."""


@checked
def last_night(settings: Settings, asker: Asker, max_age: timedelta) -> LastNight:
    """Whether the last night can be trusted, and its receipt. Raises BadInput where there is no home."""
    try:
        status = read_status(settings)
        return LastNight(health(settings, status, max_age, datetime.now(UTC)), status)
    except StatusUnreadable as error:
        return LastNight(unreadable(error), None)


def _window_of_team(settings: Settings, team: str, window: str | None) -> str:
    return window_named(settings, window) if window else door.latest_window(settings.published, team)


def _team_report(settings: Settings, team: str, window: str, rubric: str | None) -> Released:
    released = door.read_team(settings.published, team, window, rubric)
    logbook.note(settings, "release read", file=door.release_of(settings.published, team, window, rubric))
    return released
