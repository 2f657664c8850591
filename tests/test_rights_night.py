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
from in_process import as_data, sightline

from app.sharing import NO_SHARE
from cli.sign_in import signed_in
from config.settings import Settings, load_settings
from connectors.errors import BadInput, Refused
from flows.context import open_night
from flows.night import run_night
from people.own_report import LONGEST_NOTE
from people.rights import rights_of
from privacy import audit, logbook
from privacy.bands import bands
from privacy.erasing import erase
from privacy.errors import AddsUp, NoReport
from privacy.shares import new_token, others_needed, token_sha256
from sandbox.server import Running
from warehouse import reading
from warehouse.vault_lookup import find_accounts, find_ids

StepsOf = Callable[[Callable[[], object]], list[tuple[str, int, str]]]

ITEM = "code-fluency-reviews"
"""An item of the shipped map that has a band."""

ASK = "agility-adapts"
"""An item that no tool can show."""
Q3 = ("--window", "2026Q3")
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
        sightline(
            config,
            "me",
            "contest",
            ITEM,
            "--because",
            "not-me",
            "--note",
            "Somebody used my account.",
            "--window",
            "2026Q3",
        )
        acting(patch, people[4])
        token = shared(config, [ITEM], manager, "2026Q3")
        sightline(config, "me", "unshare", shares_of(config)[0]["share"])
        found = found._replace(early_token=token)
        night(patch, config, date(2026, 11, 22))
        yield found


# --- notes ------------------------------------------------------------------------------------------------


def test_a_note_stands_in_ones_own_report_and_in_nobody_elses(place: Place, me: Me) -> None:
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, "I paired on this all summer.", *Q3)
    assert cell(place, ITEM)["note"]["said"] == "I paired on this all summer."
    sightline(place.config, "me", "note", ITEM, "I paired on this.", *Q3)
    for form in ("text", "md", "html", "csv"):
        assert "I paired on this." in sightline(place.config, "me", *Q3, "--full", "--format", form)
        assert "all summer" not in sightline(place.config, "me", *Q3, "--full", "--format", form)
    assert "I paired" not in sightline(place.config, "coverage", place.team, *Q3)
    me(place.people[2])
    assert "I paired" not in sightline(place.config, "me", "--window", "2026Q3", "--format", "json")


def test_a_deleted_note_is_in_no_byte_of_the_file(place: Place, me: Me) -> None:
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, "CANARY-" * 40, *Q3)
    assert b"CANARY-" in place.settings.rights_file.read_bytes()
    sightline(place.config, "me", "note", ITEM, "--delete", *Q3)
    assert cell(place, ITEM)["note"] is None
    assert [
        path.name
        for path in place.settings.home.iterdir()
        if path.is_file() and b"CANARY-" in path.read_bytes()
    ] == []
    with pytest.raises(BadInput, match="no note of yours"):
        sightline(place.config, "me", "note", ITEM, "--delete", *Q3)


def test_a_hostile_note_is_neutral_everywhere(place: Place, me: Me) -> None:
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, HOSTILE, *Q3)
    shown = {
        form: sightline(place.config, "me", *Q3, "--full", "--format", form)
        for form in ("text", "json", "csv", "md", "html")
    }
    sightline(place.config, "me", "note", ITEM, "--delete", *Q3)
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
        sightline(place.config, "me", "note", ITEM, text, *Q3)


def test_a_note_beside_no_item_names_the_nearest(place: Place, me: Me) -> None:
    me(place.people[1])
    with pytest.raises(BadInput, match=f"did you mean '{ITEM}'"):
        sightline(place.config, "me", "note", ITEM[:-1], "hm", *Q3)


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
    said = sightline(place.config, "me", "contest", ITEM, "--because", "missing", "--window", "2026Q3")
    assert "was frozen before and stays as it is" in said
    with pytest.MonkeyPatch.context() as patch:
        night(patch, place.config, date(2026, 11, 22))
    assert published(place) == before
    me(place.people[2])
    sightline(place.config, "me", "contest", ITEM, "--take-back", "--window", "2026Q3")
    assert cell(place, ITEM)["contest"] is None


def test_nothing_that_a_manager_reads_tells_of_a_contest(place: Place) -> None:
    for form in ("text", "json", "csv", "html"):
        shown = sightline(place.config, "coverage", place.team, *Q3, "--format", form)
        assert not [word for word in ("not-me", "my account", "Upheld", "Dismissed") if word in shown]


def test_who_may_decide_sees_the_cell_and_who_may_not_sees_nothing(place: Place, me: Me) -> None:
    me(place.resolver)
    (row,) = as_data(place.config, "contests", "list")["contests"]
    assert (row["login"], row["because"], row["said"]) == (
        place.people[0],
        "not-me",
        "Somebody used my account.",
    )
    assert row["state"]
    assert "Somebody used my account." in sightline(place.config, "contests", "list")
    for other in (place.manager, place.people[0]):  # the manager, and the person: named, and not for this one
        me(other)
        assert as_data(place.config, "contests", "list")["contests"] == []
    me(place.people[3])
    with pytest.raises(Refused, match="do not name the account"):
        sightline(place.config, "contests", "list")


def test_a_manager_is_told_of_a_contest_what_they_are_told_of_none(place: Place, me: Me) -> None:
    with rights_of(place.settings) as own:
        (contest,) = own.contests()
    me(place.manager)
    answers = []
    for asked in (contest.contest_id, "0" * 16):
        with pytest.raises(BadInput) as error:
            sightline(place.config, "contests", "resolve", asked, "--upheld")
        answers.append(str(error.value.mistakes).replace(asked, "ID"))
    assert answers[0] == answers[1]


def test_once_a_resolver_has_seen_a_cell_no_later_band_rests_on_it(place: Place, me: Me) -> None:
    """However it is decided, and even if it is taken back: the running quarter is not published yet."""
    me(place.people[8])
    sightline(place.config, "me", "contest", ITEM, "--because", "missing", "--window", "2026Q4")
    person_id = person_id_of(place.config)
    with rights_of(place.settings) as own:
        assert (person_id, "2026Q4") not in own.shared_early()
    me(place.resolver)
    sightline(place.config, "contests", "list")
    me(place.people[8])
    sightline(place.config, "me", "contest", ITEM, "--take-back", "--window", "2026Q4")
    with rights_of(place.settings) as own:
        assert (person_id, "2026Q4") in own.shared_early()


def test_a_decision_stands_in_the_report_with_who_made_it(place: Place, me: Me) -> None:
    with rights_of(place.settings) as own:
        (contest,) = own.contests()
    me(place.resolver)
    sightline(place.config, "contests", "resolve", contest.contest_id, "--dismissed")
    with pytest.raises(BadInput, match="no open contest"):
        sightline(place.config, "contests", "resolve", contest.contest_id, "--upheld")
    me(place.people[0])
    shown = cell(place, contest.item)["contest"]
    assert (shown["state"], shown["resolved_by"], shown["said"]) == (
        "dismissed",
        place.resolver,
        "Somebody used my account.",
    )
    assert f"by {place.resolver}" in sightline(place.config, "me", *Q3).replace("\n", " ")
    logged = [
        entry for entry in audit.entries(place.settings.audit_file) if entry["action"] == "contest decided"
    ]
    assert [entry["about"]["person"] for entry in logged] == [logbook.mark(place.settings, contest.person_id)]


# --- shares -----------------------------------------------------------------------------------------------


def test_a_share_shows_the_chosen_items_to_its_reader_and_tells_its_owner(place: Place, me: Me) -> None:
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, "Ask me about these.", *Q3)
    sightline(
        place.config,
        "me",
        "contest",
        ITEM,
        "--because",
        "missing",
        "--note",
        "I paired.",
        "--window",
        "2026Q3",
    )
    token = shared(place.config, [ITEM, ASK], place.manager, "2026Q3")
    (row,) = shares_of(place.config)
    assert (row["with"], row["items"], row["opened_on"]) == (place.manager, [ITEM, ASK], [])
    me(place.manager)
    body = as_data(place.config, "shared", token)
    assert {item["item"] for item in body["items"]} == {ITEM, ASK}
    assert body["shared_by"] == place.people[1]
    assert [item["note"] for item in body["items"]] == [None, None]
    contest = next(item["contest"] for item in body["items"] if item["item"] == ITEM)
    assert (contest["because"], contest["said"]) == ("missing", None)
    assert f"Shared by {place.people[1]}" in sightline(place.config, "shared", token)
    me(place.people[1])
    assert shares_of(place.config)[0]["opened_on"] == [TODAY, TODAY]
    assert token not in json.dumps(shares_of(place.config))
    sightline(place.config, "me", "contest", ITEM, "--take-back", "--window", "2026Q3")
    sightline(place.config, "me", "note", ITEM, "--delete", *Q3)


def test_notes_are_shared_when_they_are_chosen(place: Place, me: Me) -> None:
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, HOSTILE, *Q3)
    token = shared(place.config, [ITEM], place.manager, "2026Q3", with_notes=True)
    me(place.manager)
    body, text = (
        sightline(place.config, "shared", token, "--format", "json"),
        sightline(place.config, "shared", token),
    )
    for shown in (body, text):
        assert "gnp.exe" in shown
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\U000e0041")
    me(place.people[1])
    sightline(place.config, "me", "note", ITEM, "--delete", *Q3)
    me(place.manager)
    assert as_data(place.config, "shared", token)["items"][0]["note"] is None


def test_every_share_that_opens_nothing_is_answered_alike(place: Place, me: Me, steps_of: StepsOf) -> None:
    """The same words, exit and streams, and the same functions, queries and files in the same order."""
    me(place.people[2])
    revoked = shared(place.config, [ITEM], place.manager, "2026Q3")
    sightline(place.config, "me", "unshare", shares_of(place.config)[-1]["share"])
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
        steps_of(lambda each=each: nothing_of_mine(lambda: sightline(place.config, "me", "unshare", each)))
        for each in ("0" * len(share), share)
    ]
    assert len(nobodys) > 30
    assert somebodys == nobodys
    sightline(place.config, "me", "contest", ITEM, "--because", "missing", "--window", "2026Q3")
    with rights_of(place.settings) as own:
        contest = next(each for each in own.contests() if each.state == "open" and each.because == "missing")
    me(place.manager)  # of whoever contests: named as a resolver, and not of this one
    nobodys, somebodys = [
        steps_of(
            lambda each=each: nothing_of_mine(
                lambda: sightline(place.config, "contests", "resolve", each, "--upheld")
            )
        )
        for each in ("0" * len(contest.contest_id), contest.contest_id)
    ]
    assert len(nobodys) > 30
    assert somebodys == nobodys
    me(place.people[3])
    sightline(place.config, "me", "contest", ITEM, "--take-back", "--window", "2026Q3")


def test_nobody_but_its_owner_can_list_or_end_a_share(place: Place, me: Me) -> None:
    me(place.people[2])
    shared(place.config, [ITEM], place.manager, "2026Q3")
    share = shares_of(place.config)[-1]["share"]
    me(place.manager)
    assert shares_of(place.config) == []
    with pytest.raises(BadInput, match="you have no open share"):
        sightline(place.config, "me", "unshare", share)
    for form in ("text", "json", "csv", "html"):
        assert share not in sightline(place.config, "coverage", place.team, *Q3, "--format", form)


@pytest.mark.parametrize("days", [0, 31, -1])
def test_a_share_stays_open_for_thirty_days_at_most(place: Place, me: Me, days: int) -> None:
    me(place.people[1])
    with pytest.raises(BadInput, match="from 1 to 30 days"):
        sightline(place.config, *sharing(ITEM, place.manager, days=days, window="2026Q3", although=True))


def test_a_share_goes_to_one_known_reader_who_is_somebody_else(place: Place, me: Me) -> None:
    me(place.people[1])
    for reader, sentence in (
        ("nobody-of-this-name", "nobody of this login is known"),
        ("a/../b", "nobody of this login is known"),
        (place.people[1], "that is you"),
    ):
        with pytest.raises(BadInput, match=sentence):
            sightline(place.config, *sharing(ITEM, reader, days=7, window="2026Q3", although=True))


def test_whoever_shared_before_publication_is_counted_by_chance_even_if_they_ended_it(place: Place) -> None:
    with rights_of(place.settings) as own:
        early = {each.person_id for each in own.shared_early() if each.quarter == "2026Q3"}
        assert early
        assert early <= own.drawn_in(place.team, "2026Q3")


def test_a_share_that_adds_to_a_published_band_is_made_only_knowingly(place: Place, me: Me) -> None:
    """Of all who were counted, those are warned whose answer counts toward an end of the band."""
    items = as_data(place.config, "coverage", place.team, *Q3)["items"]
    # an answer among "most" that is yes tells nothing; in a middle band every answer does
    item, word = next((item["item"], item["band"]) for item in items if item["band"] == "some")
    (band,) = [each for each in bands(len(place.people)) if each.word == word]
    warned = []
    for login in (*place.people[1:4], *place.people[5:8]):
        me(login)
        needed = others_needed(band.low, band.high, len(place.people), bool(cell(place, item)["evidence"]))
        before = shares_of(place.config)
        try:
            sightline(place.config, *sharing(item, place.resolver, days=7, window="2026Q3", although=False))
        except AddsUp as error:
            warned.append(str(error))
            assert shares_of(place.config) == before
        else:
            assert needed is None
    assert len(warned) == 6
    assert all("--although-it-adds-up" in sentence for sentence in warned)
    for login in (place.people[0], place.people[4]):  # a random answer is counted for them
        me(login)
        sightline(place.config, *sharing(item, place.resolver, days=7, window="2026Q3", although=False))


def test_a_share_of_the_running_window_says_that_a_random_answer_is_counted(place: Place, me: Me) -> None:
    me(place.people[3])
    said = sightline(place.config, *sharing(ITEM, place.manager, days=7, window="2026Q4", although=False))
    assert "2026Q4, a random answer is counted instead of yours" in said


# --- what is stored, and what is logged ---------------------------------------------------------------------


def test_the_access_log_says_who_looked_at_what_of_ones_own_and_at_the_teams_bands(
    place: Place, me: Me
) -> None:
    me(place.people[5])
    sightline(place.config, "me", "--window", "2026Q3", "--format", "json")
    token = shared(place.config, [ITEM], place.manager, "2026Q3")
    share = shares_of(place.config)[-1]["share"]
    me(place.manager)
    sightline(place.config, "shared", token, "--format", "json")
    sightline(place.config, "coverage", place.team, *Q3)
    sightline(place.config, "query", "from answers")
    me(place.people[5])
    said = [row["said"] for row in as_data(place.config, "me", "access-log")["entries"]]
    for sentence in (
        "you read your report for 2026Q3",
        f"you made share {share}",
        f"{place.manager} opened share {share}",
        f"{place.team}'s bands for 2026Q3 were published",
        f"somebody read {place.team}'s bands for 2026Q3",
        "somebody asked a question of all bands that were published, your team's among them",
    ):
        assert sentence in said
    assert f"{TODAY}  {place.manager} opened share {share}" in sightline(place.config, "me", "access-log")
    me(place.people[6])
    others = sightline(place.config, "me", "access-log")
    assert share not in others
    assert f"somebody read {place.team}'s bands for 2026Q3" in others


def test_the_export_holds_every_table_that_knows_of_oneself_and_nobody_else(place: Place, me: Me) -> None:
    me(place.people[5])
    shared(place.config, [ITEM], place.manager, "2026Q3")
    sightline(place.config, "me", "note", ITEM, "For the export.", *Q3)
    everything = json.loads(sightline(place.config, "me", "export"))
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
    sightline(place.config, "me", "note", ITEM, "--delete", *Q3)


def test_the_export_as_a_zip_has_a_page_for_each_quarter(place: Place, me: Me, tmp_path: Path) -> None:
    me(place.people[5])
    target = tmp_path / "mine.zip"
    sightline(place.config, "me", "export", "--output", target)
    assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["2026Q3.html", "2026Q4.html", "everything.json"]
        assert archive.read("2026Q3.html").startswith(b"<!doctype html>")


def test_what_one_says_waits_for_no_night(place: Place, me: Me) -> None:
    me(place.people[5])
    with FileLock(place.settings.lock_file):
        sightline(place.config, "me", "note", ITEM, "While it runs.", *Q3)
        sightline(place.config, "me", "unshare", shared_id(place, [ITEM]))
        assert "While it runs." in sightline(place.config, "me", *Q3)
        sightline(place.config, "me", "note", ITEM, "--delete", *Q3)


def test_the_export_waits_for_no_night(place: Place, me: Me) -> None:
    me(place.people[5])
    with FileLock(place.settings.lock_file), pytest.raises(BadInput, match="a night is writing"):
        sightline(place.config, "me", "export")


# --- opting out -------------------------------------------------------------------------------------------


def test_from_the_day_of_opting_out_nothing_becomes_evidence_and_opting_in_brings_it_back(
    place: Place, me: Me, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = place.people[7]
    me(login)
    before, evidence = (
        sightline(place.config, "me", "--window", "2026Q4", "--format", "json"),
        evidence_of(place, login),
    )
    since = sorted(evidence)[len(evidence) // 2][0]
    person_id = person_id_of(place.config)
    sightline(place.config, "me", "opt-out")
    with rights_of(place.settings) as own:  # as if it had been then
        own.opt_out(person_id, since)
    night(monkeypatch, place.config, date(2026, 11, 22))
    assert evidence_of(place, login) == {row for row in evidence if row[0] < since}
    me(login)
    assert sightline(place.config, "me", "--window", "2026Q4", "--format", "json") == before
    with pytest.raises(NoReport, match="you opted out on"):
        sightline(place.config, "me", "--window", "2027Q1", "--format", "json")
    with pytest.raises(NoReport):
        sightline(place.config, "me", "--window", "2026Q4", "--as-of", "2026-11-22")
    sightline(place.config, "me", "opt-in")
    with pytest.raises(BadInput, match="you had not opted out"):
        sightline(place.config, "me", "opt-in")
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
            sightline(place.config, "me", "opt-out")
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
    sightline(config, "me", "note", ITEM, "CANARY of mine.", *Q3)
    sightline(
        config, "me", "contest", ITEM, "--because", "missing", "--note", "CANARY too.", "--window", "2026Q3"
    )
    token = shared(config, [ITEM], place.manager, "2026Q3")
    person_id = person_id_of(config)
    me(other)
    shared(config, [ITEM], gone, "2026Q3")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    erase(load_settings(config), gone, lambda _: None, lambda _: None)
    rights_file = load_settings(config).rights_file.read_bytes()
    for trace in ("CANARY", person_id, token_sha256(token)):
        assert trace.encode() not in rights_file
    me(other)
    assert shares_of(config)[-1]["with"] is None
    assert "somebody who was erased" in sightline(config, "me", "shares")
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
    options = sharing(*items, reader, window=window)
    said = sightline(config, *options, *(["--with-notes"] if with_notes else []))
    return said.splitlines()[0].split()[-1]


def sharing(
    *items_and_reader: str, days: int = 7, window: str = "2026Q3", although: bool = True
) -> list[object]:
    """The words of `sightline me share`."""
    *items, reader = items_and_reader
    words = ["me", "share", *items, "--with", reader, "--days", days, "--window", window]
    return [*words, *(["--although-it-adds-up"] if although else [])]


def person_id_of(config: Path) -> str:
    """The id of whoever's token is in the environment."""
    return signed_in(config)[1].person_id


def shared_id(place: Place, items: list[str]) -> str:
    shared(place.config, items, place.manager, "2026Q3")
    return str(shares_of(place.config)[-1]["share"])


def shares_of(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_data(config, "me", "shares")["shares"]
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
        sightline(config, "shared", token, "--format", "json")
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
    items = json.loads(sightline(place.config, "me", "--window", "2026Q3", "--format", "json"))["items"]
    found: dict[str, Any] = next(each for each in items if each["item"] == item)
    return found


def published(place: Place) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (place.settings.published / "teams").rglob("*.json")}
