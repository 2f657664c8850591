"""A YAML document of competencies -> the lines of one of its levels, or of all.

The form: `levels` and `themes`, each with `id` and `name`, and `competencies`, each with a `level`, a `theme`
and a `summary`. One competency is one statement, also where its summary is a numbered list: the competency is
what the document itself names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, SequenceNode

from connectors.marked_yaml import line_of
from rubric.forms import Outline
from rubric.tree import Reading, root_of
from signals.catalog import did_you_mean

_FORM = "a rubric in YAML has `levels`, `themes` and `competencies`"


def competencies(path: Path, level: str | None = None) -> Outline:
    """The statements of this level, themes as pillars; of all levels, levels as pillars and themes as groups.

    Raises BadInput with every mistake and its line.
    """
    reading = _Levels(path.name)
    outline = reading.document(root_of(path), level)
    reading.stop_if_wrong()
    return outline


class _Levels(Reading):
    def document(self, root: Any, level: str | None) -> Outline:
        outline = Outline()
        if not isinstance(root, MappingNode):
            self.wrong(line_of(root), f"{_FORM}; this file is none of that")
            return outline
        # Any other key is the publisher's own and of no concern here.
        fields = self.fields(root, "the document")
        for key in ("levels", "themes", "competencies"):
            if key not in fields:
                self.wrong(line_of(root), f"the document: {key} is missing; {_FORM}")
        self.stop_if_wrong()
        levels, themes = self.names(fields, "levels"), self.names(fields, "themes")
        if level is not None and level not in levels:
            self.wrong(fields["levels"][1], f"no level is named '{level}'{did_you_mean(level, list(levels))}")
        title = self.text(fields, "name", "the document") if "name" in fields else ""
        outline.title = ", ".join(part for part in (title, levels.get(level or "", "")) if part)
        kept = sorted(
            self.competencies(fields["competencies"][0], levels, themes),
            key=lambda each: (list(levels).index(each[0]), list(themes).index(each[1])),
        )
        before = ("", "")
        for of_level, theme, summary, line in kept:
            if level not in (None, of_level):
                continue
            pillar, group = (themes[theme], themes[theme]) if level else (levels[of_level], themes[theme])
            if before[0] != pillar:
                outline.add("pillar", pillar, line)
            if before != (pillar, group):
                outline.add("group", group, line)
            before = (pillar, group)
            outline.add("statement", summary, line)
        return outline

    def names(self, fields: Any, key: str) -> dict[str, str]:
        """The name of each level or theme, by its id, in the document's order."""
        named: dict[str, str] = {}
        for node in self.listed(fields[key][0], key):
            where = f"{key}: entry {len(named) + 1}"
            entry = self.fields(node, where)
            missing = [word for word in ("id", "name") if word not in entry]
            for word in missing:
                self.wrong(line_of(node), f"{where}: {word} is missing")
            if not missing:
                name_id = self.text(entry, "id", where)
                if name_id in named:
                    self.wrong(line_of(node), f"{where}: the id '{name_id}' is there twice")
                named[name_id] = self.text(entry, "name", where)
        return named

    def competencies(
        self, node: Any, levels: dict[str, str], themes: dict[str, str]
    ) -> list[tuple[str, str, str, int]]:
        """Level, theme, summary and line of every competency that has them all."""
        kept = []
        for number, each in enumerate(self.listed(node, "competencies"), start=1):
            where = f"competency {number}"
            entry = self.fields(each, where)
            texts: dict[str, str] = {}
            for word in ("level", "theme", "summary"):
                if word not in entry:
                    self.wrong(line_of(each), f"{where}: {word} is missing")
                else:
                    texts[word] = self.text(entry, word, where)
            for word, known in (("level", levels), ("theme", themes)):
                if texts.get(word) and texts[word] not in known:
                    self.wrong(
                        entry[word][1],
                        f"{where}: no {word} is named '{texts[word]}'{did_you_mean(texts[word], [*known])}",
                    )
                    texts[word] = ""
            if len(texts) == 3 and all(texts.values()):
                kept.append((texts["level"], texts["theme"], texts["summary"], entry["summary"][1]))
        return kept

    def listed(self, node: Any, key: str) -> list[Any]:
        if isinstance(node, SequenceNode):
            return list(node.value)
        self.wrong(line_of(node), f"{key}: expected a list")
        return []


def names_a_level(text: str) -> tuple[Path, str | None]:
    """`engineering.yml@senior-1` as a file and a level; a file that is really named so stays whole."""
    path = Path(text)
    base, at, level = text.rpartition("@")
    if at and level and not path.exists() and Path(base).suffix.lower() in {".yml", ".yaml"}:
        return Path(base), level
    return path, None
