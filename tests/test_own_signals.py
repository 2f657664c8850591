"""A signal of one's own, by the page's word: two files, no Python, and it is in every report."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import cli
from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from people.shared_bands import with_kin
from privacy.policy import check_agreement, load_policy
from privacy.shares import tell_on_each_other
from sandbox.server import Running
from signals.catalog import FOLDER, load_catalog

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 22)
MANUAL = (ROOT / "docs" / "own-signal.md").read_text(encoding="utf-8")
NAME, ITEM, WINDOW = "reviews_across_teams", "collaboration-tools", "2026Q3"


def test_a_signal_and_its_map_by_the_pages_word_are_in_every_report(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(home, organisation)
    monkeypatch.chdir(home)
    assert "38 items, all classified" in sightline("rubric", "check")
    impact = sightline("rubric", "impact", "rubric_map.yaml", "our_map.yaml")
    assert f"added `{NAME}` (the engineer alone)" in impact
    assert f"{NAME}" in sightline("signals", "list")
    night()

    login = somebody_who_did(organisation)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    mine = json.loads(sightline("me", "--window", WINDOW, "--format", "json"))
    [item] = [each for each in mine["items"] if each["item"] == ITEM]
    assert NAME in {row["signal"] for row in item["evidence"]}
    assert "or Reviews across teams: at least 2 pull requests" in item["rule"]
    assert f"our_signals/{NAME}.sql" in {each["file"] for each in item["signals"]}
    for form in ("text --full", "md", "html", "csv"):
        told = " ".join(sightline("me", "--window", WINDOW, "--format", *form.split()).split())
        assert "Two teams that sit together look far apart" in told, form
    assert f"our_signals/{NAME}.sql" in sightline("explain", ITEM, "--window", WINDOW)
    team = mine["team"]
    coverage = json.loads(sightline("coverage", team, "--window", WINDOW, "--format", "json"))
    [covered] = [each for each in coverage["items"] if each["item"] == ITEM]
    assert any(each.startswith("Two teams that sit together") for each in covered["misleads"])
    coverage = json.loads(sightline("signals", "coverage", "--window", WINDOW, "--format", "json"))
    [row] = [each for each in coverage["signals"] if each["signal"] == NAME]
    assert row["because"] == "It is for its person, and feeds no word about others."

    # a changed file speaks from the next night on, and what was said before is said again by the old one
    then = ("me", "--window", WINDOW, "--as-of", str(TODAY), "--format", "json")
    said = sightline(*then)
    file = home / "our_signals" / f"{NAME}.sql"
    file.write_text(file.read_text().replace("own.team <> other.team", "own.team < other.team"))
    night(date(2026, 11, 23))
    assert sightline(*then) == said
    assert "signal version" in sightline("explain", ITEM, "--window", WINDOW, "--since", str(TODAY))


def test_a_signal_that_shows_a_manager_their_team_is_refused_and_the_night_goes_on(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(home, organisation)
    monkeypatch.chdir(home)
    file = home / "our_signals" / f"{NAME}.sql"
    right = file.read_text()
    header = right[: right.index("select\n")]
    file.write_text(
        header.replace("[memberships, persons, pull_requests, reviews]", "[memberships, reviews]")
        + "select manager_id as person_id, submitted_on as occurred_on, 'pull_request' as source_kind, "
        "pull_request_id as source_id from reviews join memberships on memberships.person_id = reviewer_id"
    )
    status = night()
    said = [each for each in status["last_run"]["messages"] if each.startswith(f"our_signals/{NAME}.sql: ")]
    assert len(said) == 1
    assert re.search(r": \d+ of its rows name a person who took no part in the object they point to", said[0])
    assert status["last_run"]["outcome"] == "gaps"

    managers = {line.split(",")[2] for line in Path("roster.csv").read_text().splitlines()[1:]} - {""}
    states = set()
    for login in sorted(managers):
        monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
        mine = json.loads(sightline("me", "--window", WINDOW, "--format", "json"))
        assert all(row["signal"] != NAME for item in mine["items"] for row in item["evidence"])
        [item] = [each for each in mine["items"] if each["item"] == ITEM]
        states.add(item["state"])
        if item["state"] in ("partly seen", "not collected"):
            assert f"What counts as '{NAME}' was refused" in item["because"]
    assert states
    assert "none seen" not in states
    team = mine["team"]
    coverage = json.loads(sightline("coverage", team, "--window", WINDOW, "--format", "json"))
    assert coverage["items"], "the release was made without it"

    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    file.write_text(right)
    mended = night(date(2026, 11, 23))["last_run"]
    assert mended["outcome"] == "complete"
    assert not [each for each in mended["messages"] if NAME in each]
    # a look back at the night that refused it says so, as that night did
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    then = json.loads(sightline("me", "--window", WINDOW, "--as-of", str(TODAY), "--format", "json"))
    [former] = [each for each in then["items"] if each["item"] == ITEM]
    assert (former["state"], former["because"]) == (item["state"], item["because"])
    assert former["evidence"] == item["evidence"]


def test_the_readmes_signal_counts_a_review_for_another_team_and_none_for_the_own(tmp_path: Path) -> None:
    folder = own_folder(tmp_path, {NAME: block("sql")})
    (folder / "specs").mkdir()
    (folder / "specs" / f"{NAME}.md").write_text(PAGE)
    ran = CliRunner().invoke(cli, ["signals", "test", "--folder", str(folder)])
    assert (ran.exit_code, ran.output) == (0, "2 examples of 1 signal hold\n"), ran.output


def test_an_example_whose_rows_are_about_somebody_else_does_not_hold(tmp_path: Path) -> None:
    """The page agrees with the query, and both are wrong: the author of one is named on another."""
    query = block("sql").replace("  reviewer_id as person_id,", "  other.person_id,")
    folder = own_folder(tmp_path, {NAME: query.replace("pull_request_id as source_id", "'two' as source_id")})
    (folder / "specs").mkdir()
    page = PAGE.replace("| ada | 2026-07-06 | one |\n\n##", "| cyd | 2026-07-06 | two |\n\n##")
    assert page != PAGE
    (folder / "specs" / f"{NAME}.md").write_text(page)
    ran = CliRunner().invoke(cli, ["signals", "test", "--folder", str(folder)])
    assert ran.exit_code == 1
    assert "1 row names a person who took no part in the object they point to" in ran.output


# --- whose eyes it is for -------------------------------------------------------------------------------


@pytest.mark.parametrize("sensitivity", ["person", "self"])
def test_what_its_person_alone_sees_needs_no_line_in_the_agreement(sensitivity: str) -> None:
    assert not_agreed({NAME: sensitivity}) == []


@pytest.mark.parametrize("sensitivity", ["band", "team"])
def test_what_others_read_a_word_of_has_to_be_agreed_to(sensitivity: str) -> None:
    assert not_agreed({NAME: sensitivity}) == [
        f"agreement.yaml: own signal '{NAME}' is for more eyes than its person's (sensitivity: {sensitivity})"
        " and not agreed to; list it there under signals, or make it one for the person"
    ]
    assert not_agreed({NAME: sensitivity}, signals=(NAME,)) == []


def test_an_agreement_may_want_a_line_for_each() -> None:
    assert not_agreed({NAME: "person"}, own_signals="listed") == [
        f"agreement.yaml: own signal '{NAME}' is not agreed to; list it there under signals"
    ]


def test_an_agreement_to_all_signals_is_to_those_of_the_program() -> None:
    assert not_agreed({NAME: "band"}, signals=None)
    assert not_agreed({NAME: "person"}, signals=None) == []
    assert not_agreed({NAME: "person"}, signals=None, own_signals="listed")


def test_an_agreement_that_does_not_say_wants_a_line_for_each(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    text = (ROOT / "agreement.yaml").read_text()
    path.write_text(text.replace("own_signals: for the person\n", ""))
    assert path.read_text() != text
    assert load_policy(path).own_signals == "listed"


def test_a_shipped_signal_is_no_exception() -> None:
    policy = load_policy(ROOT / "agreement.yaml").model_copy(update={"signals": ("reviews_given",)})
    told = check_agreement(
        policy, sources_in_use=(), signals_in_use=["work_size_band"], tables_in_use=(), own_signals={}
    )
    assert told == [
        "agreement.yaml: signal 'work_size_band' is in use and not agreed to; "
        "agree to it there or stop using it"
    ]


def test_a_column_that_is_not_agreed_to_is_refused_before_the_night(
    home: Path, organisation: Running
) -> None:
    written(home, organisation)
    text = (ROOT / "agreement.yaml").read_text()
    (home / "agreement.yaml").write_text(text.replace("starts_on, ends_on, rubric]", "ends_on, rubric]"))
    (home / "sightline.yaml").write_text(
        (home / "sightline.yaml").read_text() + "agreement: agreement.yaml\n"
    )
    ran = CliRunner().invoke(cli, ["--config", str(home / "sightline.yaml"), "rubric", "check"])
    assert isinstance(ran.exception, BadInput)
    assert any(
        re.fullmatch(
            rf"our_signals/{NAME}\.sql:\d+: reads 'starts_on' of 'memberships', .*agree to it there first",
            each,
        )
        for each in ran.exception.mistakes
    ), ran.exception.mistakes


def test_what_is_told_with_an_own_signal_tells_on_every_band_that_looks_at_the_same(tmp_path: Path) -> None:
    """Whoever reviewed for another team has given a review: nothing but the tables says so here."""
    catalog = load_catalog(own=[own_folder(tmp_path, {NAME: block("sql")})])
    for band, is_near in (("reviews_given", True), ("reviews_with_substance", True), ("postmortems", False)):
        assert not tell_on_each_other({NAME}, {band})
        assert tell_on_each_other(with_kin({NAME}, catalog), with_kin({band}, catalog)) is is_near
        assert tell_on_each_other(with_kin({band}, catalog), with_kin({NAME}, catalog)) is is_near
    assert with_kin({"reviews_given"}, catalog) == {"reviews_given"}


# --- names and folders ----------------------------------------------------------------------------------


def test_a_name_is_taken_once_and_by_the_shipped_first(tmp_path: Path) -> None:
    mine = own_folder(tmp_path / "a", {"reviews_given": block("sql").replace(NAME, "reviews_given")})
    with pytest.raises(BadInput) as caught:
        load_catalog(own=[mine])
    assert caught.value.mistakes == [
        "our_signals/reviews_given.sql:1: signal: 'reviews_given' is the name of "
        "signals/reviews_given.sql:1 already; take another"
    ]
    two = [own_folder(tmp_path / name, {NAME: block("sql")}) for name in ("b", "c")]
    with pytest.raises(BadInput, match=f"'{NAME}' is the name of our_signals/{NAME}.sql:1 already"):
        load_catalog(own=two)
    assert load_catalog(own=[two[0], two[0], FOLDER])[NAME].is_own


@pytest.mark.parametrize("name", ["Reviews_Across", "reviews-across", "7_reviews", "reviews across"])
def test_a_name_is_lower_case_words(tmp_path: Path, name: str) -> None:
    mine = own_folder(tmp_path, {name: block("sql").replace(f"signal: {NAME}", f"signal: {name}")})
    with pytest.raises(BadInput) as caught:
        load_catalog(own=[mine])
    assert caught.value.mistakes == [
        f"our_signals/{name}.sql:2: signal: '{name}' is no name; write lower-case words with _ between them"
    ]


def test_folders_without_signals_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput) as caught:
        load_catalog(own=[tmp_path / "nowhere", tmp_path / "empty"])
    assert caught.value.mistakes == [
        f"{tmp_path}/nowhere: there is no such folder; `signals:` names folders of signal files",
        "empty/: there is no signal file here; a signal is empty/<name>.sql",
    ]


def test_a_file_from_another_editor_is_read(tmp_path: Path) -> None:
    text = block("sql").replace("\n", "\r\n")
    folder = own_folder(tmp_path, {})
    (folder / f"{NAME}.sql").write_bytes(text.encode("utf-8-sig"))
    assert load_catalog(own=[folder])[NAME].sensitivity == "person"


# --- builders -------------------------------------------------------------------------------------------


def block(language: str, begins: str = "") -> str:
    """The page's example file, word for word."""
    [found] = [
        text for text in re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL) if text.startswith(begins)
    ]
    return str(found)


def own_folder(folder: Path, files: dict[str, str]) -> Path:
    made = folder / "our_signals"
    made.mkdir(parents=True)
    for name, text in files.items():
        (made / f"{name}.sql").write_text(text)
    return made


def written(folder: Path, server: Running) -> None:
    """The home of somebody who did what the page says, and nothing else."""
    shipped = (ROOT / "rubric_map.yaml").read_text()
    item = block("yaml", f"  {ITEM}:")
    mapped, count = re.subn(rf"  {ITEM}:\n.*?\n\n", lambda _: f"{item}\n", shipped, flags=re.DOTALL)
    assert count == 1
    own_folder(folder, {NAME: block("sql")})
    (folder / "rubric_map.yaml").write_text(shipped)
    (folder / "our_map.yaml").write_text(mapped)
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    (folder / "sightline.yaml").write_text(
        "home: home\nroster: roster.csv\nrubric_map: our_map.yaml\nsignals: [our_signals/]\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        "  since: 2026-07-01\n"
    )


def night(as_of: date = TODAY) -> dict[str, Any]:
    with open_night(load_settings(Path("sightline.yaml")), as_of) as opened:
        return run_night(opened)


def somebody_who_did(server: Running) -> str:
    """A login that the sandbox's own books say has reviewed for another team in the window."""
    rows = [line.split(",") for line in Path("roster.csv").read_text().splitlines()[1:]]
    # whoever stays where they are all the time, so that the day of the review does not matter
    stays = {row[0]: row[1] for row in rows if not row[4] and row[3] < "2026-07" and row[0] != row[2]}
    for repository in server.holding.github.repositories.values():
        for pull in repository.pull_requests:
            for review in pull.reviews:
                if (
                    pull.author
                    and review.author
                    and pull.author.login in stays
                    and review.author.login in stays
                    and stays[pull.author.login] != stays[review.author.login]
                    and "2026-07-01" <= (review.submitted_at or "") < "2026-10-01"
                ):
                    return str(review.author.login)
    raise AssertionError("the organisation has nobody who reviews across teams")


def sightline(*arguments: str) -> str:
    ran = CliRunner().invoke(cli, [*arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def not_agreed(used: dict[str, str], **changes: Any) -> list[str]:
    policy = load_policy(ROOT / "agreement.yaml").model_copy(update=changes)
    return check_agreement(policy, sources_in_use=(), signals_in_use=used, tables_in_use=(), own_signals=used)


PAGE = """# Reviews across teams

`memberships`

| person_id | team | starts_on |
|---|---|---|
| ada | search | 2026-01-01 |
| ben | search | 2026-01-01 |
| cyd | ranking | 2026-01-01 |

## A review for somebody of another team counts

`pull_requests`

| pull_request_id | author_id |
|---|---|
| one | cyd |

`reviews`

| pull_request_id | reviewer_id | submitted_on |
|---|---|---|
| one | ada | 2026-07-06 |

`evidence`

| person_id | occurred_on | source_id |
|---|---|---|
| ada | 2026-07-06 | one |

## A review in the own team does not

`pull_requests`

| pull_request_id | author_id |
|---|---|
| one | ben |

`reviews`

| pull_request_id | reviewer_id | submitted_on |
|---|---|---|
| one | ada | 2026-07-06 |

`evidence`: none
"""
