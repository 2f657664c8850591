"""A roster is read to the letter, and every mistake in it is reported at once, where it stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connectors.errors import BadInput
from connectors.files.roster import read_roster
from connectors.records import Account, Membership

HEADER = "login,team,manager,from,until,rubric"


# --- what is read -------------------------------------------------------------------------------------


def test_a_row_is_a_membership(tmp_path: Path) -> None:
    assert read(tmp_path, f"{HEADER}\nAda,search,bob,2026-01-05,2026-03-31,ic1-engineer\n") == (
        Membership(
            account=Account("github", "", "Ada"),
            other_accounts=(),
            team="search",
            manager=Account("github", "", "bob"),
            starts_on=date(2026, 1, 5),
            ends_on=date(2026, 4, 1),
            rubric="ic1-engineer",
        ),
    )


def test_until_is_the_last_day_in_the_team(tmp_path: Path) -> None:
    (one,) = read(tmp_path, f"{HEADER}\nada,search,,2026-01-05,2026-01-05,\n")
    assert (one.starts_on, one.ends_on) == (date(2026, 1, 5), date(2026, 1, 6))


def test_an_empty_until_means_still(tmp_path: Path) -> None:
    (one,) = read(tmp_path, f"{HEADER}\nada,search,,2026-01-05,,\n")
    assert (one.ends_on, one.manager, one.rubric) == (None, None, "")


def test_a_pagerduty_id_is_another_account_of_the_same_person(tmp_path: Path) -> None:
    (one,) = read(tmp_path, f"{HEADER},pagerduty_id\nada,search,,2026-01-05,,,PADA\n")
    assert one.other_accounts == (Account("pagerduty", "PADA", "PADA"),)


@pytest.mark.parametrize(
    ("cell", "expected"), [("true", True), ("TRUE", True), ("false", False), ("", False)]
)
def test_a_bot_is_a_bot_when_the_roster_says_so(tmp_path: Path, cell: str, expected: bool) -> None:
    (one,) = read(tmp_path, f"{HEADER},is_bot\nada,search,,2026-01-05,,,{cell}\n")
    assert one.account.is_bot is expected


def test_columns_of_the_operators_own_are_skipped(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"{HEADER},x-name\nada,search,,2026-01-05,,,Ada Canary\n")) == 1


def test_columns_may_stand_in_any_order_and_lines_may_be_blank(tmp_path: Path) -> None:
    text = "rubric,until,from,manager,team,login\n\nic1,,2026-01-05,,search,ada\n,,,,,\n"
    assert [one.account.login for one in read(tmp_path, text)] == ["ada"]


def test_one_day_after_leaving_a_team_a_person_may_be_in_another(tmp_path: Path) -> None:
    text = f"{HEADER}\nada,search,,2026-01-05,2026-03-31,\nADA,payments,,2026-04-01,,\n"
    assert [one.team for one in read(tmp_path, text)] == ["search", "payments"]


def test_a_team_may_change_its_manager(tmp_path: Path) -> None:
    text = f"{HEADER}\nada,search,bob,2026-01-05,2026-03-31,\nada,search,cyn,2026-04-01,,\n"
    assert len(read(tmp_path, text)) == 2


@pytest.mark.parametrize("manager", ["Bob", ""])
def test_the_managers_own_row_names_the_manager_or_nobody(tmp_path: Path, manager: str) -> None:
    text = f"{HEADER}\nbob,search,{manager},2026-01-05,,\nada,search,bob,2026-01-05,,\n"
    assert len(read(tmp_path, text)) == 2


def test_yaml_says_the_same_as_csv(tmp_path: Path) -> None:
    yaml = """
- login: Ada
  team: search
  manager: bob
  from: 2026-01-05
  until: 2026-03-31
  rubric: ic1-engineer
  pagerduty_id: PADA
- {login: bob, team: search, manager: bob, from: 2026-01-05, until: null, is_bot: false}
"""
    csv = (
        f"{HEADER},pagerduty_id,is_bot\n"
        "Ada,search,bob,2026-01-05,2026-03-31,ic1-engineer,PADA,\n"
        "bob,search,bob,2026-01-05,,,,false\n"
    )
    assert read(tmp_path, yaml, "roster.yaml") == read(tmp_path, csv)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(f"{HEADER},x-name\r\nada,search,,2026-01-05,,,Zoë\r\n".encode(encoding))
    assert [one.account.login for one in read_roster(path)] == ["ada"]


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        (",search,,2026-01-05,,", "login is empty; write the person's GitHub login"),
        ("ada,,,2026-01-05,,", "team is empty; write the person's home team"),
        ("ada,search,,,,", "from is empty; write the first day in the team"),
        ("ada l,search,,2026-01-05,,", "login is not written like a GitHub login, such as 'octo-cat'"),
        (
            "ada@x.example,search,,2026-01-05,,",
            "login is not written like a GitHub login, such as 'octo-cat'",
        ),
        ("ada,search,b ob,2026-01-05,,", "manager is not written like a GitHub login, such as 'octo-cat'"),
        (
            "ada,../search,,2026-01-05,,",
            "team '../search' is not written like 'search-ranking': small letters, digits and hyphens",
        ),
        ("ada,search,,2026-02-30,,", "from '2026-02-30' is not a day written like 2026-07-01"),
        ("ada,search,,05.01.2026,,", "from '05.01.2026' is not a day written like 2026-07-01"),
        ("ada,search,,20260105,,", "from '20260105' is not a day written like 2026-07-01"),
        ("ada,search,,2026-01-05,9999-12-31,", "until '9999-12-31' is not a day written like 2026-07-01"),
        ("ada,search,,2026-01-05,2026-01-04,", "until 2026-01-04 is before from 2026-01-05"),
        ("=ada,search,,2026-01-05,,", "login starts with '=', which a spreadsheet would run; remove it"),
        ("@ada,search,,2026-01-05,,", "login starts with '@', which a spreadsheet would run; remove it"),
        ("ada,search,,2026-01-05,,-1", "rubric starts with '-', which a spreadsheet would run; remove it"),
        ("ada,search,,2026-01-05,,+1", "rubric starts with '+', which a spreadsheet would run; remove it"),
        (
            "ada,search,,2026-01-05",
            "has 4 cells and the header has 6; a comma is missing, or a cell with a comma needs quotes",
        ),
    ],
)
def test_a_wrong_row_is_told_in_a_sentence(tmp_path: Path, row: str, mistake: str) -> None:
    assert mistakes(tmp_path, f"{HEADER}\n{row}\n") == [f"2: {mistake}"]


@pytest.mark.parametrize(
    ("first", "second", "is_wrong"),
    [
        ("ada,search,,2026-01-05,2026-03-31,", "ada,payments,,2026-03-31,,", True),
        ("ada,search,,2026-01-05,2026-03-31,", "ADA,payments,,2026-03-31,,", True),
        ("ada,search,,2026-01-05,,", "ada,payments,,2027-01-01,,", True),
        ("ada,search,,2026-02-01,,", "ada,payments,,2026-01-01,2026-02-01,", True),
        ("ada,search,,2026-01-05,2026-03-31,", "ada,payments,,2026-04-01,,", False),
        ("ada,search,,2026-01-05,,", "bob,payments,,2026-01-05,,", False),
    ],
)
def test_a_person_has_one_home_team_a_day(tmp_path: Path, first: str, second: str, is_wrong: bool) -> None:
    text = f"{HEADER}\n{first}\n{second}\n"
    if is_wrong:
        (mistake,) = mistakes(tmp_path, text)
        assert mistake.startswith("3: the same person is in team 'search' on line 2")
    else:
        assert len(read(tmp_path, text)) == 2


def test_the_same_row_twice_is_told_once(tmp_path: Path) -> None:
    row = "ada,search,,2026-01-05,,ic1"
    assert mistakes(tmp_path, f"{HEADER}\n{row}\n{row}\n") == [
        "3: says the same as line 2; remove one of them"
    ]


@pytest.mark.parametrize(("until", "is_wrong"), [("2026-03-31", False), ("2026-04-01", True), ("", True)])
def test_a_team_has_one_manager_a_day(tmp_path: Path, until: str, is_wrong: bool) -> None:
    text = f"{HEADER}\nada,search,bob,2026-01-05,{until},\ncyn,search,dan,2026-04-01,,\n"
    if is_wrong:
        (mistake,) = mistakes(tmp_path, text)
        assert mistake.startswith("3: team 'search' has another manager here than on line 2")
    else:
        assert len(read(tmp_path, text)) == 2


def test_two_managers_of_a_large_team_are_told_once(tmp_path: Path) -> None:
    rows = "".join(f"dev{number},search,{'ab'[number % 2]}oss,2026-01-05,,\n" for number in range(40))
    assert len(mistakes(tmp_path, f"{HEADER}\n{rows}")) == 1


def test_one_pagerduty_account_is_one_person(tmp_path: Path) -> None:
    text = f"{HEADER},pagerduty_id\nada,search,,2026-01-05,,,PX\nbob,search,,2026-01-05,,,PX\n"
    assert mistakes(tmp_path, text) == [
        "3: pagerduty_id is given to another login on line 2; one account is one person"
    ]


def test_every_missing_and_unknown_column_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "login,team,from,Until,mail\nada,search,2026-01-05,,a\n") == [
        "1: column 'Until' is not known; did you mean 'until'?",
        "1: column 'mail' is not known; call it 'x-mail' to keep it to yourself",
        "1: column 'manager' is missing; the header is login,team,manager,from,until,rubric",
        "1: column 'rubric' is missing; the header is login,team,manager,from,until,rubric",
    ]


def test_mistakes_of_all_lines_are_reported_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        f"{HEADER}\nada,search,,x,,\nbob,search,,2026-01-05,,\nbob,web,,2026-01-05,,\ncyn,,,2026-01-05,y,\n"
    )
    assert [mistake.split(":")[0] for mistake in mistakes(tmp_path, text)] == ["2", "4", "5", "5"]


def test_no_sentence_repeats_what_may_be_a_name_or_an_address(tmp_path: Path) -> None:
    text = f"{HEADER}\nAda Canary,search,bob@canary.example,2026-01-05,,\n"
    assert "anary" not in " ".join(mistakes(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_in_a_sentence(tmp_path: Path, encoding: str) -> None:
    assert mistakes(tmp_path, f"{HEADER}\n".encode(encoding)) == [
        "1: is not UTF-8 but UTF-16; save it as UTF-8"
    ]


def test_latin_1_is_refused_on_its_line(tmp_path: Path) -> None:
    content = f"{HEADER},x-name\nada,search,,2026-01-05,,,Ada\nbob,search,,2026-01-05,,,Zoë\n"
    assert mistakes(tmp_path, content.encode("latin-1")) == [
        "3: is not UTF-8 (Latin-1, perhaps); save it as UTF-8"
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "1: is empty; the first line names the columns"),
        (f"{HEADER}\n", "1: names nobody; add a row for each person"),
        (
            f'{HEADER}\nada,"search,,2026-01-05,,\n',
            "2: is not CSV (unexpected end of data); look for a quote left open",
        ),
        (
            HEADER.replace(",", ";"),
            "1: its columns are not separated by commas; save it as comma-separated CSV",
        ),
        (f"{HEADER},team\n", "1: column 'team' appears 2 times; keep one"),
    ],
)
def test_a_file_that_is_no_table_is_told_in_a_sentence(tmp_path: Path, text: str, mistake: str) -> None:
    assert any(told.startswith(mistake) for told in mistakes(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- login: ada\n  team: search\n", ["1: 'from' is missing in this entry; add it"]),
        (
            "- login: ada\n  team: search\n  from: 2026-01-05\n  untl: 2026-02-01\n",
            ["4: column 'untl' is not known; did you mean 'until'?"],
        ),
        (
            "- login: ada\n  team: [search]\n  from: 2026-01-05\n",
            [
                "1: team is empty; write the person's home team",
                "2: 'team' is a list or a group; write one value",
            ],
        ),
        (
            "- login: ada\n  team: search\n  team: web\n  from: 2026-01-05\n",
            ["3: 'team' is written twice in this entry; keep one"],
        ),
        ("login: ada\n", ["1: is not a list; begin each person with '- login:'"]),
        ("- ada\n", ["1: is not an entry; begin each person with '- login:'"]),
        ("", ["1: names nobody; add a row for each person"]),
    ],
)
def test_wrong_yaml_is_told_on_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert mistakes(tmp_path, text, "roster.yaml") == expected


@pytest.mark.parametrize(
    "text", ['- login: "ada\n', "- login: a\x01\n", "- {\n", "a: b: c\n", "--- a\n--- b\n"]
)
def test_what_is_no_yaml_is_a_sentence_with_a_line(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text, "roster.yml")


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"roster\.csv:1: cannot be read .*; check the path$"):
        read_roster(tmp_path / "roster.csv")


def test_another_kind_of_file_is_a_sentence(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "", "roster.xlsx") == ["1: a roster is a .csv or a .yaml file, not '.xlsx'"]


# --- builders -------------------------------------------------------------------------------------------


def read(folder: Path, text: str, name: str = "roster.csv") -> tuple[Membership, ...]:
    (folder / name).write_text(text)
    return read_roster(folder / name)


def mistakes(folder: Path, content: str | bytes, name: str = "roster.csv") -> list[str]:
    """What is wrong with this content, without the path that every sentence begins with."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput) as caught:
        read_roster(path)
    assert all(mistake.startswith(f"{path}:") for mistake in caught.value.mistakes)
    return [mistake.removeprefix(f"{path}:") for mistake in caught.value.mistakes]
