"""What an engineer may do about their own results, between two real nights and after them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connectors.errors import BadInput, Refused
from flows import logbook
from flows.contests import list_contests, resolve_contest
from flows.night import open_night
from flows.own_words import LONGEST_NOTE, delete_note, open_contest, take_back_contest, write_note
from flows.pipeline import run_night
from flows.settings import Settings, load_settings
from flows.views import show_coverage, show_me
from privacy import audit
from sandbox.server import Running
from warehouse import rights

ITEM = "code-fluency-reviews"
"""An item of the shipped map that has a band."""

HOSTILE = (
    '=HYPERLINK("http://evil.example") <script>alert(1)</script> [x](javascript:alert(1)) '
    "\x1b]0;title\x07\x1b[31mred\u202egnp.exe\u200b\U000e0041\x9b2J `code` | cell"
)


class Place(NamedTuple):
    """One organisation after two nights; `people` are engineers of its largest team, `manager` leads it."""

    config: Path
    settings: Settings
    team: str
    people: list[str]
    manager: str
    resolver: str


@pytest.fixture(scope="module")
def place(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Early in October somebody contests the third quarter; in November it is published."""
    folder = tmp_path_factory.mktemp("rights")
    with urllib.request.urlopen(f"{organisation.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    team, manager, people, resolver = largest_team(folder / "roster.csv")
    config = folder / "sightline.yaml"
    config.write_text(
        f"roster: roster.csv\nresolvers: [{resolver.upper()}, {manager}, {people[0]}]\n"
        f"github:\n  base_url: {organisation.github}\n"
        f"  organisations: [{organisation.holding.organization}]\n  since: 2026-07-01\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        found = Place(config, load_settings(config), team, people, manager, resolver)
        night(patch, config, date(2026, 10, 10))
        acting(patch, people[0])
        open_contest(config, ITEM, "not-me", "Somebody used my account.", "2026Q3")
        night(patch, config, date(2026, 11, 22))
        yield found


# --- notes ------------------------------------------------------------------------------------------------


def test_a_note_stands_in_ones_own_report_and_in_nobody_elses(place: Place, me: Me) -> None:
    me(place.people[1])
    write_note(place.config, ITEM, "I paired on this all summer.", "2026Q3")
    assert cell(place, ITEM)["note"]["said"] == "I paired on this all summer."
    write_note(place.config, ITEM, "I paired on this.", "2026Q3")
    for form in ("text", "md", "html", "csv"):
        assert "I paired on this." in show_me(place.config, "2026Q3", form)
        assert "all summer" not in show_me(place.config, "2026Q3", form)
    assert "I paired" not in show_coverage(place.config, place.team, "2026Q3", "text")
    me(place.people[2])
    assert "I paired" not in show_me(place.config, "2026Q3", "json")


def test_a_deleted_note_is_in_no_byte_of_the_file(place: Place, me: Me) -> None:
    me(place.people[1])
    write_note(place.config, ITEM, "CANARY-" * 40, "2026Q3")
    assert b"CANARY-" in place.settings.rights_file.read_bytes()
    delete_note(place.config, ITEM, "2026Q3")
    assert cell(place, ITEM)["note"] is None
    assert [
        path.name
        for path in place.settings.home.iterdir()
        if path.is_file() and b"CANARY-" in path.read_bytes()
    ] == []
    with pytest.raises(BadInput, match="no note of yours"):
        delete_note(place.config, ITEM, "2026Q3")


def test_a_hostile_note_is_neutral_everywhere(place: Place, me: Me) -> None:
    me(place.people[1])
    write_note(place.config, ITEM, HOSTILE, "2026Q3")
    shown = {form: show_me(place.config, "2026Q3", form) for form in ("text", "json", "csv", "md", "html")}
    delete_note(place.config, ITEM, "2026Q3")
    for form, text in shown.items():
        assert "gnp.exe" in text, form
        assert not set(text) & set("\x1b\x07\x9b\u202e\u200b\U000e0041"), form
    assert "<script>alert" not in shown["html"] + shown["md"]
    assert "[x](javascript" not in shown["md"]
    assert ",'=HYPERLINK" in shown["csv"] or ",\"'=HYPERLINK" in shown["csv"]


@pytest.mark.parametrize("text", ["", " \u200b\n", "x" * (LONGEST_NOTE + 1)])
def test_an_empty_or_an_endless_note_is_refused(place: Place, me: Me, text: str) -> None:
    me(place.people[1])
    with pytest.raises(BadInput, match="the note"):
        write_note(place.config, ITEM, text, "2026Q3")


def test_a_note_beside_no_item_names_the_nearest(place: Place, me: Me) -> None:
    me(place.people[1])
    with pytest.raises(BadInput, match=f"did you mean '{ITEM}'"):
        write_note(place.config, ITEM[:-1], "hm", "2026Q3")


# --- contests ---------------------------------------------------------------------------------------------


def test_a_contest_before_publication_has_its_person_counted_by_chance(place: Place) -> None:
    with rights.opened(place.settings.rights_file) as own:
        (contest,) = [each for each in own.contests() if each.because == "not-me"]
        (counted,) = own.counted(contest.person_id, "2026Q3")
        assert counted.drawn
        assert own.drawn_in(place.team, "2026Q3") == {contest.person_id}
    assert counted.size == len(place.people)


def test_a_contest_after_publication_changes_no_published_byte(place: Place, me: Me) -> None:
    me(place.people[2])
    before = published(place)
    said = open_contest(place.config, ITEM, "missing", None, "2026Q3")
    assert "was frozen before and stays as it is" in said
    with pytest.MonkeyPatch.context() as patch:
        night(patch, place.config, date(2026, 11, 22))
    assert published(place) == before
    me(place.people[2])
    take_back_contest(place.config, ITEM, "2026Q3")
    assert cell(place, ITEM)["contest"] is None


def test_nothing_that_a_manager_reads_tells_of_a_contest(place: Place) -> None:
    for form in ("text", "json", "csv", "html"):
        shown = show_coverage(place.config, place.team, "2026Q3", form)
        assert not [word for word in ("not-me", "my account", "Upheld", "Dismissed") if word in shown]


def test_who_may_decide_sees_the_cell_and_who_may_not_sees_nothing(place: Place, me: Me) -> None:
    me(place.resolver)
    (row,) = json.loads(list_contests(place.config, "json"))["contests"]
    assert (row["login"], row["because"], row["said"]) == (
        place.people[0],
        "not-me",
        "Somebody used my account.",
    )
    assert row["state"]
    assert "Somebody used my account." in list_contests(place.config, "text")
    for other in (place.manager, place.people[0]):  # the manager, and the person: named, and not for this one
        me(other)
        assert json.loads(list_contests(place.config, "json"))["contests"] == []
    me(place.people[3])
    with pytest.raises(Refused, match="do not name the account"):
        list_contests(place.config, "json")


def test_a_manager_is_told_of_a_contest_what_they_are_told_of_none(place: Place, me: Me) -> None:
    with rights.opened(place.settings.rights_file) as own:
        (contest,) = own.contests()
    me(place.manager)
    answers = []
    for asked in (contest.contest_id, "0" * 16):
        with pytest.raises(BadInput) as error:
            resolve_contest(place.config, asked, "upheld")
        answers.append(str(error.value.mistakes).replace(asked, "ID"))
    assert answers[0] == answers[1]


def test_a_decision_stands_in_the_report_with_who_made_it(place: Place, me: Me) -> None:
    with rights.opened(place.settings.rights_file) as own:
        (contest,) = own.contests()
    me(place.resolver)
    resolve_contest(place.config, contest.contest_id, "dismissed")
    with pytest.raises(BadInput, match="no open contest"):
        resolve_contest(place.config, contest.contest_id, "upheld")
    me(place.people[0])
    shown = cell(place, contest.item)["contest"]
    assert (shown["state"], shown["resolved_by"], shown["said"]) == (
        "dismissed",
        place.resolver,
        "Somebody used my account.",
    )
    assert f"by {place.resolver}" in show_me(place.config, "2026Q3", "text").replace("\n", " ")
    logged = [
        entry for entry in audit.entries(place.settings.audit_file) if entry["action"] == "contest decided"
    ]
    assert [entry["about"]["person"] for entry in logged] == [logbook.mark(place.settings, contest.person_id)]


def test_the_file_of_what_people_say_is_its_owners_alone(place: Place) -> None:
    assert place.settings.rights_file.stat().st_mode & 0o777 == 0o600


# --- builders -----------------------------------------------------------------------------------------------


class Me:
    """Whose token is in the environment."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def __call__(self, login: str) -> None:
        acting(self.patch, login)


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch) -> Me:
    return Me(monkeypatch)


def acting(patch: pytest.MonkeyPatch, login: str) -> None:
    patch.setenv("GITHUB_TOKEN", f"sandbox-{login}")


def night(patch: pytest.MonkeyPatch, config: Path, as_of: date) -> None:
    patch.setenv("GITHUB_TOKEN", "sandbox-token")
    with open_night(load_settings(config), as_of) as opened:
        assert run_night(opened)["last_run"]["messages"] == []


def largest_team(roster: Path) -> tuple[str, str, list[str], str]:
    """Team, manager, engineers who were there all the third quarter, and somebody of elsewhere."""
    rows = [row.split(",") for row in roster.read_text().splitlines()[1:]]
    teams = [row[1] for row in rows]
    team = max(sorted(set(teams)), key=teams.count)
    manager = next(row[2] for row in rows if row[1] == team and row[2])
    here = [row[0] for row in rows if row[1] == team]
    people = [
        row[0]
        for row in rows
        if row[1] == team and row[0] != manager and row[3] <= "2026-07-01" and not row[4]
    ]
    return team, manager, people, next(row[0] for row in rows if row[0] not in here and not row[4])


def cell(place: Place, item: str) -> dict[str, Any]:
    items = json.loads(show_me(place.config, "2026Q3", "json"))["items"]
    found: dict[str, Any] = next(each for each in items if each["item"] == item)
    return found


def published(place: Place) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (place.settings.published / "teams").rglob("*.json")}
