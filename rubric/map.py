"""`rubric_map.yaml` -> RubricMap, or every mistake in it at once, each with its file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from connectors.errors import BadInput
from connectors.marked_yaml import line_of
from rubric.rule import Indicator, Part, SeenWhen, indicators_in, rule_text
from rubric.rule_reading import RuleReading, SignalLike
from rubric.tree import SLUG, Fields, root_of
from signals.catalog import did_you_mean

ItemClass = Literal["observable", "partly", "ask", "withheld"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of the rubric, paraphrased, and what can be known about it."""

    slug: str
    pillar: str
    group: str
    says: str
    item_class: ItemClass
    because: str | None
    """What the tools cannot see, or why the item is asked or withheld; None only for an observable one."""
    question: str | None
    """What to ask instead or besides."""
    parts: tuple[Part, ...]
    """What is asked of the evidence: indicators, and groups of them."""
    seen_when: SeenWhen
    statement_sha256: str
    line: int
    beside: tuple[str, ...] = ()
    """Signals shown to the person below the item. They decide nothing and feed no band."""

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator of the rule, those in groups among them, in the order it is written."""
        return indicators_in(self.parts)

    @property
    def rule(self) -> str:
        """The rule as it is read aloud; empty for an item that has none."""
        return rule_text(self.parts, self.seen_when)


@dataclass(frozen=True, slots=True)
class RubricMap:
    """A whole rubric, items in the rubric's order."""

    id: str
    title: str
    leads: Mapping[str, str]
    """What a pillar, or the level itself, is about; our words."""
    items: tuple[Item, ...]
    warnings: tuple[str, ...]
    """Sentences that stop nothing: a signal used without the signal that keeps it honest."""
    file: str = ""
    """The name of the file that it stands in."""

    def item(self, slug: str) -> Item:
        """The item of this name. Raises KeyError."""
        for item in self.items:
            if item.slug == slug:
                return item
        raise KeyError(slug)


def load_map(path: Path, catalog: Mapping[str, SignalLike]) -> RubricMap:
    """The map in this file, held against the signals there are. Raises BadInput with every mistake."""
    reading = _MapReading(path.name, catalog)
    loaded = reading.rubric_map(root_of(path))
    reading.stop_if_wrong()
    return loaded


def load_maps(paths: Sequence[Path], catalog: Mapping[str, SignalLike]) -> dict[str, RubricMap]:
    """Every map by its rubric, in the order of the files. Raises BadInput with the mistakes of all."""
    maps: dict[str, RubricMap] = {}
    mistakes = []
    for path in paths:
        try:
            rubric = load_map(path, catalog)
        except BadInput as error:
            mistakes += error.mistakes
            continue
        if rubric.id in maps:
            mistakes.append(
                f"{path.name}: is a second map of '{rubric.id}', beside {maps[rubric.id].file}; keep one"
            )
        maps[rubric.id] = rubric
    if mistakes:
        raise BadInput(mistakes)
    return maps


# --- reading, without stopping at the first mistake -----------------------------------------------------


class _MapReading(RuleReading):
    """What a rubric map may say, on top of what its rules may."""

    def rubric_map(self, root: Any) -> RubricMap:
        fields = self.fields(root, "the map", needed=("rubric", "title", "leads", "items"))
        rubric_id = self.slug(fields, "rubric")
        leads, lead_lines = {}, {}
        if "leads" in fields:
            for name, (node, line) in self.fields(fields["leads"][0], "leads").items():
                leads[name] = self.sentence_of(node, line, f"leads: '{name}'")
                lead_lines[name] = line
        items: list[Item] = []
        if "items" in fields:
            node, line = fields["items"]
            named = self.fields(node, "items")
            if not named and isinstance(node, MappingNode):
                self.wrong(line, "items: there are none; a rubric has at least one")
            items = [self.item(slug, node, line, rubric_id) for slug, (node, line) in named.items()]
        self.statements_once(items)
        self.headings_together(items)
        for name, line in lead_lines.items():
            if items and name not in {item.pillar for item in items}:
                self.wrong(
                    line,
                    f"leads: no item stands under {name!r}{did_you_mean(name, [i.pillar for i in items])}",
                )
        return RubricMap(
            rubric_id, self.text(fields, "title", "the map"), leads, tuple(items), self.unguarded(), self.file
        )

    def item(self, slug: str, node: Any, line: int, rubric_id: str) -> Item:
        where = f"item '{slug}'"
        if not SLUG.fullmatch(slug):
            self.wrong(line, f"{where}: a name is lower-case words with hyphens, like code-fluency-reviews")
        optional = ("class", "because", "question", "indicators", "seen_when", "ask", "withheld", "beside")
        fields = self.fields(
            node, where, needed=("pillar", "group", "says", "source"), optional=optional, line=line
        )
        answers = [key for key in ("indicators", "ask", "withheld") if key in fields]
        if not answers and isinstance(node, MappingNode):
            self.wrong(line, f"{where}: unclassified; give it indicators, or ask, or withheld")
        elif len(answers) > 1:
            self.wrong(line, f"{where}: has {' and '.join(answers)}; keep one of them")

        item_class: ItemClass = "ask"
        because = question = None
        seen_when: SeenWhen = "all"
        parts: tuple[Part, ...] = ()
        if "indicators" in fields:
            item_class = self.observability(fields, line, where)
            because = self.sentence(fields, "because", where, needed=item_class == "partly", line=line)
            question = self.question(fields, where, needed=item_class == "partly", line=line)
            parts, seen_when = self.rule(fields, line, where)
        else:
            for key in ("class", "because", "question", "seen_when"):
                if key in fields and answers:
                    inside = f"; write it inside {answers[0]}" if key in ("because", "question") else ""
                    self.wrong(fields[key][1], f"{where}: {key} goes with indicators only{inside}")
            for key in answers:
                declined = self.fields(
                    fields[key][0], f"{where}: {key}", needed=("because", "question"), line=fields[key][1]
                )
                item_class = "withheld" if key == "withheld" else "ask"
                because = self.sentence(declined, "because", where)
                question = self.question(declined, where)
        return Item(
            slug=slug,
            pillar=self.text(fields, "pillar", where),
            group=self.text(fields, "group", where),
            says=self.sentence(fields, "says", where) or "",
            item_class=item_class,
            because=because,
            question=question,
            parts=parts,
            seen_when=seen_when,
            statement_sha256=self.statement(fields, where, rubric_id),
            line=line,
            beside=self.beside(fields, item_class, {each.signal for each in indicators_in(parts)}, where),
        )

    def unguarded(self) -> tuple[str, ...]:
        """A warning for every signal whose guard is used nowhere in the map, at its first use."""
        names = {signal for signal, _, _ in self.used}
        sentences: dict[str, str] = {}
        for signal, line, where in self.used:
            guard = getattr(self.catalog.get(signal), "guard", None)
            if guard and guard not in names:
                sentence = f"'{signal}' stands without '{guard}', the signal that keeps it honest"
                sentences.setdefault(signal, f"{self.file}:{line}: {where}: {sentence}")
        return tuple(sentences.values())

    # --- the parts of an item

    def beside(self, fields: Fields, item_class: ItemClass, in_rule: set[str], where: str) -> tuple[str, ...]:
        """Names of signals to show below the item, which must not already be in its rule."""
        if "beside" not in fields:
            return ()
        node, line = fields["beside"]
        where = f"{where}: beside"
        if item_class == "withheld":
            self.wrong(line, f"{where}: an item that is withheld shows nothing; leave it out")
        if not isinstance(node, SequenceNode) or not node.value:
            self.wrong(line, f"{where}: is a list of signals, like [reverted_within_14_days]")
            return ()
        names = []
        for each in node.value:
            name = self.text_of(each, line_of(each), where)
            if name in in_rule or name in names:
                self.wrong(line_of(each), f"{where}: signal '{name}' is here already; keep it in one place")
            elif name and self.known_signal(name, line_of(each), where):
                self.used.append((name, line_of(each), where))
                names.append(name)
        return tuple(names)

    def observability(self, fields: Fields, line: int, where: str) -> Literal["observable", "partly"]:
        if "class" not in fields:
            self.wrong(line, f"{where}: indicators need a class: observable or partly")
            return "observable"
        written = self.text(fields, "class", where)
        if written and written not in ("observable", "partly"):
            self.wrong(fields["class"][1], f"{where}: class is {written!r}; write observable or partly")
        return "partly" if written == "partly" else "observable"

    def statement(self, fields: Fields, where: str, rubric_id: str) -> str:
        """The hash of the original statement, and proof that it names this rubric's document."""
        if "source" not in fields:
            return ""
        node, line = fields["source"]
        source = self.fields(node, f"{where}: source", needed=("document", "sha256"), line=line)
        document = self.text(source, "document", where)
        if document and rubric_id and document != rubric_id:
            self.wrong(
                source["document"][1], f"{where}: document is '{document}' but this map is of '{rubric_id}'"
            )
        if "sha256" not in source:
            return ""
        # The raw scalar: a hash may look like a number to YAML.
        written, line = source["sha256"]
        sha256 = written.value if isinstance(written, ScalarNode) else ""
        if not _SHA256.fullmatch(sha256):
            self.wrong(line, f"{where}: sha256 is 64 hexadecimal digits, lower case")
        return str(sha256)

    def statements_once(self, items: Sequence[Item]) -> None:
        first: dict[str, Item] = {}
        for item in items:
            other = first.setdefault(item.statement_sha256, item)
            if item.statement_sha256 and other is not item:
                self.wrong(item.line, f"item '{item.slug}': has the same statement as item '{other.slug}'")

    def headings_together(self, items: Sequence[Item]) -> None:
        """A heading that comes back after another one is usually a misspelt neighbour."""
        left: set[tuple[str, str]] = set()
        for before, item in pairwise(items):
            here = (item.pillar, item.group)
            if here == (before.pillar, before.group):
                continue
            left.add((before.pillar, before.group))
            if here in left:
                self.wrong(
                    item.line,
                    f"item '{item.slug}': comes back to {item.pillar} / {item.group} after"
                    f" item '{before.slug}' in {before.pillar} / {before.group}; a group stands together",
                )
