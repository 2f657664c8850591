"""The `--help` pages, read as one piece of writing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from flows.cli import cli


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(cli))
READ_NO_SETTINGS = {"sandbox", "demo", "compare", "privacy agreement diff", "rubric import"}


@pytest.mark.parametrize("path", [path for path in ALL if path != ("sandbox",)], ids=" ".join)
def test_every_page_is_whole_sentences_in_eighty_columns(path: tuple[str, ...]) -> None:
    page = CliRunner().invoke(cli, [*path, "--help"], terminal_width=80)
    assert page.exit_code == 0
    assert [
        line for line in page.output.splitlines()[1:] if len(line) > 80 or re.search(r"\w\.\.\.$", line)
    ] == []
    command = ALL[path]
    assert command.help is not None
    assert command.help.split("\n\n")[0].rstrip().endswith(".")
    assert [each.name for each in command.params if isinstance(each, click.Option) and not each.help] == []


def test_the_first_page_names_every_command_under_whom_it_is_for() -> None:
    page = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
    assert [path for path in ALL if len(path) == 1 and f"\n  {path[0]} " not in page] == []
    assert "Commands:" not in page
    assert "Further:" not in page


def test_the_settings_may_be_named_before_or_after_every_command_that_reads_them() -> None:
    apart = {"me", "contests", "privacy", "people", "rubric", "signals", "audit", "agreement"}
    without = {path for path, command in ALL.items() if "--config" not in options(command)} - {
        path for path in ALL if path[-1] in apart
    }
    assert {" ".join(path) for path in without} <= READ_NO_SETTINGS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["me", "--window", "2026Q2", "note", "x", "y"],
            "write --window after the command: sightline me note",
        ),
        (["me", "--titles", "shares"], "--titles is for the report itself"),
        (["me", "--as-of", "2026-09-30", "shares"], "--as-of is for the report itself"),
        (["me", "--solo", "shares"], "--solo is for the report itself"),
    ],
)
def test_an_option_that_a_command_would_lose_is_refused(arguments: list[str], sentence: str) -> None:
    """A note written with the quarter in the wrong place landed in the running one."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert sentence in " ".join(done.output.split())


def options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts}
