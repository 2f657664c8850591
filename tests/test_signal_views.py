"""The card of a signal, and the pages of one's own signals, as the shell shows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from in_process import sightline

from cli.main import cli
from config.settings import SHIPPED
from connectors.errors import BadInput
from signals.catalog import load_catalog

CATALOG = load_catalog()


@pytest.mark.parametrize("name", CATALOG)
def test_a_card_says_what_the_header_owes(name: str, tmp_path: Path) -> None:
    card = sightline(tmp_path / "none.yaml", "signals", "show", name)
    signal = CATALOG[name]
    for owed in (signal.answers, signal.misleads, signal.basis):
        assert " ".join(owed.split()) in card
    for owed in (signal.unit, signal.owner, str(signal.review_by), signal.sha256[:12], signal.sql.strip()):
        assert owed in card


def test_the_examples_of_a_folder_of_ones_own_are_run(tmp_path: Path) -> None:
    folder = own_signals(tmp_path)
    assert ran("--folder", folder) == ("2 examples of 1 signal hold", [])
    page = folder / "specs" / "changes_opened.md"
    page.write_text(page.read_text().replace("|---|---|\n| ada |", "|---|---|\n| ben |"))
    _, wrong = ran("changes_opened", "--folder", folder)
    assert len(wrong) == 2
    assert all(sentence.startswith(f"{page}:") for sentence in wrong)


def test_a_signal_without_a_page_is_told(tmp_path: Path) -> None:
    folder = own_signals(tmp_path)
    shutil.rmtree(folder / "specs")
    _, wrong = ran("--folder", folder)
    assert wrong == [
        f"{folder}/specs/changes_opened.md: is missing; a signal has a page of examples, tables in and "
        "tables out"
    ]


def test_an_unknown_signal_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no signal is named 'changes_open'; did you mean 'changes_opened'"):
        sightline(
            tmp_path / "none.yaml", "signals", "show", "changes_open", "--folder", own_signals(tmp_path)
        )


def test_the_shipped_pages_are_found_without_being_named() -> None:
    assert ran("oncall_shifts")[1] == []
    assert (SHIPPED / "tests" / "specs" / "oncall_shifts.md").exists()


# --- builders ---


def ran(*words: object) -> tuple[str, list[str]]:
    """What `sightline signals test` prints on standard output, and its lines on standard error."""
    done = CliRunner().invoke(cli, ["--config", "none.yaml", "signals", "test", *map(str, words)])
    assert done.exit_code == bool(done.stderr)
    return done.stdout.strip(), done.stderr.splitlines()


def own_signals(folder: Path) -> Path:
    (folder / "mine" / "specs").mkdir(parents=True, exist_ok=True)
    (folder / "mine" / "changes_opened.sql").write_text(SIGNAL)
    (folder / "mine" / "specs" / "changes_opened.md").write_text(PAGE)
    return folder / "mine"


SIGNAL = """/*
signal: changes_opened
answers: Which pull requests did this person open?
unit: pull requests
reads: [persons, pull_requests]
grain: root
sensitivity: person
opportunity: null
guard: none, because it is an example.
misleads: Opening is not finishing.
basis: an example
owner: nobody
review_by: 2099-01-01
*/
select author_id as person_id, created_on as occurred_on, 'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join humans on author_id = person_id
"""

PAGE = """# Changes opened

## A human's pull request counts

`pull_requests`

| pull_request_id | author_id | created_on |
|---|---|---|
| one | ada | 2026-07-06 |

`evidence`

| person_id | occurred_on |
|---|---|
| ada | 2026-07-06 |

## A robot's does not

`persons`

| person_id | is_bot |
|---|---|
| robot | yes |

`pull_requests`

| pull_request_id | author_id |
|---|---|
| one | robot |

`evidence`: none
"""
