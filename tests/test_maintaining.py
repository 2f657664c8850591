"""docs/maintaining.md: the files a review passes are those it names, and things are added as it says."""

from __future__ import annotations

import importlib
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from types import CodeType, FrameType, MappingProxyType
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from app.roles import ENROLLED, WHO_MAY
from cli.main import cli
from config.settings import load_settings
from connectors.errors import Refused
from flows.context import open_night
from flows.night import run_night
from privacy.released import Released
from sandbox import model
from sandbox.server import running
from sandbox.world import World

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "maintaining.md").read_text(encoding="utf-8")
ROOMS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"sandbox"}
REVIEW, PULL_REQUEST, LINK = "PRR_traced", "PR_traced", "acme/queue/pull/12"
EVIDENCE = {PULL_REQUEST, "reviews_given"}
"""What a signal makes of the review: a row about its pull request."""


ITEM = """
  code-fluency-answers:
    pillar: Craft
    group: Code Fluency
    says: Reviews what others wrote.
    source: {document: ic1-machine-learning-engineer, sha256: %s}
    indicators: [{signal: reviews_given, at_least: 1 pull request, over: 1 quarter}]
    class: observable
    question: Which review of yours helped most?
"""


WISH = """
from app.request import Asker
from app.roles import checked
from config.recorded_settings import RecordedSettings
from people.own_report import report_of
from privacy import logbook


@checked
def questions_left(settings: RecordedSettings, asker: Asker, window: str) -> list[str]:
    report = report_of(settings, asker.person_id, window)
    logbook.note(settings, "report read", person=logbook.mark(settings, asker.person_id), window=window)
    return [item["question"] for item in report.body["items"] if item["state"] == "ask"]
"""
COMMAND = """
import click

from cli.options import window_option, with_config
from cli.sign_in import signed_in


@click.command()
@window_option("the running one")
@with_config
def questions(config, window):
    from app.questions import questions_left

    click.echo("\\n".join(questions_left(*signed_in(config), window)))
"""


class Shown(NamedTuple):
    """A night on a map with one more item, and the report of the reviewer."""

    body: dict[str, Any]
    text: str
    in_the_night: set[str]
    in_the_report: set[str]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    home = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as patch, running(a_world()) as github:
        patch.chdir(home)
        write_settings(home, github.github)
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        settings = load_settings(home / "sightline.yaml")
        with open_night(settings, date(2026, 7, 30)) as night, files_that_hold_it() as in_the_night:
            assert run_night(night)["last_run"]["outcome"] == "complete"
        patch.setenv("GITHUB_TOKEN", "sandbox-ben")
        with files_that_hold_it() as in_the_report:
            text = sightline("me", "--window", "2026Q3", "--full")
        body = json.loads(sightline("me", "--window", "2026Q3", "--format", "json"))
        yield Shown(body, text, in_the_night, in_the_report)


def test_the_page_names_every_python_file_that_holds_the_review(shown: Shown) -> None:
    assert LINK in shown.text
    assert {"connectors/github/payloads.py", "warehouse/store.py"} < shown.in_the_night
    assert "reports/text.py" in shown.in_the_report
    assert (shown.in_the_night | shown.in_the_report) == files_on_the_page()


def test_the_page_counts_the_files_it_names() -> None:
    told = re.search(r"passes (\d+) Python files", PAGE)
    assert told is not None
    assert int(told[1]) == len(files_on_the_page())
    assert [name for name in files_on_the_page() if not (ROOT / name).is_file()] == []


def test_an_item_is_added_in_the_map_alone(shown: Shown) -> None:
    [item] = [each for each in shown.body["items"] if each["item"] == "code-fluency-answers"]
    assert (item["state"], [row["url"] for row in item["evidence"]]) == (
        "seen",
        [f"https://github.example/{LINK}"],
    )
    assert "39 items, all classified" in sightline("rubric", "check")


def test_a_wish_is_a_function_with_its_row_and_a_command(
    shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WHO_MAY, "questions.questions_left", ENROLLED)  # type: ignore[arg-type]
    for room, text in (("app", WISH), ("cli", COMMAND)):
        (tmp_path / room).mkdir()
        (tmp_path / room / "questions.py").write_text(text)
        monkeypatch.setattr(
            importlib.import_module(room), "__path__", [str(ROOT / room), str(tmp_path / room)]
        )
    monkeypatch.setitem(cli.commands, "questions", importlib.import_module("cli.questions").questions)
    lines = sightline("questions", "--window", "2026Q3").splitlines()
    assert lines == [each["question"] for each in shown.body["items"] if each["state"] == "ask"]
    assert len(lines) > 10
    assert "report read" in sightline("me", "access-log", "--format", "json")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-eve")
    with pytest.raises(Refused):
        sightline("questions", "--window", "2026Q3")


def files_on_the_page() -> set[str]:
    """Rows like `| connectors/github | `connector`, `loading` | ... |` of the table of the way."""
    section = PAGE.split("## The way of a review")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_/]+)/` \| ([^|]+) \|", section, flags=re.MULTILINE)
    assert rows
    return {f"{room}/{name}.py" for room, names in rows for name in re.findall(r"`([a-z_/]+)`", names)}


@contextmanager
def files_that_hold_it() -> Iterator[set[str]]:
    """Files of ours with a function that had the review among its variables, or returned it."""
    files: set[str] = set()
    names: dict[CodeType, str] = {}

    def look(frame: FrameType, event: str, value: object) -> None:
        if event != "return":
            return
        code = frame.f_code
        if code not in names:
            path = Path(code.co_filename)
            ours = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS
            names[code] = str(path.relative_to(ROOT)) if ours else ""
        if (file := names[code]) and file not in files:
            marks = marks_in([value, *frame.f_locals.values()])
            # connectors and flows hold lists of pull requests beside the names of all signals
            is_evidence = marks >= EVIDENCE and file.split("/")[0] not in {"connectors", "flows"}
            if is_evidence or marks & {REVIEW, LINK}:
                files.add(file)

    sys.setprofile(look)
    threading.setprofile(look)
    try:
        yield files
    finally:
        threading.setprofile(None)
        sys.setprofile(None)


def marks_in(start: object) -> set[str]:
    """Which of the marks are in the strings of these, however deep in collections and records."""
    missing = {REVIEW, LINK, *EVIDENCE}
    seen: set[int] = set()
    waiting = [start]
    while waiting and missing:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, bytes):
            missing -= {mark for mark in missing if mark.encode() in each}
        elif isinstance(each, str):
            missing -= {mark for mark in missing if mark in each}
        elif isinstance(each, dict | MappingProxyType):
            waiting += [*each, *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each
        elif isinstance(each, Released):
            waiting.append(each.canonical())
        elif is_dataclass(each) and not isinstance(each, type):
            waiting += [getattr(each, one.name, None) for one in fields(each)]
    return {REVIEW, LINK, *EVIDENCE} - missing


def a_world() -> World:
    """`acme/queue` with one pull request by ana, and ben's review of it."""
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    ana, ben = (world.add_account(model.Account(f"U_{login}", login)) for login in ("ana", "ben"))
    world.add_account(model.Account("U_eve", "eve"))
    repository = world.add_repository(model.Repository("R_queue", acme, "queue"))
    day = "2026-07-07T09:00:00Z"
    pull = model.PullRequest(
        id=PULL_REQUEST,
        repository=repository,
        number=12,
        author=ana,
        title="Keep it in order",
        body="",
        created_at=day,
        updated_at=day,
    )
    repository.pull_requests.append(pull)
    world.index(pull)
    words = "Is the order kept where two arrive at once?"
    pull.reviews.append(world.add(model.Review(REVIEW, pull, ben, "COMMENTED", day, day, words)))
    return world


def sightline(*arguments: str) -> str:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout


def write_settings(home: Path, base_url: str) -> None:
    """One person in the roster, so that the report a function holds when it returns is theirs."""
    (home / "roster.csv").write_text("login,team,manager,from,until,rubric\nben,core,,2026-01-01,,\n")
    (home / "sightline.yaml").write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {base_url}\n  repositories: [acme/queue]\n"
        "  since: 2026-04-01\nrubric_map: our_map.yaml\n"
    )
    shipped = (ROOT / "rubric_map.yaml").read_text(encoding="utf-8")
    (home / "our_map.yaml").write_text(shipped + ITEM % ("ab" * 32), encoding="utf-8")
