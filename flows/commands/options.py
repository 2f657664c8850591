"""What several commands share: option types, and how a list of wrongs is said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


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
        day, today = super().convert(value, param, ctx), datetime.now(UTC).date()
        if day > today + timedelta(days=1):  # somewhere it may be tomorrow already
            self.fail(f"{day} has not come yet; today is {today}", param, ctx)
        return day


def config_option(command: Command) -> Command:
    """`--config` may stand before or after the command."""
    with_option = click.option(
        "--config",
        "config_here",
        type=click.Path(path_type=Path),
        help="The settings file. [default: sightline.yaml]",
    )
    return with_option(command)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format`, text unless said otherwise."""
    return click.option("--format", "form", type=click.Choice(formats), default="text", show_default=True)


def say_all(wrong: list[str], fine: str | None) -> None:
    """Prints everything that is wrong and exits 1, or says that all is fine."""
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(1)
    if fine:
        click.echo(fine)
