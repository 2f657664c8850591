"""Wrapped, indented lines on a terminal, or as a string for one.

Lines follow the width of the terminal. Nothing is coloured: bold and dim help the eye where there is a
terminal, and are left out where the output goes into a pipe or a file.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.text import Text

from reports.words import Mark

_TYPOGRAPHY = (("“", '"'), ("”", '"'), ("’", "'"))  # noqa: RUF001  what is replaced
NARROW_COLUMN = 4


class Page:
    """Wrapped, indented lines on a console. Strings become text as they are: no markup, no emoji codes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.is_plain = not (console.encoding or "").lower().startswith("utf")

    def symbol(self, mark: Mark) -> str:
        return mark.ascii if self.is_plain else mark.symbol

    def gap(self) -> None:
        self.console.print()

    def heading(self, title: str) -> None:
        self.gap()
        self.line(title, style="bold")

    def lead(self, lead: str, text: str, column: int) -> None:
        """A paragraph from `column` on, its lead in bold before it or, short of room, above it."""
        if column <= NARROW_COLUMN:
            self.line(lead, indent=2, style="bold")
            self.line(text, indent=column)
            return
        wrapped = self._wrapped(text, column)
        start = Text(f"  {self._printable(lead)}".ljust(column), style="bold")
        for number, part in enumerate(wrapped):
            self._print((Text(" " * column) if number else start) + Text(part))

    def line(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
        """One paragraph; lines after the first are indented by `hang` more."""
        first, *rest = self._wrapped(text, indent) or [""]
        if rest and hang:
            rest = self._wrapped(self._printable(text)[len(first) :].strip(), indent + hang)
        self._print(Text(" " * indent) + Text(first, style=style))
        for part in rest:
            self._print(Text(" " * (indent + hang)) + Text(part, style=style))

    def _wrapped(self, text: str, taken: int) -> list[str]:
        width = max(24, self.console.width - taken)
        return [part.plain.rstrip() for part in Text(self._printable(text)).wrap(self.console, width)]

    def address(self, text: str, *, indent: int = 0) -> None:
        """One line, however long, so that an address can be followed and copied."""
        self._print(Text(" " * indent + self._printable(text)))

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)

    def _printable(self, text: str) -> str:
        if not self.is_plain:
            return text
        for fine, rough in _TYPOGRAPHY:
            text = text.replace(fine, rough)
        return text.encode("ascii", "replace").decode()


def captured(draw: Callable[[Console], None]) -> str:
    """What is drawn for standard output, as a string: styled and as wide as the terminal, if it is one."""
    here = Console(file=sys.stdout)
    written = Written(here.encoding)
    draw(
        Console(
            file=written,
            width=here.width,
            force_terminal=here.is_terminal,
            color_system=None if here.no_color or not here.is_terminal else "standard",
            legacy_windows=False,
        )
    )
    return written.getvalue().rstrip("\n")


class Written(io.StringIO):
    """A place to write that says which encoding its text will end in."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def wrapped(lines: Iterable[str], hang: int = 2) -> str:
    """Lines as wide as the terminal, continued `hang` further in than they begin; addresses stay whole."""

    def page_of(console: Console) -> None:
        page = Page(console)
        for line in lines:
            indent = len(line) - len(line.lstrip())
            if "://" in line:
                page.address(line.strip(), indent=indent)
            else:
                page.line(line.strip(), indent=indent, hang=hang)

    return captured(page_of)


def told_text(title: str, opening: Iterable[str], parts: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A title, a few sentences, and parts of sentences under names of their own."""

    def page_of(console: Console) -> None:
        page = Page(console)
        page.line(title, style="bold")
        for sentence in opening:
            page.line(sentence)
        for name, lines in parts:
            page.heading(name)
            for line in lines:
                page.line(line, indent=2, hang=2)

    return captured(page_of)
