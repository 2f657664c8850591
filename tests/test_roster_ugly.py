"""Files as people really save them: every mistake of each by its line in one look, whatever else is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import BadInput
from connectors.files.roster import read_roster

HEADER = "login,team,manager,from,until,rubric\n"
GOOD = "ada,search,mona,2026-01-05,,\nmona,search,,2026-01-05,,\n"
WRONG = "bo,search,,x,,\n"
"""On line 4, below the good rows: told in each file that can be read on."""
AND_THE_DAY = "4: from 'x' is not a day written like 2026-07-01"
NO_LOGIN = "4: login is not written like a GitHub login, such as 'octo-cat'"
TABLE = HEADER + GOOD + WRONG

UGLY: dict[str, tuple[str | bytes, list[str]]] = {
    "UTF-16 with a mark": (
        TABLE.encode("utf-16"),
        ["1: is not UTF-8 but UTF-16; save it as UTF-8", AND_THE_DAY],
    ),
    "UTF-16 without a mark": (
        TABLE.encode("utf-16-be"),
        ["1: is not UTF-8 but UTF-16; save it as UTF-8", AND_THE_DAY],
    ),
    "UTF-32": (TABLE.encode("utf-32"), ["1: is not UTF-8 but UTF-32; save it as UTF-8", AND_THE_DAY]),
    "Latin-1": (
        f"{HEADER}{GOOD}zoë,search,,x,,\n".encode("latin-1"),
        ["4: is not UTF-8 (Latin-1, perhaps); save it as UTF-8", AND_THE_DAY, NO_LOGIN],
    ),
    "two marks": (f"\ufeff\ufeff{TABLE}", [AND_THE_DAY]),
    "a spreadsheet": (
        b"PK\x03\x04\x14\x00\x06\x00",
        ["1: is a spreadsheet and no text; export it as CSV in UTF-8"],
    ),
    "a page": (
        "<html><td>login</td></html>",
        ["1: names none of the columns of a roster; the header is " + HEADER[:-1]],
    ),
    "a NUL": (
        f"{HEADER}{GOOD}b\x00o,search,,x,,\n",
        ["4: holds a NUL, which no text does; export it again", AND_THE_DAY, NO_LOGIN],
    ),
    "semicolons": (
        TABLE.replace(",", ";"),
        ["1: its columns are not separated by commas; save it as comma-separated CSV", AND_THE_DAY],
    ),
    "tabs": (
        TABLE.replace(",", "\t"),
        ["1: its columns are not separated by commas; save it as comma-separated CSV", AND_THE_DAY],
    ),
    "a line for a spreadsheet": (
        f"sep=,\n{HEADER}{GOOD}",
        ["1: is a line for a spreadsheet; remove it"],
    ),
    "columns beside the table": ("".join(f"{row},,\n" for row in TABLE.splitlines()), [AND_THE_DAY]),
    "something beside the table": (
        f"{HEADER}{GOOD}bo,search,,2026-01-05,,,see Ada\n",
        ["4: has 7 cells and the header has 6; a comma is missing, or a cell with a comma needs quotes"],
    ),
    "blank rows": (f"\n\n{HEADER}{GOOD},,,,,\n   \n\n{WRONG}", [AND_THE_DAY.replace("4", "9", 1)]),
    "a column twice": (
        TABLE.replace("rubric", "team"),
        [
            "1: column 'team' appears 2 times; keep one",
            "1: column 'rubric' is missing; the header is " + HEADER[:-1],
            AND_THE_DAY,
        ],
    ),
    "a column without a name": (
        f"login,team,,manager,from,until,rubric\n{WRONG.replace('search', 'search,')}",
        ["1: column 3 has no name; name it, or remove it", AND_THE_DAY.replace("4", "2", 1)],
    ),
    "capitals": (
        TABLE.replace("login", "Login").replace("until", "Until"),
        [
            "1: column 'Login' is not known; did you mean 'login'?",
            "1: column 'Until' is not known; did you mean 'until'?",
            AND_THE_DAY,
        ],
    ),
    "days as they are written elsewhere": (
        f"{HEADER}ada,search,,05.01.2026,,\nbo,search,,1/5/2026,46027,\n",
        [
            "2: from '05.01.2026' is not a day written like 2026-07-01",
            "3: from '1/5/2026' is not a day written like 2026-07-01",
            "3: until '46027' is not a day written like 2026-07-01",
        ],
    ),
    "a note of two lines": (
        f'{HEADER[:-1]},x-note\nada,search,,2026-01-05,,,"one\ntwo"\nbo,search,,x,,,\n',
        [AND_THE_DAY],
    ),
    "a login of two lines": (f'{HEADER}{GOOD}"b\no",search,,2026-01-05,,\n', [NO_LOGIN]),
    "a quote left open": (
        f'{HEADER}ada,"search,mona,2026-01-05,,\nmona,search,,2026-01-05,,\n{WRONG}',
        ["2: is not CSV (unexpected end of data); look for a quote left open", AND_THE_DAY],
    ),
    "a formula in a name": (
        f"{HEADER[:-1]},x-name\nada,search,,2026-01-05,,,Ada\nbo,search,,x,,,=1+1\n",
        [
            "3: from 'x' is not a day written like 2026-07-01",
            "3: x-name starts with '=', which a spreadsheet would run; remove it",
        ],
    ),
    "a formula behind a space": (
        f"{HEADER}{GOOD} =cmd(),search,,2026-01-05,,\n",
        ["4: login starts with '=', which a spreadsheet would run; remove it"],
    ),
    "lines that end in three ways": (
        TABLE.replace("\n", "\r\n", 1).replace("05,,\n", "05,,\r", 1),
        [AND_THE_DAY],
    ),
    "a letter that looks alike": (f"{HEADER}{GOOD}b\u043e,search,,2026-01-05,,\n", [NO_LOGIN]),
    "a space of no width": (f"{HEADER}{GOOD}b\u200bo,search,,2026-01-05,,\n", [NO_LOGIN]),
    "another kind of line end inside": (f"{HEADER}{GOOD}b\u2028o,search,,x,,\n", [AND_THE_DAY, NO_LOGIN]),
    "a cell without an end": (
        f"{HEADER}{GOOD}{'b' * 200_000},search,,2026-01-05,,\n",
        ["4: is not CSV (field larger than field limit (131072)); look for a quote left open"],
    ),
    "two managers and two teams": (
        f"{HEADER}{GOOD}bo,search,zed,2026-01-05,,\nADA,pay,,2026-06-01,,\n",
        [
            "4: team 'search' has another manager here than on line 2",
            "5: the same person is in team 'search' on line 2 on the same days",
        ],
    ),
    "a merge left undone": (
        f"{HEADER}<<<<<<< HEAD\n{GOOD}=======\n",
        [
            "2: has 1 cells and the header has 6; a comma is missing, or a cell with a comma needs quotes",
            "5: has 1 cells and the header has 6; a comma is missing, or a cell with a comma needs quotes",
        ],
    ),
    "nothing": ("", ["1: is empty; the first line names the columns"]),
    "nobody": (HEADER, ["1: names nobody; add a row for each person"]),
}


@pytest.mark.parametrize("name", UGLY)
def test_every_mistake_of_an_ugly_file_is_told_by_its_line(name: str, tmp_path: Path) -> None:
    content, expected = UGLY[name]
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput) as raised:
        read_roster(path)
    told = [each.removeprefix(f"{path}:") for each in raised.value.mistakes]
    assert len(told) == len(expected), told
    assert [each.startswith(start) for each, start in zip(sorted(told), sorted(expected), strict=True)] == [
        True
    ] * len(expected), told
