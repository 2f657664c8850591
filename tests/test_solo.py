"""Personal mode: a token and nothing else, one person's report, and no claim that search cannot prove."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cli.solo import show_solo
from connectors.errors import BadInput, Refused
from privacy.personal import load_personal_policy
from sandbox.model import Account
from sandbox.organisation.prolific import prolific
from sandbox.server import Running, running

ROOT = Path(__file__).parents[1]
TODAY = datetime.now(UTC).date()


def test_all_2500_pull_requests_are_stored_and_the_second_run_only_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(prolific(2_500, until=TODAY, quarters=3)) as server:
        asking(monkeypatch, server, tmp_path)
        _, code = solo(tmp_path / "home", form="md")
        server.post("/_sandbox/reset-stats")
        _, again = solo(tmp_path / "home", form="md")
        requests = server.get("/_sandbox/stats")[2]["requests"]
    assert (code, again) == (0, 0)
    stored = rows(tmp_path / "home", "select author_id, count(*) from pull_requests group by 1 order by 2")
    assert stored[-1][1] == 2_500
    assert rows(tmp_path / "home", "select count(*) from discussions") == [(126,)]
    assert rows(tmp_path / "home", "select sum(expected) - sum(stored) from expected") == [(0,)]
    # 3,125 objects counted a hundred a request, the searches cut to fit, titles, and who is asking
    assert requests["graphql"] < 60
    assert requests["rest"] <= 4


def test_a_report_needs_a_token_and_nothing_else(server: Running, tmp_path: Path) -> None:
    done = sightline("me", "--solo", "--format", "md", cwd=tmp_path, **variables(server, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "# Your signals, " in done.stdout
    assert "](https://github.example/tidewater-works/monorepo/pull/" in done.stdout
    assert f"kept in {tmp_path / 'data'}" in done.stderr
    assert "`sightline privacy agreement --solo`" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_items_have_links_titles_and_what_was_left_open(here: Path) -> None:
    report, code = solo(here / "home", form="json", window=LAST)
    items = {item["item"]: item for item in json.loads(report)["items"]}
    delivered = items["impact-delivers"]
    assert (code, delivered["state"]) == (0, "seen")
    assert all(row["url"].startswith("https://github.example/") for row in delivered["evidence"])
    assert all(row["title"] for row in delivered["evidence"])
    assert items["team-interviews"]["state"] == "not collected"


def test_a_person_without_a_trace_is_told_what_search_can_prove_and_the_rest_is_left_open(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That somebody opened nothing is proven by a count; that there was nothing to review is not."""
    server.holding.github.add_account(Account("U_newcomer", "newcomer"))
    asking(monkeypatch, server, tmp_path, "newcomer")
    report, code = solo(tmp_path / "home", form="json", window=LAST)
    items = {item["item"]: item for item in json.loads(report)["items"]}
    assert code == 0
    assert items["code-fluency-reviews"]["state"] == "not collected"
    assert "the work of others was incomplete" in items["code-fluency-reviews"]["because"]
    assert items["communication-clarity"]["state"] == "none seen"
    assert items["innovation-shares-ideas"]["state"] == "none seen", "search tells discussions as well"
    states = {item["state"] for item in items.values()}
    assert states == {"none seen", "not collected", "ask", "withheld"}


def test_reports_go_back_eight_quarters(here: Path) -> None:
    oldest = f"{TODAY.year - 2}Q{(TODAY.month + 2) // 3}"
    report, code = solo(here / "home", form="json", window=oldest)
    assert (json.loads(report)["window"], code) == (oldest, 0)


def test_no_login_of_others_no_title_and_no_token_stays_on_the_disk(here: Path) -> None:
    report, _ = solo(here / "home", form="md", window=LAST)
    titles = {line.split(") ", 1)[1] for line in report.splitlines() if "/pull/" in line}
    assert len(titles) > 5
    known = {str(value) for table in tables(here / "home") for value in table}
    assert "prolific" in known
    for canary in ["steady", "thorough", "quiet", "sandbox-prolific", *titles]:
        assert [value for value in known if canary in value] == [], canary
    written = b"".join(path.read_bytes() for path in (here / "home").rglob("*.json"))
    assert len(written) > 10_000
    assert [title for title in titles if title.encode() in written] == []


def test_an_organisation_behind_single_sign_on_leaves_everything_open(
    server: Running, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.holding.github.sso_organisations = {"tidewater-works"}
    report, code = solo(here / "home", form="json", window=LAST)
    states = {item["state"] for item in json.loads(report)["items"]}
    assert (code, states) == (1, {"not collected", "ask", "withheld"})
    assert "authorise the token for it" in capsys.readouterr().err


def test_a_run_that_github_stops_reports_what_is_there_and_goes_on_the_next_time(
    server: Running, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGHTLINE_GITHUB__WAIT_LIMIT_SECONDS", "0")
    monkeypatch.setenv("SIGHTLINE_GITHUB__PAGE_SIZE", "5")
    fault = {"name": "rate_limited_403", "where": "graphql", "count": 1, "seconds": 3_000, "skip": 15}
    server.post("/_sandbox/faults", fault)
    _, code = solo(here / "home", form="json", window=LAST)
    assert code == 1
    assert "asks to wait for its rate limit" in capsys.readouterr().err
    some = rows(here / "home", "select count(*) from pull_requests")[0][0]
    assert some > 0
    _, code = solo(here / "home", form="json", window=LAST)
    assert code == 0
    assert rows(here / "home", "select count(*) from pull_requests")[0][0] > some


def test_a_home_of_somebody_else_is_left_alone(
    server: Running, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solo(here / "home", form="json", window=LAST)
    before = rows(here / "home", "select * from memberships")
    asking(monkeypatch, server, here, "steady")
    with pytest.raises(BadInput, match="the home of somebody else"):
        solo(here / "home", form="json", window=LAST)
    assert rows(here / "home", "select * from memberships") == before


def test_a_bad_token_is_refused_and_leaves_nothing(
    server: Running, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, server, here, "nobody-has-this-login")
    with pytest.raises(Refused, match="does not accept the credentials"):
        solo(here / "home", form="json", window=LAST)
    assert not (here / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "more", "code", "sentence"),
    [
        (["--solo"], {"GITHUB_TOKEN": ""}, 2, "GITHUB_TOKEN is not set"),
        (["--solo"], {"GITHUB_TOKEN": "wrong"}, 3, "does not accept the credentials"),
        (["--solo", "--window", "third"], {}, 2, "write it like 2026Q3"),
        (["--solo", "--window", "2099Q1"], {}, 2, "has not begun"),
        (["--solo", "--window", "2019Q1"], {}, 2, "2019Q1 is too long ago; reports go back to"),
        (["--solo", "--since", "2099-01-01"], {}, 2, "--since 2099-01-01 is after"),
        (["--solo", "--home", "/proc/none"], {}, 2, "cannot be written"),
        (["--solo"], {"SIGHTLINE_GITHUB__BASE_URL": "ftp://x"}, 2, "SIGHTLINE_GITHUB__BASE_URL: base_url is"),
        (["--solo"], {"SIGHTLINE_GITHUB__BASE_URL": "http://127.0.0.1:9"}, 3, "cannot be reached"),
        (["--since", "2026-01-01"], {}, 2, "belong to --solo"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    server: Running, tmp_path: Path, arguments: list[str], more: dict[str, str], code: int, sentence: str
) -> None:
    done = sightline("me", *arguments, cwd=tmp_path, **variables(server, tmp_path) | more)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_personal_agreement_narrows_the_agreement_and_cannot_widen_it(tmp_path: Path) -> None:
    policy = load_personal_policy(ROOT / "agreement-solo.yaml", ROOT / "agreement.yaml")
    assert (set(policy.sources), set(policy.audiences), set(policy.purposes)) == (
        {"github", "roster"},
        {"self"},
        {"self-review"},
    )
    text = (ROOT / "agreement-solo.yaml").read_text()
    for wrong, sentence in [
        (text.replace("  roster: >", "  slack: >"), "source 'slack' is not in agreement.yaml"),
        (text.replace("audiences: [self]", "audiences: [self, team]"), "audiences"),
        (text + "k: 2\n", "k: extra inputs are not permitted"),
        (text.replace("legitimate interest", "consent"), "consent is no basis for work"),
    ]:
        (tmp_path / "agreement-solo.yaml").write_text(wrong)
        with pytest.raises(BadInput) as error:
            load_personal_policy(tmp_path / "agreement-solo.yaml", ROOT / "agreement.yaml")
        assert sentence in error.value.mistakes[0]


def test_the_personal_agreement_can_be_read(tmp_path: Path) -> None:
    done = sightline("privacy", "agreement", "--solo", cwd=tmp_path)
    assert done.returncode == 0
    assert "Traces of one's own work" in done.stdout


# --- builders ---

LAST = f"{TODAY.year}Q{(TODAY.month - 1) // 3}" if TODAY.month > 3 else f"{TODAY.year - 1}Q4"
"""The last whole quarter."""


@pytest.fixture
def server() -> Iterator[Running]:
    with running(prolific(80, until=date(TODAY.year, TODAY.month, TODAY.day), quarters=3)) as server:
        yield server


@pytest.fixture
def here(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    asking(monkeypatch, server, tmp_path)
    return tmp_path


def variables(server: Running, folder: Path, login: str = "prolific") -> dict[str, str]:
    return {
        "GITHUB_TOKEN": f"sandbox-{login}",
        "SIGHTLINE_GITHUB__BASE_URL": server.github,
        "XDG_DATA_HOME": str(folder / "data"),
    }


def asking(monkeypatch: pytest.MonkeyPatch, server: Running, folder: Path, login: str = "prolific") -> None:
    for name, value in variables(server, folder, login).items():
        monkeypatch.setenv(name, value)


def solo(home: Path, *, form: str, window: str | None = None) -> tuple[str, int]:
    return show_solo(window, form, since=None, home=home, with_titles=True)


def sightline(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, timeout=120, check=False
    )


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        return con.execute(sql).fetchall()


def tables(home: Path) -> Iterator[tuple[Any, ...]]:
    """Every row of every table of every database of a home."""
    for path in home.glob("*.duckdb"):
        with duckdb.connect(path, read_only=True) as con:
            for (name,) in con.execute("select table_name from duckdb_tables()").fetchall():
                yield from con.execute(f'select * from "{name}"').fetchall()
