"""What the audit log says of somebody: who looked at what of theirs, and at the bands of their team."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from config.settings import Settings
from privacy import audit, door, logbook
from privacy.errors import NoReport
from privacy.published import folder_name
from warehouse.vault_lookup import find_ids, find_login
from warehouse.windows import today

REASONS = {
    "asked-by-the-person": "the person asked for it",
    "complaint": "a complaint about Sightline or about somebody's use of it is looked into",
    "legal-claim": "a court or an authority requires it",
    "security-incident": "a leak, or a misuse of the home, is looked into",
}
"""Why an officer may read a report. Codes and not free text: a sentence in the log could never be erased."""
TOLD_FOR = timedelta(days=92)
"""How long a report says at its top that an officer read it."""

_SENTENCES = {
    "report read": "you read your report for {window}",
    "release published": "{team}'s bands for {window} were published",
    "item withdrawn": "an item of {team}'s bands for {window} was withdrawn",
    "release read": "somebody read {team}'s bands for {window}",
    "releases queried": "somebody asked a question of all bands that were published, your team's among them",
    "contest opened": "you contested {item} in {window}",
    "contest read": "{by} looked at your cell {item} in {window}, which you contest",
    "contest decided": "{by} decided your contest of {item} in {window}: {state}",
    "share made": "you made share {share}",
    "share revoked": "you ended share {share}",
    "share opened": "{by} opened share {share}",
    "glass broken": "the privacy officer {by} read your report for {window} ({because})",
    "opted out": "you opted out",
    "opted in": "you opted in again",
    "data exported": "you exported what is stored about you",
}
"""Each action of the log in the words of the person it is about."""


def entries_about(settings: Settings, person_id: str) -> Iterator[dict[str, str]]:
    """Every entry of the log about somebody, or about a release of a team of theirs, with a sentence."""
    people = find_ids(settings.vault_file)
    own = {logbook.mark(settings, each) for each in people.get(person_id, {person_id})}
    whose = {logbook.mark(settings, each): person for person, ids in people.items() for each in ids}
    releases = {
        f"{folder_name(team)}/{window}": (team, window) for window, team in _teams(settings, person_id)
    }
    for entry in audit.entries(settings.audit_file):
        about: Mapping[str, str] = entry["about"]
        words = dict(about)
        if about.get("person") not in own:
            release = next((key for key in releases if about.get("file", "").startswith(key)), None)
            if release is not None:
                words["team"], words["window"] = releases[release]
            elif entry["action"] != "releases queried" or not releases:
                continue
        if "by" in about:
            reader = whose.get(about["by"])
            login = reader and find_login(settings.vault_file, reader, "github")
            words["by"] = login or "somebody who is not known here any more"
        sentence = _SENTENCES.get(entry["action"], entry["action"]).format_map(_Words(words))
        yield {"on": entry["on"], "action": entry["action"], "said": sentence}


def looks_of_officers(settings: Settings, person_id: str) -> list[str]:
    """A sentence for each time in three months that an officer read a report of this person's."""
    if not settings.audit_file.exists():
        return []
    people = find_ids(settings.vault_file)
    own = {logbook.mark(settings, each) for each in people.get(person_id, {person_id})}
    whose = {logbook.mark(settings, each): person for person, ids in people.items() for each in ids}
    sentences = []
    for entry in audit.entries(settings.audit_file, "glass broken"):
        about = entry["about"]
        recent = date.fromisoformat(entry["on"]) + TOLD_FOR >= today()
        if about["person"] in own and recent:
            reader = whose.get(about["by"])
            login = reader and find_login(settings.vault_file, reader, "github")
            why = REASONS.get(about["because"], about["because"])
            sentences.append(
                f"On {entry['on']} the privacy officer {login or ''} read your report for {about['window']}, "
                f"because {why}."
            )
    return sentences


def windows_reported(settings: Settings, person_id: str) -> list[str]:
    """The quarters of which somebody has a report."""
    folder = settings.published / "people" / person_id
    return sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))


def _teams(settings: Settings, person_id: str) -> Iterator[tuple[str, str]]:
    for window in windows_reported(settings, person_id):
        try:
            yield window, door.read_self(settings.published, person_id, window).body["team"]
        except NoReport:
            continue


class _Words(dict[str, str]):
    """What an older entry lacks is left out of its sentence."""

    def __missing__(self, key: str) -> str:
        return "?"
