"""What the reading commands print. They open JSON that a night left behind; no database, no orchestrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from config.recorded_settings import RecordedSettings, recorded_settings
from config.settings import Settings, load_settings, token
from connectors.errors import BadInput
from privacy.released import Released
from reports.formats import as_json, coverage_as, own_report_as


@dataclass(frozen=True, slots=True)
class StatusShown:
    """What `sightline status` prints and exits with."""

    text: str
    """For standard output."""
    note: str
    """For standard error: why it exits as it does, where the text does not say it."""
    exit_code: int


def show_coverage(
    config: Path, team: str, window: str | None, form: str, rubric: str | None = None, *, full: bool = False
) -> str:
    """A team's release, or as text all of them where the team is on several rubrics.

    Raises BadInput, or DoorError where there is none or where one of several has to be named.
    """
    from app.identity import window_named
    from privacy import door
    from privacy.logbook import note

    settings = load_settings(config)
    name = window_named(settings, window) if window else door.latest_window(settings.published, team)
    several = door.rubrics(settings.published, team, name) if form == "text" and rubric is None else [rubric]
    shown = []
    for each in several:
        released = door.read_team(settings.published, team, name, each)
        note(settings, "release read", file=door.release_of(settings.published, team, name, each))
        shown.append(coverage_as(released, form, full=full))
    return "\n\n\n".join(shown)


def show_honesty(config: Path, window: str | None, form: str) -> str:
    """What the signals can and cannot see in the organisation. Raises BadInput or DoorError."""
    from app.identity import window_named
    from privacy import door, organisation
    from reports import honesty

    settings = load_settings(config)
    wanted = window_named(settings, window) if window else organisation.latest(settings.published)
    names = {*organisation.windows(settings.published), wanted}
    told = honesty.view(
        [door.read_organisation(settings.published, name) for name in sorted(names) if name <= wanted]
    )
    if form == "json":
        return as_json(told)
    return honesty.markdown(told) if form == "md" else honesty.text(told)


def show_me(
    config: Path,
    window: str | None,
    form: str,
    *,
    full: bool = False,
    with_titles: bool = False,
    as_of: date | None = None,
) -> str:
    """The report of whoever holds the token; with `as_of` as the last night until then wrote it.

    Raises BadInput, SourceError or DoorError.
    """
    settings = recorded_settings(config)
    released = _former_report(settings, window, as_of) if as_of else _own_report(settings, window)
    titles = titles_of(released, settings, token("GITHUB_TOKEN")) if with_titles else {}
    text = own_report_as(released, form, titles, full=full or with_titles)
    # said on the terminal alone: files and pages are handed on
    return "\n".join([text, *_left_out(settings, released)]) if form == "text" else text


def show_incidents(config: Path, window: str | None, form: str) -> str:
    """What the caller did in each incident, as links. Raises BadInput or DoorError."""
    from reports.incidents import as_body, contribution, incidents_markdown, incidents_text

    released = _own_report(recorded_settings(config), window)
    if form == "json":
        return as_json({"window": released.body["window"]} | as_body(contribution(released)))
    return incidents_markdown(released) if form == "md" else incidents_text(released)


def _left_out(settings: RecordedSettings, released: Released) -> Iterator[str]:
    from app.identity import proven
    from app.leave import effect, own_days
    from warehouse.windows import parse_window

    said = effect(own_days(settings, proven(settings)), parse_window(released.body["window"]))
    if said:
        yield f"{said} (sightline me leave). Nobody else sees this."


def titles_of(released: Released, settings: Settings, secret: SecretStr | None) -> dict[str, str]:
    """What the objects behind a report are called today, as this token may read them. Raises SourceError."""
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


def show_explanation(
    config: Path, asked: str, window: str | None, form: str, since: date | None = None
) -> str:
    """Why one of the caller's cells is what it is, and with `since`, why it changed since that day.

    The rule, its file and its version are those that the report was made with, not those on the disk.
    Raises BadInput with the nearest names.
    """
    from reports.text import explain_text

    settings = recorded_settings(config)
    body = _own_report(settings, window).body
    try:
        chosen = items_about(body, asked)
    except BadInput as error:
        where = f"this is your report of {body['window']}; --window asks about another quarter"
        raise BadInput([*error.mistakes, where]) from None
    explained = {"window": body["window"], "sources": body["sources"], "items": chosen}
    if since:
        from app.identity import proven
        from app.looking_back import changes_since

        slugs = [item["item"] for item in chosen]
        explained["changes"] = changes_since(settings, proven(settings), body["window"], slugs, since)
    return as_json(explained) if form == "json" else explain_text(explained)


def items_about(body: Mapping[str, Any], asked: str) -> list[dict[str, Any]]:
    """The item of this name, or every item that shows this link, be it beside its rule. Raises BadInput."""
    from difflib import get_close_matches

    items = {item["item"]: item for item in body["items"]}
    if asked in items:
        return [items[asked]]
    by_link = [
        item
        for item in body["items"]
        if any(
            row["url"] == asked
            for row in (*item["evidence"], *(item.get("beside") or {}).get("evidence", ()))
        )
    ]
    if not by_link:
        near = get_close_matches(asked, items, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise BadInput([f"no item and no evidence of yours is named '{asked}'{hint}"])
    return by_link


def show_status(config: Path, form: str, max_age: timedelta, *, is_check: bool = False) -> StatusShown:
    """How the last night went; as a check, in one line. Raises BadInput where there is no home."""
    from reports.status import StatusUnreadable, health, read_status, unreadable

    settings = load_settings(config)
    status = None
    try:
        status = read_status(settings)
        judged = health(settings, status, max_age, datetime.now(UTC))
    except StatusUnreadable as error:
        judged = unreadable(error)
    if is_check:
        return StatusShown(judged.as_json(max_age) if form == "json" else judged.line, "", judged.exit_code)
    if status is None:
        return StatusShown("", judged.line, judged.exit_code)
    # the page tells gaps and refusals itself, but not that it is old
    is_told = judged.exit_code == 0 or judged.outcome not in ("complete", "running")
    if form == "json":
        text = as_json(status)
    else:
        from reports.text import status_text

        text = status_text(status)
    return StatusShown(text, "" if is_told else judged.line, judged.exit_code)


def _own_report(settings: RecordedSettings, window: str | None) -> Released:
    from app.identity import proven, window_named
    from app.notes import own_report
    from privacy.logbook import mark, note

    person_id, name = proven(settings), window_named(settings, window)
    released = own_report(settings, person_id, name)
    note(settings, "report read", person=mark(settings, person_id), window=name)
    return released


def _former_report(settings: RecordedSettings, window: str | None, as_of: date) -> Released:
    from app.identity import proven, window_named
    from app.looking_back import report_as_of
    from privacy.logbook import mark, note

    person_id = proven(settings)
    asked = window_named(settings, window) if window else None
    released = report_as_of(settings, person_id, asked, as_of)
    note(settings, "report read", person=mark(settings, person_id), window=released.body["window"])
    return released
