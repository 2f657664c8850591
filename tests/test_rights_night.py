"""What an engineer may do about their own results, between two real nights and after them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from filelock import FileLock

from app.contests import list_contests, resolve_contest
from app.export import export, show_access_log
from app.identity import proven
from app.notes import LONGEST_NOTE, delete_note, open_contest, take_back_contest, write_note
from app.opting import opt_in, opt_out
from app.query import ask
from app.reports import show_coverage, show_me
from app.sharing import NO_SHARE, end_share, list_shares, make_share, show_shared
from config.settings import Settings, load_settings
from connectors.errors import BadInput, Refused
from flows.context import open_night
from flows.night import run_night
from people.rights import rights_of
from privacy import audit, logbook
from privacy.bands import bands
from privacy.erasing import erase
from privacy.errors import AddsUp, NoReport
from privacy.shares import new_token, others_needed, token_sha256
from sandbox.server import Running
from warehouse import reading
from warehouse.vault import find_accounts, find_ids

StepsOf = Callable[[Callable[[], object]], list[tuple[str, int, str]]]

ITEM = "code-fluency-reviews"
"""An item of the shipped map that has a band."""

ASK = "agility-adapts"
"""An item that no tool can show."""
TODAY = datetime.now(UTC).date().isoformat()

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
    early_token: str = ""
    """Of a share that was made and revoked before the window was published."""


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
        acting(patch, people[4])
        token = shared(config, [ITEM], manager, "2026Q3")
        end_share(config, shares_of(config)[0]["share"])
        found = found._replace(early_token=token)
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
    with rights_of(place.settings) as own:
        (contest,) = [each for each in own.contests() if each.because == "not-me"]
        (counted,) = own.counted(contest.person_id, "2026Q3")
        assert counted.drawn
        assert contest.person_id in own.drawn_in(place.team, "2026Q3")
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
    with rights_of(place.settings) as own:
        (contest,) = own.contests()
    me(place.manager)
    answers = []
    for asked in (contest.contest_id, "0" * 16):
        with pytest.raises(BadInput) as error:
            resolve_contest(place.config, asked, "upheld")
        answers.append(str(error.value.mistakes).replace(asked, "ID"))
    assert answers[0] == answers[1]


def test_once_a_resolver_has_seen_a_cell_no_later_band_rests_on_it(place: Place, me: Me) -> None:
    """However it is decided, and even if it is taken back: the running quarter is not published yet."""
    me(place.people[8])
    open_contest(place.config, ITEM, "missing", None, "2026Q4")
    person_id = proven(place.settings)
    with rights_of(place.settings) as own:
        assert (person_id, "2026Q4") not in own.shared_early()
    me(place.resolver)
    list_contests(place.config, "text")
    me(place.people[8])
    take_back_contest(place.config, ITEM, "2026Q4")
    with rights_of(place.settings) as own:
        assert (person_id, "2026Q4") in own.shared_early()


def test_a_decision_stands_in_the_report_with_who_made_it(place: Place, me: Me) -> None:
    with rights_of(place.settings) as own:
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


# --- shares -----------------------------------------------------------------------------------------------


def test_a_share_shows_the_chosen_items_to_its_reader_and_tells_its_owner(place: Place, me: Me) -> None:
    me(place.people[1])
    write_note(place.config, ITEM, "Ask me about these.", "2026Q3")
    open_contest(place.config, ITEM, "missing", "I paired.", "2026Q3")
    token = shared(place.config, [ITEM, ASK], place.manager, "2026Q3")
    (row,) = shares_of(place.config)
    assert (row["with"], row["items"], row["opened_on"]) == (place.manager, [ITEM, ASK], [])
    me(place.manager)
    body = json.loads(show_shared(place.config, token, "json"))
    assert {item["item"] for item in body["items"]} == {ITEM, ASK}
    assert body["shared_by"] == place.people[1]
    assert [item["note"] for item in body["items"]] == [None, None]
    contest = next(item["contest"] for item in body["items"] if item["item"] == ITEM)
    assert (contest["because"], contest["said"]) == ("missing", None)
    assert f"Shared by {place.people[1]}" in show_shared(place.config, token, "text")
    me(place.people[1])
    assert shares_of(place.config)[0]["opened_on"] == [TODAY, TODAY]
    assert token not in json.dumps(shares_of(place.config))
    take_back_contest(place.config, ITEM, "2026Q3")
    delete_note(place.config, ITEM, "2026Q3")


def test_notes_are_shared_when_they_are_chosen(place: Place, me: Me) -> None:
    me(place.people[1])
    write_note(place.config, ITEM, HOSTILE, "2026Q3")
    token = shared(place.config, [ITEM], place.manager, "2026Q3", with_notes=True)
    me(place.manager)
    body, text = show_shared(place.config, token, "json"), show_shared(place.config, token, "text")
    for shown in (body, text):
        assert "gnp.exe" in shown
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\U000e0041")
    me(place.people[1])
    delete_note(place.config, ITEM, "2026Q3")
    me(place.manager)
    assert json.loads(show_shared(place.config, token, "json"))["items"][0]["note"] is None


def test_every_share_that_opens_nothing_is_answered_alike(place: Place, me: Me, steps_of: StepsOf) -> None:
    """The same words, exit and streams, and the same functions, queries and files in the same order."""
    me(place.people[2])
    revoked = shared(place.config, [ITEM], place.manager, "2026Q3")
    end_share(place.config, shares_of(place.config)[-1]["share"])
    ended = shared(place.config, [ITEM], place.manager, "2026Q3")
    with rights_of(place.settings) as own:
        own.con.execute("update shares set ends_on = shared_on where token_sha256 = ?", [token_sha256(ended)])
    forwarded = shared(place.config, [ITEM], place.people[1], "2026Q3")
    guessed = new_token()
    me(place.manager)
    tokens = [
        guessed,
        revoked,
        ended,
        forwarded,
        place.early_token,
        "",
        "'; drop table shares; --",
        guessed[:-1],
    ]
    before = len(list(audit.entries(place.settings.audit_file)))
    steps = [steps_of(lambda token=token: refused(place.config, token)) for token in tokens]
    assert len(steps[0]) > 40
    assert [each for each in steps if each != steps[0]] == []
    answers = {answer(place.config, "shared", token) for token in (guessed, revoked)}
    assert len(answers) == 1
    assert next(iter(answers))[:2] == (1, "")
    me(place.people[3])  # somebody whom nobody shares anything with
    assert {answer(place.config, "shared", forwarded)} == answers
    assert len(list(audit.entries(place.settings.audit_file))) == before


def test_the_id_of_somebody_elses_share_or_contest_is_answered_like_one_that_never_was(
    place: Place, me: Me, steps_of: StepsOf
) -> None:
    me(place.people[2])
    shared(place.config, [ITEM], place.manager, "2026Q3")
    share = shares_of(place.config)[-1]["share"]
    me(place.people[3])
    nobodys, somebodys = [
        steps_of(lambda each=each: nothing_of_mine(lambda: end_share(place.config, each)))
        for each in ("0" * len(share), share)
    ]
    assert len(nobodys) > 30
    assert somebodys == nobodys
    open_contest(place.config, ITEM, "missing", None, "2026Q3")
    with rights_of(place.settings) as own:
        contest = next(each for each in own.contests() if each.state == "open" and each.because == "missing")
    me(place.manager)  # of whoever contests: named as a resolver, and not of this one
    nobodys, somebodys = [
        steps_of(lambda each=each: nothing_of_mine(lambda: resolve_contest(place.config, each, "upheld")))
        for each in ("0" * len(contest.contest_id), contest.contest_id)
    ]
    assert len(nobodys) > 30
    assert somebodys == nobodys
    me(place.people[3])
    take_back_contest(place.config, ITEM, "2026Q3")


def test_nobody_but_its_owner_can_list_or_end_a_share(place: Place, me: Me) -> None:
    me(place.people[2])
    shared(place.config, [ITEM], place.manager, "2026Q3")
    share = shares_of(place.config)[-1]["share"]
    me(place.manager)
    assert shares_of(place.config) == []
    with pytest.raises(BadInput, match="you have no open share"):
        end_share(place.config, share)
    for form in ("text", "json", "csv", "html"):
        assert share not in show_coverage(place.config, place.team, "2026Q3", form)


@pytest.mark.parametrize("days", [0, 31, -1])
def test_a_share_stays_open_for_thirty_days_at_most(place: Place, me: Me, days: int) -> None:
    me(place.people[1])
    with pytest.raises(BadInput, match="from 1 to 30 days"):
        make_share(place.config, [ITEM], place.manager, days, "2026Q3", with_notes=False, although=True)


def test_a_share_goes_to_one_known_reader_who_is_somebody_else(place: Place, me: Me) -> None:
    me(place.people[1])
    for reader, sentence in (
        ("nobody-of-this-name", "nobody of this login is known"),
        ("a/../b", "nobody of this login is known"),
        (place.people[1], "that is you"),
    ):
        with pytest.raises(BadInput, match=sentence):
            make_share(place.config, [ITEM], reader, 7, "2026Q3", with_notes=False, although=True)


def test_whoever_shared_before_publication_is_counted_by_chance_even_if_they_ended_it(place: Place) -> None:
    with rights_of(place.settings) as own:
        early = {each.person_id for each in own.shared_early() if each.quarter == "2026Q3"}
        assert early
        assert early <= own.drawn_in(place.team, "2026Q3")


def test_a_share_that_adds_to_a_published_band_is_made_only_knowingly(place: Place, me: Me) -> None:
    """Of all who were counted, those are warned whose answer counts toward an end of the band."""
    items = json.loads(show_coverage(place.config, place.team, "2026Q3", "json"))["items"]
    # an answer among "most" that is yes tells nothing; in a middle band every answer does
    item, word = next((item["item"], item["band"]) for item in items if item["band"] == "some")
    (band,) = [each for each in bands(len(place.people)) if each.word == word]
    warned = []
    for login in (*place.people[1:4], *place.people[5:8]):
        me(login)
        needed = others_needed(band.low, band.high, len(place.people), bool(cell(place, item)["evidence"]))
        before = shares_of(place.config)
        try:
            make_share(place.config, [item], place.resolver, 7, "2026Q3", with_notes=False, although=False)
        except AddsUp as error:
            warned.append(str(error))
            assert shares_of(place.config) == before
        else:
            assert needed is None
    assert len(warned) == 6
    assert all("--although-it-adds-up" in sentence for sentence in warned)
    for login in (place.people[0], place.people[4]):  # counted by chance: their answer is behind no word
        me(login)
        make_share(place.config, [item], place.resolver, 7, "2026Q3", with_notes=False, although=False)


def test_a_share_of_the_running_window_says_that_its_owner_is_counted_by_chance(place: Place, me: Me) -> None:
    me(place.people[3])
    said = make_share(place.config, [ITEM], place.manager, 7, "2026Q4", with_notes=False, although=False)
    assert "2026Q4, you are counted by chance" in said


# --- what is stored, and what is logged ---------------------------------------------------------------------


def test_the_access_log_says_who_looked_at_what_of_ones_own_and_at_the_teams_bands(
    place: Place, me: Me
) -> None:
    me(place.people[5])
    show_me(place.config, "2026Q3", "json")
    token = shared(place.config, [ITEM], place.manager, "2026Q3")
    share = shares_of(place.config)[-1]["share"]
    me(place.manager)
    show_shared(place.config, token, "json")
    show_coverage(place.config, place.team, "2026Q3", "text")
    ask(place.config, "from answers", "json")
    me(place.people[5])
    said = [row["said"] for row in json.loads(show_access_log(place.config, "json"))["entries"]]
    for sentence in (
        "you read your report for 2026Q3",
        f"you made share {share}",
        f"{place.manager} opened share {share}",
        f"{place.team}'s bands for 2026Q3 were published",
        f"somebody read {place.team}'s bands for 2026Q3",
        "somebody asked a question of all bands that were published, your team's among them",
    ):
        assert sentence in said
    assert f"{TODAY}  {place.manager} opened share {share}" in show_access_log(place.config, "text")
    me(place.people[6])
    others = show_access_log(place.config, "text")
    assert share not in others
    assert f"somebody read {place.team}'s bands for 2026Q3" in others


def test_the_export_holds_every_table_that_knows_of_oneself_and_nobody_else(place: Place, me: Me) -> None:
    me(place.people[5])
    shared(place.config, [ITEM], place.manager, "2026Q3")
    write_note(place.config, ITEM, "For the export.", "2026Q3")
    everything = json.loads(export(place.config, None))
    assert {"evidence", "memberships", "reviews"} <= set(everything["stored"]["warehouse.duckdb"])
    assert {"notes", "shares", "counted"} <= set(everything["stored"]["rights.duckdb"])
    accounts = everything["stored"]["vault.duckdb"]["accounts"]
    assert {row["login"] for row in accounts if row["source"] == "github"} == {place.people[5]}
    assert set(everything["reports"]) == {"2026Q3", "2026Q4"}
    assert any(entry["action"] == "share made" for entry in everything["log"])
    text = json.dumps(everything["stored"])
    ids = find_ids(place.settings.vault_file)
    own = next(each for person, each in ids.items() if person in everything["about"])
    assert [each for person in ids.values() for each in person - own if each in text] == []
    assert [login for login in place.people if login != place.people[5] and login in text] == []
    assert "somebody else" in text
    delete_note(place.config, ITEM, "2026Q3")


def test_the_export_as_a_zip_has_a_page_for_each_quarter(place: Place, me: Me, tmp_path: Path) -> None:
    me(place.people[5])
    target = tmp_path / "mine.zip"
    export(place.config, target)
    assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["2026Q3.html", "2026Q4.html", "everything.json"]
        assert archive.read("2026Q3.html").startswith(b"<!doctype html>")


def test_what_one_says_waits_for_no_night(place: Place, me: Me) -> None:
    me(place.people[5])
    with FileLock(place.settings.lock_file):
        write_note(place.config, ITEM, "While it runs.", "2026Q3")
        end_share(place.config, shared_id(place, [ITEM]))
        assert "While it runs." in show_me(place.config, "2026Q3", "text")
        delete_note(place.config, ITEM, "2026Q3")


def test_the_export_waits_for_no_night(place: Place, me: Me) -> None:
    me(place.people[5])
    with FileLock(place.settings.lock_file), pytest.raises(BadInput, match="a night is writing"):
        export(place.config, None)


# --- opting out -------------------------------------------------------------------------------------------


def test_from_the_day_of_opting_out_nothing_becomes_evidence_and_opting_in_brings_it_back(
    place: Place, me: Me, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = place.people[7]
    me(login)
    before, evidence = show_me(place.config, "2026Q4", "json"), evidence_of(place, login)
    since = sorted(evidence)[len(evidence) // 2][0]
    person_id = proven(place.settings)
    opt_out(place.config)
    with rights_of(place.settings) as own:  # as if it had been then
        own.opt_out(person_id, since)
    night(monkeypatch, place.config, date(2026, 11, 22))
    assert evidence_of(place, login) == {row for row in evidence if row[0] < since}
    me(login)
    assert show_me(place.config, "2026Q4", "json") == before
    with pytest.raises(NoReport, match="you opted out on"):
        show_me(place.config, "2027Q1", "json")
    with pytest.raises(NoReport):
        show_me(place.config, "2026Q4", "json", as_of=date(2026, 11, 22))
    opt_in(place.config)
    with pytest.raises(BadInput, match="you had not opted out"):
        opt_in(place.config)
    night(monkeypatch, place.config, date(2026, 11, 22))
    assert evidence_of(place, login) == evidence
    with rights_of(place.settings) as own:
        assert (own.opt_outs(), own.opted_in_again()) == ({}, {})


def test_an_agreement_may_have_nothing_to_opt_out_of(place: Place, me: Me) -> None:
    in_force = place.settings.agreement_in_force
    before = in_force.read_text()
    in_force.write_text(before.replace("opt_out: bands and evidence", "opt_out: nothing"))
    me(place.people[7])
    try:
        with pytest.raises(Refused, match="nothing to opt out of"):
            opt_out(place.config)
    finally:
        in_force.write_text(before)


# --- the file -----------------------------------------------------------------------------------------------


def test_the_file_of_what_people_say_is_its_owners_alone(place: Place) -> None:
    assert place.settings.rights_file.stat().st_mode & 0o777 == 0o600


def test_an_erasure_takes_what_somebody_said_and_shared_and_leaves_what_others_did(
    place: Place, me: Me, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a copy of the home, so that the order of tests does not matter."""
    shutil.copytree(place.config.parent, tmp_path / "copy")
    config = tmp_path / "copy" / "sightline.yaml"
    gone, other = place.people[6], place.people[5]
    me(gone)
    write_note(config, ITEM, "CANARY of mine.", "2026Q3")
    open_contest(config, ITEM, "missing", "CANARY too.", "2026Q3")
    token = shared(config, [ITEM], place.manager, "2026Q3")
    person_id = proven(load_settings(config))
    me(other)
    shared(config, [ITEM], gone, "2026Q3")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    erase(load_settings(config), gone, lambda _: None, lambda _: None)
    rights_file = load_settings(config).rights_file.read_bytes()
    for trace in ("CANARY", person_id, token_sha256(token)):
        assert trace.encode() not in rights_file
    me(other)
    assert shares_of(config)[-1]["with"] is None
    assert "somebody who was erased" in list_shares(config, "text")
    me(place.manager)
    refused(config, token)


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


def shared(config: Path, items: list[str], reader: str, window: str, *, with_notes: bool = False) -> str:
    """The token of a new share."""
    said = make_share(config, items, reader, 7, window, with_notes=with_notes, although=True)
    return said.splitlines()[0].split()[-1]


def shared_id(place: Place, items: list[str]) -> str:
    shared(place.config, items, place.manager, "2026Q3")
    return str(shares_of(place.config)[-1]["share"])


def shares_of(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(list_shares(config, "json"))["shares"]
    return found


def evidence_of(place: Place, login: str) -> set[tuple[date, str, str]]:
    """Days, signals and objects of somebody's evidence since July."""
    person_id = next(
        person
        for person, accounts in find_accounts(place.settings.vault_file, "github").items()
        if login in {each.login for each in accounts}
    )
    with reading.opened(place.settings.warehouse_file) as store:
        rows = reading.evidence_by_person(store, date(2026, 7, 1), date(2027, 1, 1)).get(person_id, [])
    return {(row.occurred_on, row.signal, row.source_id) for row in rows}


def refused(config: Path, token: str) -> None:
    with pytest.raises(NoReport) as error:
        show_shared(config, token, "json")
    assert str(error.value) == NO_SHARE


def nothing_of_mine(action: Callable[[], object]) -> None:
    with pytest.raises(BadInput, match=r"that you may decide|you have no open share"):
        action()


def answer(config: Path, *command: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--config", str(config), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def cell(place: Place, item: str) -> dict[str, Any]:
    items = json.loads(show_me(place.config, "2026Q3", "json"))["items"]
    found: dict[str, Any] = next(each for each in items if each["item"] == item)
    return found


def published(place: Place) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (place.settings.published / "teams").rglob("*.json")}
