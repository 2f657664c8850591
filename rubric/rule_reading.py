"""What the rules of a map may say: each mistake with its line, all of them in one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ruamel.yaml.nodes import MappingNode, SequenceNode

from connectors.marked_yaml import line_of
from rubric.rule import Group, Indicator, Part, SeenWhen
from rubric.tree import Fields, Reading
from signals.catalog import did_you_mean

_AT_LEAST = re.compile(r"([1-9]\d{0,3}) ([a-z][a-z -]*)")
_IN_WEEKS = re.compile(r"([2-9]|\d{2}) different weeks")
_OVER = re.compile(r"(1) quarter|([2-4]) quarters")
_WEEKS_IN_A_QUARTER = 13
_GROUPS = ("any", "all")


class SignalLike(Protocol):
    """What the rubric needs to know of a signal; `signals.catalog.Signal` has it."""

    @property
    def unit(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def sensitivity(self) -> str: ...
    @property
    def misleads(self) -> str: ...
    @property
    def answers(self) -> str: ...
    @property
    def reads(self) -> Sequence[str]: ...
    @property
    def optional(self) -> Sequence[str]: ...
    @property
    def apart(self) -> Sequence[str]: ...
    @property
    def open_because(self) -> str | None: ...
    @property
    def opportunity(self) -> str | None: ...
    @property
    def guard(self) -> str | None: ...


class RuleReading(Reading):
    """A pass over a file with rules, held against the signals there are."""

    def __init__(self, file: str, catalog: Mapping[str, SignalLike]) -> None:
        super().__init__(file)
        self.catalog = catalog
        self.used: list[tuple[str, int, str]] = []
        """Each signal at each of its uses, with the line and the item."""

    def rule(self, fields: Fields, line: int, where: str) -> tuple[tuple[Part, ...], SeenWhen]:
        """`indicators` and `seen_when` together, which say how much is enough."""
        written = self.text(fields, "seen_when", where)
        if written and written not in _GROUPS:
            self.wrong(fields["seen_when"][1], f"{where}: seen_when is {written!r}; write all or any")
            written = ""
        node, at = fields["indicators"]
        if not isinstance(node, SequenceNode) or not node.value:
            self.wrong(at, f"{where}: indicators is a list with at least one rule, each with its signal")
            return (), "all"
        read = [self.part(each, written, where) for each in node.value]
        parts = tuple(part for part in read if part is not None)
        if len(node.value) == 1 and parts and isinstance(parts[0], Group):
            how = parts[0].seen_when
            self.wrong(
                line_of(node.value[0]),
                f"{where}: one group is the whole rule; write its rules without it, and seen_when: {how}",
            )
        elif len(parts) > 1 and "seen_when" not in fields:
            self.wrong(line, f"{where}: several indicators need seen_when: all or any")
        return parts, "any" if written == "any" else "all"

    def part(self, node: Any, seen_when: str, where: str) -> Part | None:
        """One entry of the list: a rule over one signal, or a group of such."""
        if not _is_group(node):
            return self.indicator(node, where)
        where = f"{where}: group"
        fields = self.fields(node, where, optional=_GROUPS)
        if len(fields) != 1:
            if fields:
                self.wrong(line_of(node), f"{where}: has any and all; keep one of them")
            return None
        [(how, (listed, line))] = fields.items()
        if not isinstance(listed, SequenceNode) or len(listed.value) < 2:
            self.wrong(line, f"{where}: {how} is a list of two rules or more, each with its signal")
            return None
        if how == seen_when:
            self.wrong(
                line,
                f"{where}: {how} inside seen_when: {how} adds nothing; write its rules without the group",
            )
        indicators = []
        for each in listed.value:
            if _is_group(each):
                self.wrong(
                    line_of(each), f"{where}: holds a group; they go one deep, so that they can be read aloud"
                )
            elif indicator := self.indicator(each, where):
                indicators.append(indicator)
        return Group("any" if how == "any" else "all", tuple(indicators))

    def indicator(self, node: Any, where: str) -> Indicator | None:
        line = line_of(node)
        fields = self.fields(
            node, f"{where}: indicator", needed=("signal", "at_least", "over"), optional=("in",)
        )
        signal_name = self.text(fields, "signal", where)
        signal = self.known_signal(signal_name, fields["signal"][1], where) if signal_name else None
        at_least = self.phrase(fields, "at_least", _AT_LEAST, "4 pull requests", where)
        weeks = self.phrase(fields, "in", _IN_WEEKS, "3 different weeks", where)
        over = self.phrase(fields, "over", _OVER, "1 quarter", where)
        if at_least and signal and _singular(at_least[2]) != _singular(signal.unit):
            self.wrong(
                fields["at_least"][1],
                f"{where}: at_least counts {at_least[2]!r} but signal '{signal_name}' counts {signal.unit!r}",
            )
        if at_least and weeks and int(weeks[1]) > int(at_least[1]):
            self.wrong(
                fields["in"][1],
                f"{where}: at_least {at_least[1]} cannot lie in {weeks[1]} different weeks;"
                f" ask for at least {weeks[1]}",
            )
        quarters = int(over[1] or over[2]) if over else 1
        if weeks and over and int(weeks[1]) > _WEEKS_IN_A_QUARTER * quarters:
            self.wrong(fields["in"][1], f"{where}: there are no {weeks[1]} different weeks in {over[0]}")
        if not (signal_name and at_least):
            return None
        item = where.split(": ")[0]
        if signal_name in (name for name, _, place in self.used if place == item):
            self.wrong(line, f"{where}: signal '{signal_name}' is used twice; keep one rule for it")
        self.used.append((signal_name, line, item))
        return Indicator(
            signal_name, int(at_least[1]), at_least[2], int(weeks[1]) if weeks else None, quarters
        )

    def known_signal(self, name: str, line: int, where: str) -> SignalLike | None:
        signal = self.catalog.get(name)
        usable = [known for known, each in self.catalog.items() if each.kind == "evidence"]
        if signal is None:
            self.wrong(line, f"{where}: no signal named '{name}'{did_you_mean(name, usable)}")
            return None
        if signal.kind != "evidence":
            why = {
                "opportunity": "says what could have come up and is no evidence",
                "step": "ties traces of an incident together and counts for nothing",
            }.get(signal.kind, "describes a team's process and is never read per person")
            self.wrong(line, f"{where}: signal '{name}' {why}; use a signal of kind evidence")
            return None
        opportunity = signal.opportunity
        if opportunity and getattr(self.catalog.get(opportunity), "kind", None) != "opportunity":
            self.wrong(
                line,
                f"{where}: signal '{name}' rests on '{opportunity}', and no opportunity signal has that name",
            )
        return signal


def _is_group(node: Any) -> bool:
    """Whether this is meant as a group: it says so, or it is one key with a list and no rule at all."""
    if not isinstance(node, MappingNode):
        return False
    keys = [str(key.value) for key, _ in node.value]
    return bool({*keys} & {*_GROUPS}) or (len(keys) == 1 and isinstance(node.value[0][1], SequenceNode))


def _singular(unit: str) -> str:
    """The unit with every word in the singular, so that `1 question` meets `questions`."""
    words = unit.lower().split()
    return " ".join(w[:-3] + "y" if w.endswith("ies") else w[:-1] if w.endswith("s") else w for w in words)
