"""Somebody's report with what they said beside it, and with who else looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from config.settings import Settings
from connectors.errors import BadInput
from people.access_log import looks_of_officers
from people.rights import rights_of
from privacy import door
from privacy.errors import NoReport
from privacy.released import Released
from reports.neutral import plain
from warehouse import rights
from warehouse.vault_lookup import find_login

LONGEST_NOTE = 2_000
"""Characters. A note stands beside a cell; it is no document."""


def report_of(settings: Settings, person_id: str, window: str) -> Released:
    """Somebody's report with their notes and contests. Raises NoReport."""
    with rights_of(settings) as own:
        try:
            report = door.read_self(settings.published, person_id, window)
        except NoReport:
            if since := own.opt_outs().get(person_id):
                raise NoReport(
                    f"there is no report for {window}: you opted out on {since}; "
                    "`sightline me opt-in` undoes it"
                ) from None
            raise
        return door.with_own_words(
            report, _words(settings, own, person_id, window), looks_of_officers(settings, person_id)
        )


def check_items(body: Mapping[str, Any], items: Sequence[str]) -> None:
    """Nothing, where the report has all of these items. Raises BadInput with the nearest names."""
    known = [each["item"] for each in body["items"]]
    wrong = []
    for item in items:
        if item not in known:
            near = get_close_matches(item, known, n=1)
            wrong.append(
                f"no item of your report is named '{plain(item)}'"
                + (f"; did you mean '{near[0]}'?" if near else "; `sightline me` lists them")
            )
    if wrong:
        raise BadInput(wrong)


def items_about(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The item of this name, or every item that shows this link, be it beside its rule. Raises BadInput."""
    items = {item["item"]: item for item in body["items"]}
    if name in items:
        return [items[name]]
    by_link = [
        item
        for item in body["items"]
        if any(
            row["url"] == name for row in (*item["evidence"], *(item.get("beside") or {}).get("evidence", ()))
        )
    ]
    if not by_link:
        near = get_close_matches(name, items, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise BadInput([f"no item and no evidence of yours is named '{name}'{hint}"])
    return by_link


def checked_note(text: str) -> str:
    """The text as one visible line. Raises BadInput for one that is empty or long."""
    visible = plain(text)
    if not visible:
        raise BadInput(["the note is empty; write what there is to say in quotation marks"])
    if len(visible) > LONGEST_NOTE:
        raise BadInput([f"the note has {len(visible)} characters; {LONGEST_NOTE} are the most"])
    return visible


def _words(settings: Settings, own: rights.Rights, person_id: str, window: str) -> dict[str, dict[str, Any]]:
    """What somebody said of each item in this window."""
    words: dict[str, dict[str, Any]] = {}
    with_contest = {}
    for note in own.notes(person_id, window):
        if note.kind == "contest":
            with_contest[note.item] = note.said
        else:
            words.setdefault(note.item, {})["note"] = {
                "said": note.said,
                "written_on": note.written_on.isoformat(),
            }
    for contest in own.contests(person_id):
        if contest.quarter == window:
            by = contest.resolver_id and find_login(settings.vault_file, contest.resolver_id, "github")
            words.setdefault(contest.item, {})["contest"] = {
                "because": contest.because,
                "opened_on": contest.opened_on.isoformat(),
                "state": contest.state,
                "resolved_on": contest.resolved_on.isoformat() if contest.resolved_on else None,
                "resolved_by": by,
                "said": with_contest.get(contest.item),
            }
    return words
