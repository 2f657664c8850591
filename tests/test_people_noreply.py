"""`ID+login@users.noreply.HOST` names an account by its number; GitHub says which, and no address is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from config.settings import load_settings
from connectors.errors import BadInput
from connectors.files.connector import BadFile, Files, read_file
from connectors.files.roster import read_roster
from connectors.files.settings import FileSource
from connectors.github.accounts import ByNumber
from connectors.github.postmortems.connector import postmortem
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.github.settings import GitHubSettings
from connectors.noreply import number_in
from connectors.records import Account, Incident, Postmortem
from flows.context import open_night
from flows.night import run_night
from flows.run_log import Message
from sandbox import model
from sandbox.server import Running, running
from sandbox.world import World
from warehouse import reading

TODAY = date(2026, 11, 22)
HOST = "users.noreply.127.0.0.1"
ANA = Account("github", "U_ana", "ana")


@pytest.mark.parametrize(
    ("address", "base_url", "number"),
    [
        ("77+ana@users.noreply.github.com", "https://api.github.com", 77),
        ("77+Ana@Users.NoReply.GitHub.com", "https://api.github.com", 77),
        ("77+dependabot[bot]@users.noreply.github.com", "https://api.github.com", 77),
        ("77+ana_acme@users.noreply.acme.ghe.com", "https://api.acme.ghe.com", 77),
        ("77+ana@users.noreply.git.acme.example", "https://git.acme.example/api/v3", 77),
        # github.com's number 77 is somebody else on an Enterprise Server, and the other way round
        ("77+ana@users.noreply.github.com", "https://git.acme.example/api/v3", None),
        ("77+ana@users.noreply.git.acme.example", "https://api.github.com", None),
        # a login may be anybody's by now
        ("ana@users.noreply.github.com", "https://api.github.com", None),
        # written by hand to look like one
        ("77+ana@users.noreply.github.com.example", "https://api.github.com", None),
        ("77+ana@noreply.github.com", "https://api.github.com", None),
        ("077+ana@users.noreply.github.com", "https://api.github.com", None),
        ("77+78+ana@users.noreply.github.com", "https://api.github.com", None),
        ("Ana <77+ana@users.noreply.github.com>", "https://api.github.com", None),
        ("7\u0667+ana@users.noreply.github.com", "https://api.github.com", None),
    ],
)
def test_only_the_number_of_this_very_github_names_an_account(
    address: str, base_url: str, number: int | None
) -> None:
    assert number_in(address, base_url) == number


def test_the_number_counts_and_not_the_login_beside_it(github: Running) -> None:
    whose = ByNumber(settings(github))
    assert whose(f"77+what-ana-was-called-before@{HOST}") == ANA
    assert whose(f"78+ana@{HOST}") == Account("github", "U_ben", "ben")
    assert whose(f"4040+ana@{HOST}") is None
    assert whose(f"9+acme@{HOST}") is None, "an organisation is nobody"
    assert whose(f"ana@{HOST}") is None


def test_a_number_is_asked_for_once(github: Running) -> None:
    whose = ByNumber(settings(github))
    before = requests_of(github)
    assert [whose(f"77+ana@{HOST}"), whose(f"77+other@{HOST}"), whose("ana@mail.example")] == [ANA, ANA, None]
    assert requests_of(github) - before == 1


def test_people_of_a_file_may_be_named_by_number(github: Running, tmp_path: Path) -> None:
    path = tmp_path / "sevs.csv"
    path.write_text(
        f"id,day,who,lead\n1,2026-07-01,77+old-login@{HOST}; ben,78+x@{HOST}\n"
        f"2,2026-07-01,4040+canary@{HOST},canary@{HOST}\n"
    )
    with pytest.raises(BadFile) as raised:
        read_file(source(path), ByNumber(settings(github)))
    assert [each.partition("sevs.csv:")[2] for each in raised.value.mistakes] == [
        "3: commander has an entry that is not a GitHub login",
        "3: responders has a private address whose number your GitHub has no account for",
    ]
    assert "canary" not in str(raised.value)

    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    [one] = read_file(source(path), ByNumber(settings(github))).values()
    assert isinstance(one, Incident)
    assert {(each.actor, each.kind) for each in one.actions} == {
        (ANA, "responded"),
        (Account("github", "login:ben", "ben"), "responded"),
        (Account("github", "U_ben", "ben"), "role"),
    }
    asked = requests_of(github)
    assert Files(source(path), today=TODAY, lookup=ByNumber(settings(github))).since == date(2026, 7, 1)
    assert requests_of(github) == asked, "the first day of a file is known without asking anybody"


def test_authors_of_a_post_mortem_may_be_named_by_number(github: Running) -> None:
    text = f"---\nincident: INC-7\ndate: 2026-07-09\nauthors: [77+old@{HOST}, ben]\n---\n"
    declared = GitHubPostmortemsSettings(repositories=("acme/postmortems",))
    found = postmortem(text, "p", declared, ByNumber(settings(github)))
    assert isinstance(found, Postmortem)
    assert found.authors == (ANA, Account("github", "login:ben", "ben"))
    for nobody in (f"ana@{HOST}", f"4040+ana@{HOST}", "77+ana@users.noreply.github.com", "ana@mail.example"):
        assert postmortem(text.replace(f"77+old@{HOST}", nobody), "p", declared) == "no_login"


def test_a_roster_row_without_the_number_is_told_and_quotes_nobody(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(
        "login,team,manager,from,until,rubric\n"
        "canary@users.noreply.github.com,search,,2026-01-05,,\n"
        "canary@mail.example,search,,2026-01-05,,\n"
    )
    with pytest.raises(BadInput) as raised:
        read_roster(path)
    told = [each.removeprefix(f"{path}:") for each in raised.value.mistakes]
    assert [each.partition(",")[0].partition(";")[0] for each in told] == [
        "2: login is a private address of GitHub without the account's number",
        "3: login is not written like a GitHub login",
    ]
    assert "canary" not in str(raised.value)


def test_a_night_takes_a_roster_with_numbers_and_keeps_no_address(organisation: Running, home: Path) -> None:
    world = organisation.holding.github
    config, roster = written(home, organisation), home / "roster.csv"
    good = roster.read_text().splitlines()
    login, team, *_ = good[1].split(",")
    number = world.accounts[login.lower()].database_id
    address = f"{number}+canary-of-old@{HOST}"
    rest = "," * (good[0].count(",") - 3)

    by_login = members(config)
    roster.write_text("\n".join([good[0], *(row.replace(f"{login},", f"{address},") for row in good[1:])]))
    assert members(config) == by_login, "the same person, whichever way they are named"

    wrong = {
        f"{address},another-team,,2026-01-05{rest}": f"the same person is in team '{team}' on line 2",
        f"4040{address},{team},,2026-01-05{rest}": "has no account with the number",
        f"{number}+x@users.noreply.github.com,{team},,2026-01-05{rest}": "has no account with the number",
    }
    for row, because in wrong.items():
        roster.write_text("\n".join([*good, row]) + "\n")
        with open_night(load_settings(config), TODAY) as night:
            run_night(night)
            told = [
                each for each in night.log.texts(Message) if each.startswith(f"{roster}:{len(good) + 1}: ")
            ]
            assert [because in each for each in told] == [True], (row, night.log.texts(Message))
    assert members(config) == by_login

    config.write_text(config.read_text().replace(f"{organisation.github}", "http://127.0.0.1:9"))
    roster.write_text("\n".join([good[0], *(row.replace(f"{login},", f"{address},") for row in good[1:])]))
    assert members(config) == by_login, "while GitHub cannot be asked the last good roster stays"
    for path in (home / "sightline-home").glob("*.duckdb"):
        assert "canary" not in contents(path), path


# --- builders -------------------------------------------------------------------------------------------


@pytest.fixture
def github() -> Iterator[Running]:
    world = World()
    world.add_account(model.Account("U_ana", "ana", database_id=77))
    world.add_account(model.Account("U_ben", "ben", database_id=78))
    world.add_account(model.Account("O_acme", "acme", "Organization", database_id=9))
    with running(world) as server:
        yield server


def settings(server: Running) -> GitHubSettings:
    return GitHubSettings(base_url=server.github, token=SecretStr("sandbox-token"), wait_limit_seconds=0)


def requests_of(server: Running) -> int:
    return int(server.sandbox.stats()["requests"]["rest"])


def source(path: Path) -> FileSource:
    columns = {"id": "id", "opened": "day", "responders": "who", "commander": "lead"}
    return FileSource(name="log", kind="incidents", path=path, columns=columns)


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n  since: 2026-11-01\n"
    )
    return path


def members(config: Path) -> list[reading.MembershipRow]:
    with open_night(load_settings(config), TODAY) as night:
        run_night(night)
        return reading.memberships(night.store)


def contents(path: Path) -> str:
    """Every value of every table."""
    with duckdb.connect(path, read_only=True) as con:
        tables = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        return "".join(str(con.execute(f'select * from "{name}"').fetchall()) for name in tables)
