"""`sightline query`: what was published, as tables; nothing else, and not unlogged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from in_process import as_data, sightline

from config.settings import load_settings
from connectors.errors import BadInput
from privacy import audit, door, published, tables
from privacy.errors import BrokenRelease
from privacy.organisation import Traces
from privacy.policy import load_policy
from warehouse import querying
from warehouse.querying import Limits
from warehouse.windows import parse_window

ROOT = Path(__file__).parents[1]
PEOPLE = [f"canary-person-{number}" for number in range(7)]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two teams, two quarters; a source of one was incomplete first, and one answer was withdrawn."""
    folder = tmp_path_factory.mktemp("query")
    path = folder / "sightline.yaml"
    path.write_text("home: home\nroster: roster.csv\n")
    home = load_settings(path).published
    for team, incomplete in (("payments", True), ("search", False)):
        publish(home, team, "2026Q2", is_complete=not incomplete)
        publish(home, team, "2026Q3", is_complete=True)
    door.withdraw(home, "search", "2026Q3", "docs", withdrawn_on=date(2026, 11, 22))
    return path


def test_the_questions_of_the_page_are_answered(config: Path) -> None:
    opened, incomplete, asked = [
        asked_json(config, sql)
        for sql in re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "query.md").read_text(), re.DOTALL)
    ]
    assert opened == [
        ["payments", "docs", "2026Q3", "fewer than half"],
        ["payments", "reviews", "2026Q3", "fewer than half"],
    ]
    assert incomplete == [["2026Q2", "github", "the token was revoked", ["payments"]]]
    assert asked == [["talks", "Where did you speak?"]]


def test_an_answer_that_was_withdrawn_is_withdrawn_here_too(config: Path) -> None:
    assert asked_json(
        config,
        "select item, answer, band from answers where team = 'search' and quarter = '2026Q3' order by 1",
    ) == [
        ["docs", "withdrawn", None],
        ["reviews", "band", "fewer than half"],
        ["talks", "ask", None],
    ]


def test_nothing_about_a_person_and_no_count_of_people_is_in_any_table(config: Path) -> None:
    numbers = []
    for table, _, columns in querying.described():
        rows = asked_json(config, f"from {table}")
        assert rows or table == "signals"
        assert "canary-person" not in json.dumps(rows)
        numbers += [
            f"{table}.{name}"
            for name, kind, _ in columns
            if kind not in ("varchar", "varchar[]", "date", "boolean")
        ]
    assert numbers == ["signals.repositories"]


def test_a_word_about_a_signal_fills_every_column_of_its_table() -> None:
    of_signal = {"signal": "reviews_given", "asks": "Which?", "kind": "evidence", "repositories": 2}
    released = door.release_organisation(
        window=parse_window("2026Q3"),
        traces=Traces(PEOPLE, {}),
        signals=[of_signal | {"because": "It is for its person alone.", "blind": ["Chat is not seen."]}],
        repositories=3,
        policy=load_policy(ROOT / "agreement.yaml"),
        published_on=date(2026, 11, 22),
    )
    (row,) = tables.rows([], [released])["signals"]
    (columns,) = ([name for name, _, _ in of] for table, _, of in querying.described() if table == "signals")
    assert sorted(row) == sorted(columns)
    assert (row["because"], row["answer"]) == ("It is for its person alone.", "not shown")


def test_every_table_and_column_says_what_it_holds() -> None:
    tables = as_data(None, "query")
    assert set(tables) == {"releases", "sources", "items", "answers", "processes", "signals"}
    assert [
        name for table in tables.values() for name, of in table["columns"].items() if not of["says"]
    ] == []
    assert "answers: one row a release and item" in sightline(None, "query")


def test_a_question_is_logged_by_its_hash_before_it_is_answered(config: Path) -> None:
    settings, statement = load_settings(config), "select 'never before' from releases"
    asked_json(config, statement)
    last = list(audit.entries(settings.audit_file))[-1]
    assert (last["action"], last["about"]) == ("releases queried", {"sha256": published.digest(statement)})
    assert "never before" not in settings.audit_file.read_text()
    key = settings.audit_key.read_text()
    settings.audit_key.unlink()
    try:
        with pytest.raises(audit.NotLogged):
            sightline(config, "query", statement, "--format", "json")
    finally:
        settings.audit_key.write_text(key)


def test_a_release_that_was_altered_is_not_asked(config: Path) -> None:
    path = load_settings(config).published / "teams" / "search" / "2026Q2.json"
    text = path.read_text()
    path.write_text(text.replace("fewer than half", "about half or more"))
    try:
        with pytest.raises(BrokenRelease, match="differs from what was published"):
            sightline(config, "query", "from answers", "--format", "json")
    finally:
        path.write_text(text)


def test_an_answer_is_text_that_no_terminal_and_no_spreadsheet_obeys(config: Path) -> None:
    statement = "select '=1+1' as a, chr(27) || '[2J' || 'b' as \"b\u202e\", ['x', null] as c"
    assert sightline(config, "query", statement, "--format", "csv").splitlines() == ["a,b,c", '\'=1+1,b,"x,"']
    lines = sightline(config, "query", statement).splitlines()
    assert lines[:3] == ["a     b  c", "=1+1  b  x,", "(1 row)"]
    assert lines[-1].startswith("Bands hide counts on purpose")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select 1; select 2", "exactly one select statement"),
        ("delete from answers", "exactly one select statement"),
        ("", "exactly one select statement"),
        ("select * from people", "Table with name people does not exist"),
        ("select unnest(range(100001))", "more than 100000 rows"),
        ("select repeat('x', 1500000000)", "more than 1024 MiB"),
    ],
)
def test_a_statement_that_cannot_be_answered_is_told_why(statement: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        querying.answer({}, statement)


def test_a_statement_that_is_no_text_is_refused_with_a_sentence(config: Path) -> None:
    with pytest.raises(BadInput, match="not UTF-8"):
        sightline(config, "query", "select 'caf\udce9'")  # what the shell hands over of latin-1


def test_a_statement_without_end_is_ended() -> None:
    endless = "with recursive r as (select 1 as n union all select (n + 1) % 7 from r) select max(n) from r"
    with pytest.raises(BadInput, match="more than 1 s"):
        querying.answer({}, endless, Limits(cpu_seconds=1))


def test_the_process_that_answers_can_open_no_file_and_no_socket() -> None:
    """Whatever a future engine might let a statement do: this wall does not know what SQL is."""
    code = (
        "import socket\n"
        "from warehouse.querying import Limits, confine\n"
        "confine(Limits())\n"
        "refused = 0\n"
        "for attempt in (lambda: open('/etc/passwd'), lambda: socket.socket(), lambda: bytearray(2 << 30)):\n"
        "    try: attempt()\n"
        "    except (OSError, MemoryError): refused += 1\n"
        "print(refused)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "3\n"


def test_before_anything_is_published_the_question_is_answered_with_a_sentence(tmp_path: Path) -> None:
    config = tmp_path / "sightline.yaml"
    config.write_text("home: home\nroster: roster.csv\n")
    with pytest.raises(BadInput, match="no team has a release yet"):
        sightline(config, "query", "from answers")


# --- builders -------------------------------------------------------------------------------------------


def publish(home: Path, team: str, window: str, *, is_complete: bool) -> None:
    quarter = parse_window(window)
    source = {
        "source": "github",
        "complete": is_complete,
        "from": quarter.starts_on.isoformat(),
        "through": quarter.ends_on.isoformat(),
        "because": None if is_complete else "the token was revoked",
    }
    released = door.release_team(
        team=team,
        window=quarter,
        members=PEOPLE[:5],
        traces=dict.fromkeys(("reviews", "docs", "review_wait"), PEOPLE[:1]),
        items=[item("reviews"), item("docs"), item("talks", question="Where did you speak?")],
        sources=[source],
        rubric={"id": "ic1", "title": "Engineer"},
        policy=load_policy(ROOT / "agreement.yaml"),
        published_on=date(2026, 11, 22),
        processes=[
            {"process": "review_wait", "asks": "Who waits?", "sources": ["github"], "misleads": ["Calls."]}
        ],
    )
    door.publish(home, released)


def item(slug: str, question: str | None = None) -> dict[str, Any]:
    return {
        "item": slug,
        "pillar": "Craft",
        "group": "Code",
        "says": "Reviews.",
        "class": "ask" if question else "observable",
        "because": "It is said aloud." if question else None,
        "question": question,
        "misleads": [],
        "sources": ["github"],
        "bandable": not question,
    }


def asked_json(config: Path, statement: str) -> Sequence[Any]:
    rows: list[Any] = json.loads(sightline(config, "query", statement, "--format", "json"))["rows"]
    return rows
