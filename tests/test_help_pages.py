"""The `--help` pages, read as one piece of writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.main import cli


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ROOT = Path(__file__).parents[1]
ALL = dict(commands(cli))
PAGES = sorted([ROOT / "README.md", ROOT / "GLOSSARY.md", *(ROOT / "docs").glob("*.md")])
READ_NO_SETTINGS = {"sandbox", "demo", "privacy agreement diff", "rubric import"}


@pytest.mark.parametrize("path", [path for path in ALL if path != ("sandbox",)], ids=" ".join)
def test_every_page_is_complete_sentences_in_eighty_columns(path: tuple[str, ...]) -> None:
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_and_options_that_exist(page: Path) -> None:
    assert [wrong for line in told(page) if (wrong := unknown(line.split()))] == []


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_files_and_headings_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside_of_blocks = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    folders = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
    named = re.findall(
        rf"(?<![\w./-])((?:{folders})/[\w./-]*)", " ".join(re.findall("`([^`]+)`", outside_of_blocks))
    )
    assert [name for name in named if not (ROOT / name).exists()] == []
    for name, heading in re.findall(r"\]\(([^)#:]*)#?([^)#:]*)\)", text):
        target = page.parent / name if name else page
        assert target.exists(), name
        if heading:
            assert heading in headings(target), f"{name}#{heading}"


def headings(page: Path) -> set[str]:
    """What links call the headings of a page, as GitHub does."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def told(page: Path) -> list[str]:
    """Every `sightline ...` of a page's code, in a block or within a line, up to a comment or a pipe."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()] + inline
    found = [re.search(r"(?:^|[ /`])sightline ((?!:).+)", " ".join(line.split())) for line in lines]
    return [re.split(r" #|[|>&]", each[1])[0].strip(" .,;") for each in found if each]


def unknown(said: list[str]) -> str | None:
    """The first word that no command of this place is called, or no option of it; None if all is known."""
    command: click.Command = cli
    known = options(cli)
    for word in (each.strip("[]") for each in said):
        if (
            word.startswith("--")
            and command.name != "sandbox"
            and word.split("=")[0] not in {*known, "--help"}
        ):
            return f"{' '.join(said)}: {word}"
        if isinstance(command, click.Group) and re.fullmatch("[a-z-]+", word):
            if word not in command.commands:
                return None if command.callback and command.params else f"{' '.join(said)}: {word}"
            command = command.commands[word]
            known |= options(command)
    return None


def options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts}
