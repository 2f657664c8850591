"""A wrong roster is told line by line and changes nothing: the last good one stays in force."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from compare_homes import different_tables

from config.settings import load_settings
from connectors.errors import BadInput
from connectors.files.hr_export import HrExport
from connectors.files.roster import read_roster
from flows.context import open_night
from flows.night import run_night
from flows.people_import import import_people
from sandbox.server import Running
from warehouse import reading
from warehouse.reading import MembershipRow

TODAY = date(2026, 11, 22)
"""The sandbox's last day; a night for the day after needs no more data."""


def test_while_the_roster_is_wrong_the_last_good_one_stays_in_force(
    organisation: Running, home: Path
) -> None:
    config, roster = written(home, organisation), home / "roster.csv"
    good = roster.read_text().splitlines()
    login, team, manager, begins, *_ = good[1].split(",")
    run, before = night(config)
    assert run["outcome"] == "complete", run["messages"]

    rest = "," * (good[0].count(",") - 3)
    two_managers = f"new-person,{team},somebody-else,{begins}{rest}"
    again = f"{login},another-team,,{begins}{rest}"
    formula = f'"=cmd()",search,,2026-01-05{rest}'
    wrong = {
        "two managers, two teams, a formula": [*good, two_managers, again, formula],
        "a login that GitHub does not know": [*good, f"{login}-misspelt,{team},{manager},2026-01-01{rest}"],
        "half of the file": good[: len(good) // 2],
    }
    last = len(good)
    expected = {
        "two managers, two teams, a formula": [
            f"{last + 1}: team '{team}' has another manager here than on line",
            f"{last + 2}: the same person is in team '{team}' on line 2",
            f"{last + 3}: login starts with '=', which a spreadsheet would run; remove it",
        ],
        "a login that GitHub does not know": [f"{last + 1}: GitHub knows no account '{login}-misspelt'"],
        "half of the file": ["1: names"],
    }
    for name, rows in wrong.items():
        roster.write_text("\n".join(rows) + "\n")
        run, members = night(config)
        assert run["outcome"] == "gaps", name
        assert members == before, name
        with pytest.raises(BadInput) as rehearsed:
            import_people(load_settings(config), dry_run=True, fewer=False)
        assert all(any(each in told for told in rehearsed.value.mistakes) for each in expected[name]), name
        assert run["reports"] > 0, name
        assert any("who is in which team is not certain" in each for each in run["messages"]), name
        told = [each.removeprefix(f"{roster}:") for each in run["messages"] if each.startswith(f"{roster}:")]
        assert [any(each.startswith(start) for each in told) for start in expected[name]] == [True] * len(
            expected[name]
        ), (name, told)
        assert len(told) == len(expected[name]), (name, told)

    roster.write_text("\n".join([good[0], *good[2:]]) + "\n")
    run, members = night(config)
    assert run["outcome"] == "complete", run["messages"]
    ended = {row.person_id for row in members if row.ends_on == TODAY}
    assert len(ended) == 1, "whoever is no longer named is in no team from this night on"
    assert len(members) == len(before)


def test_a_wrong_roster_ends_the_first_night_before_it_begins(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    (home / "roster.csv").write_text("login,team,manager,from,until,rubric\nada,search,,x,,\n")
    for begin in (
        lambda: night(config),
        lambda: import_people(load_settings(config), dry_run=True, fewer=False),
    ):
        with pytest.raises(BadInput, match=r"roster\.csv:2: from 'x' is not a day") as raised:
            begin()
        assert raised.value.mistakes[-1].startswith("no roster was ever taken over here")
        assert not (home / "sightline-home").exists()


def test_a_look_at_the_first_roster_leaves_nothing_behind(organisation: Running, home: Path) -> None:
    settings = load_settings(written(home, organisation))
    said = import_people(settings, dry_run=True, fewer=False)
    rows = len((home / "roster.csv").read_text().splitlines()) - 1
    assert f"Memberships: {rows} new or changed, 0 no longer" in said
    assert sorted(path.name for path in home.iterdir()) == ["roster.csv", "sightline.yaml"]


def test_a_rehearsed_import_says_too_that_a_source_is_not_read_as_far_back_as_asked(
    organisation: Running, home: Path
) -> None:
    settings = load_settings(written(home, organisation))
    assert settings.github
    early = settings.github.model_copy(update={"since": date(2020, 1, 1)})
    said = import_people(settings.model_copy(update={"github": early}), dry_run=True, fewer=False)
    assert "\ngithub.since 2020-01-01 is before " in said


def test_with_logins_that_github_does_not_know_the_first_night_says_that_nobody_is_in_a_team(
    organisation: Running, home: Path
) -> None:
    config, roster = written(home, organisation), home / "roster.csv"
    good = roster.read_text()
    roster.write_text(good.replace(good.splitlines()[1].partition(",")[0], "nobody-like-this"))
    run, members = night(config)
    assert (members, run["reports"], run["outcome"]) == ([], 0, "gaps")
    assert any("none was ever taken over: what happened is fetched" in each for each in run["messages"])
    roster.write_text("login\n")
    with pytest.raises(BadInput, match="no roster was ever taken over here"):
        night(config)
    roster.write_text(good)
    run, members = night(config)
    assert (len(members), run["outcome"]) == (len(good.splitlines()) - 1, "complete")


def test_github_teams_are_the_roster_where_the_settings_say_so(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    owner = organisation.holding.organization
    config.write_text(
        config.read_text().replace("roster: roster.csv\n", f"github_teams:\n  organisation: {owner}\n")
    )
    run, members = night(config)
    assert run["outcome"] == "complete", run["messages"]
    world = organisation.holding.github
    teams = {team.slug: team for team in world.nodes.values() if getattr(team, "typename", "") == "Team"}
    assert {row.team for row in members} == set(teams)
    assert len(members) == len({who.id for team in teams.values() for who in team.members})
    assert {(row.starts_on, row.ends_on) for row in members} == {(TODAY, None)}

    left = teams[sorted(teams)[0]].members.pop()
    try:
        run, later = night(config, TODAY + timedelta(days=1))
    finally:
        teams[sorted(teams)[0]].members.append(left)
    assert run["outcome"] == "complete", run["messages"]
    assert len(later) == len(members)
    assert {row.ends_on for row in later} == {None, TODAY + timedelta(days=1)}

    config.write_text(
        config.read_text().replace("github_teams:\n", "github_teams:\n  order: [no-such-team]\n")
    )
    run, kept = night(config, TODAY + timedelta(days=1))
    assert run["outcome"] == "gaps"
    assert any("has no team 'no-such-team'" in each for each in run["messages"])
    assert kept == later


def test_a_robot_is_in_no_team_whoever_says_that_it_is_one(organisation: Running, home: Path) -> None:
    config, roster = written(home, organisation), home / "roster.csv"
    config.write_text(config.read_text().replace("github:\n", "github:\n  bots: [release-robot]\n"))
    header, *rows = roster.read_text().splitlines()
    team, manager = rows[0].split(",")[1:3]
    rest = "," * (header.count(",") - 3)
    by_settings = f"release-robot,{team},{manager},2026-01-05{rest},"
    by_roster = rows[-1] + ",true"
    by_itself = f"review-assistant[bot],{team},{manager},2026-01-05{rest},"
    robots = [by_roster, by_settings, by_itself]
    roster.write_text("\n".join([f"{header},is_bot", *(f"{row}," for row in rows[:-1]), *robots]) + "\n")
    run, members = night(config)
    assert run["outcome"] == "complete", run["messages"]
    assert len(members) == len(rows) - 1
    roster.write_text("\n".join([header, *rows]) + "\n")
    _, members = night(config)
    assert len(members) == len(rows)


def test_an_import_says_what_it_would_do_and_then_does_it(organisation: Running, home: Path) -> None:
    config, roster = written(home, organisation), home / "roster.csv"
    settings = load_settings(config)
    _, before = night(config)
    header, *rows = roster.read_text().splitlines()
    roster.write_text("\n".join([header, *rows[: len(rows) // 2]]) + "\n")
    with pytest.raises(BadInput, match="say so with `sightline people import --fewer`"):
        import_people(settings, dry_run=True, fewer=False)
    copied = shutil.copytree(settings.home, home / "before")
    said = import_people(settings, dry_run=True, fewer=True)
    assert said.startswith("nothing was changed. Memberships: ")
    assert all(same for *_, same in different_tables(copied, settings.home).values())
    assert [path.name for path in settings.home.iterdir() if "rehearsal" in path.name] == []

    import_people(settings, dry_run=False, fewer=True)
    with open_night(settings, None) as opened:
        after = reading.memberships(opened.store)
    still = {row.person_id for row in after if row.ends_on is None}
    assert still < {row.person_id for row in before if row.ends_on is None}
    assert {row.person_id for row in after} == {row.person_id for row in before}


def test_an_export_of_another_system_is_a_roster_once_its_columns_are_declared(tmp_path: Path) -> None:
    export = HrExport(
        columns={
            "login": "GitHub", "team": "Kostenstelle", "number": "Nr", "manager_number": "Leitung",
            "from": "Eintritt", "until": "Austritt",
        },
        separator=";", encoding="cp1252", days="%d.%m.%Y", teams={"Suche & Co": "search"},
    )  # fmt: skip
    text = (
        "Nr;Name;GitHub;Kostenstelle;Leitung;Eintritt;Austritt;Gehalt\n"
        "7;Zoë Canary;zoe;Suche & Co;7;05.01.2026;;-1\n"
        "8;=cmd();ada;Suche & Co;7;01.02.2026;31.03.2026;2\n"
        "9;Bo;;Empfang;7;01.02.2026;;3\n"
        "10;Cy;cy;Zahlungs Verkehr;8;01.02.2026;;4\n"
    )
    (tmp_path / "hr.csv").write_text(text, encoding="cp1252")
    found = [
        (row.account.login, row.team, row.manager and row.manager.login, row.starts_on, row.ends_on, row.line)
        for row in read_roster(tmp_path / "hr.csv", export)
    ]
    assert found == [
        ("zoe", "search", "zoe", date(2026, 1, 5), None, 2),
        ("ada", "search", "zoe", date(2026, 2, 1), date(2026, 4, 1), 3),
        ("cy", "zahlungs-verkehr", "ada", date(2026, 2, 1), None, 5),
    ]


def test_a_staff_number_names_the_one_login_that_its_rows_have_and_never_one_of_two(tmp_path: Path) -> None:
    export = HrExport(
        columns={"login": "gh", "team": "team", "number": "nr", "manager_number": "boss", "from": "from"}
    )
    path = tmp_path / "hr.csv"
    rows = ["nr,gh,team,boss,from", "1,ada,search,7,2026-01-05", "7,zoe,search,,2026-01-05"]
    path.write_text("\n".join([*rows, "7,,reception,,2025-01-05"]) + "\n")
    managers = {row.account.login: row.manager and row.manager.login for row in read_roster(path, export)}
    assert managers == {"ada": "zoe", "zoe": None}
    path.write_text("\n".join([*rows, "7,cy,payments,,2026-01-05"]) + "\n")
    with pytest.raises(BadInput, match=r"2: manager_number is that of several logins; keep one$"):
        read_roster(path, export)


def test_every_mistake_of_an_export_is_told_by_line_and_no_cell_is_repeated(tmp_path: Path) -> None:
    export = HrExport(
        columns={"login": "gh", "team": "team", "number": "nr", "manager_number": "boss", "from": "from"},
        days="%d.%m.%Y",
    )
    rows = ["1,ada,Search,2,2026-01-05", "3,Bo Canary,Sea rch,1,01.02.2026", "4,cy,Sea-rch,77,01.02.2026"]
    (tmp_path / "hr.csv").write_text("\n".join(["nr,gh,team,boss,from", *rows]) + "\n")
    with pytest.raises(BadInput) as raised:
        read_roster(tmp_path / "hr.csv", export)
    told = [mistake.removeprefix(f"{tmp_path / 'hr.csv'}:") for mistake in raised.value.mistakes]
    assert told == [
        "2: from is not a day written like %d.%m.%Y, as `hr_export.days` says",
        "2: manager_number is that of no row with a login",
        "3: login is not written like a GitHub login, such as 'octo-cat'",
        "4: manager_number is that of no row with a login",
        "4: team 'Sea-rch' and team 'Sea rch' would both be 'sea-rch'; tell them apart under "
        "`hr_export.teams`",
    ]
    assert "Canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("columns", "because"),
    [
        ({"login": "a", "team": "b", "from": "c", "salary": "d"}, "salary is nothing a roster holds"),
        ({"login": "a", "team": "b"}, "does not say which column holds from"),
        ({"login": "a", "team": "b", "from": "c", "manager_number": "d"}, "manager_number needs number"),
    ],
)
def test_a_wrong_declaration_is_told_before_any_row_is_read(columns: dict[str, str], because: str) -> None:
    with pytest.raises(ValueError, match=because):
        HrExport(columns=columns)


def test_every_line_in_another_encoding_is_told_with_all_other_mistakes(tmp_path: Path) -> None:
    text = (
        "login,team,manager,from,until,rubric,x-name\n"
        "ada,search,,2026-01-05,,,Zoë\nbo,search,,x,,,Bo\ncy,search,,2026-01-05,,,Jürgen\n"
    )
    path = tmp_path / "roster.csv"
    for encoding, lines in (("cp1252", [2, 3, 4]), ("utf-16", [1, 3])):
        path.write_text(text, encoding=encoding)
        with pytest.raises(BadInput) as raised:
            read_roster(path)
        told = [int(each.removeprefix(f"{path}:").partition(":")[0]) for each in raised.value.mistakes]
        assert told == lines, encoding
    path.write_text(text.replace(",x,", ",2026-01-05,"), encoding="utf-8-sig")
    assert len(read_roster(path)) == 3


# --- builders ---


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n  since: 2026-09-01\n"
    )
    return path


def night(config: Path, as_of: date = TODAY) -> tuple[dict[str, Any], list[MembershipRow]]:
    with open_night(load_settings(config), as_of) as opened:
        run = run_night(opened)["last_run"]
        return run, reading.memberships(opened.store)
