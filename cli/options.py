"""What several commands share: option types, and how a list of wrongs is said."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from warehouse.windows import today

Command = TypeVar("Command", bound=Callable[..., Any])


class Chapters(click.Group):
    """A group that lists its commands by what they are for, each with its whole first sentence."""

    group_class = type

    def __init__(
        self, *given: Any, chapters: Mapping[str, Sequence[str]] | None = None, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self.chapters = chapters or {}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        in_chapters = {name for names in self.chapters.values() for name in names}
        rest = [name for name in self.list_commands(ctx) if name not in in_chapters]
        widest = max(map(len, self.commands))
        for title, names in {**self.chapters, "Further" if in_chapters else "Commands": rest}.items():
            if names:
                with formatter.section(title):
                    rows = [(name.ljust(widest), _sentence(self.commands[name])) for name in names]
                    formatter.write_dl(rows)


def _sentence(command: click.Command) -> str:
    """The first one of its help page."""
    return " ".join((command.help or "").split()).split(". ")[0].rstrip(".") + "."


class Day(click.ParamType):  # type: ignore[type-arg]  # generic in its stubs only
    """An ISO date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it like 2026-09-30", param, ctx)


class PastDay(Day):
    """An ISO date that has come, for looking back."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        day = super().convert(value, param, ctx)
        if day > today() + timedelta(days=1):  # somewhere it may be tomorrow already
            self.fail(f"{day} has not come yet; today is {today()}", param, ctx)
        return day


class Age(click.ParamType):  # type: ignore[type-arg]  # generic in its stubs only
    """A whole number of minutes, hours or days: 90m, 26h, 2d."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([mhd])", value.strip(), re.ASCII)
        if match is None or int(match[1]) == 0:
            self.fail(f"{value!r} is not an age; write it like 90m, 26h or 2d", param, ctx)
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        return timedelta(**{unit: int(match[1])})


def _settings_named_here(context: click.Context, _: click.Parameter, here: Path | None) -> None:
    context.obj = here or context.obj


def config_option(command: Command) -> Command:
    """`--config` may stand before or after the command; the later one counts."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_settings_named_here,
        help="The settings file.  [default: sightline.yaml]",
    )(command)


def with_config(command: Command) -> Command:
    """A command whose first argument is the settings file."""
    return config_option(click.pass_obj(command))  # type: ignore[return-value]  # called by click alone


def window_option(default: str) -> Callable[[Command], Command]:
    """`--window`, and which one is meant without it."""
    return click.option("--window", metavar="QUARTER", help=f"One like 2026Q3.  [default: {default}]")


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format`, the first of them unless said otherwise."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="In which form to print it.",
    )


full_option = click.option(
    "--full", is_flag=True, help="As text: each item with its rule, its traces and what they miss."
)


def say_all(wrong: list[str], fine: str | None) -> None:
    """Prints everything that is wrong and exits 1, or says that all is fine."""
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(1)
    if fine:
        click.echo(fine)
