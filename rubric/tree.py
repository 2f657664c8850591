"""A YAML file as a tree with lines, and the small checks that every file of the operator's needs.

Trees rather than values, so that a key written twice is seen and every mistake has its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from connectors.errors import BadInput
from connectors.marked_yaml import NotYaml, line_of, node_of, text_of
from signals.catalog import did_you_mean

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def root_of(path: Path) -> Any:
    """The root node of this file. Raises BadInput when it cannot be read, is not YAML, or is empty."""
    try:
        root = node_of(text_of(path, path.name))
    except NotYaml as error:
        raise BadInput([error.sentence(path.name)]) from None
    if root is None:
        raise BadInput([f"{path.name}:1: the file is empty"])
    return root


Fields = Mapping[str, tuple[Any, int]]


class Reading:
    """One pass over a tree: what is wrong is kept with its line, and the pass goes on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._mistakes: list[tuple[int, str]] = []

    def wrong(self, line: int, sentence: str) -> None:
        self._mistakes.append((line, f"{self.file}:{line}: {sentence}"))

    def stop_if_wrong(self) -> None:
        """Raises BadInput with every mistake so far, in the order of the file."""
        if self._mistakes:
            raise BadInput([sentence for _, sentence in sorted(self._mistakes, key=lambda at: at[0])])

    def fields(
        self,
        node: Any,
        where: str,
        *,
        needed: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
        line: int | None = None,
    ) -> dict[str, tuple[Any, int]]:
        """Keys with their values and lines. Where nothing is needed, any key goes; never one twice."""
        line = line_of(node) if line is None else line
        if not isinstance(node, MappingNode):
            self.wrong(line, f"{where}: expected keys with values, found {_shape(node)}")
            return {}
        entries: dict[str, tuple[Any, int]] = {}
        known = needed + optional
        for key_node, value in node.value:
            key, key_line = str(key_node.value), line_of(key_node)
            if not isinstance(key_node, ScalarNode):
                self.wrong(key_line, f"{where}: a key is a word, found {_shape(key_node)}")
            elif key in entries:
                self.wrong(key_line, f"{where}: '{key}' is written twice, first on line {entries[key][1]}")
            elif known and key not in known:
                self.wrong(key_line, f"{where}: unknown key '{key}'{did_you_mean(key, known)}")
            else:
                entries[key] = (value, key_line)
        for key in needed:
            if key not in entries:
                self.wrong(line, f"{where}: {key} is missing")
        return entries

    def text(self, fields: Fields, key: str, where: str) -> str:
        return self.text_of(*fields[key], f"{where}: {key}") if key in fields else ""

    def text_of(self, node: Any, line: int, where: str) -> str:
        if not (isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:str" and node.value.strip()):
            self.wrong(line, f"{where}: expected text, found {_shape(node)}")
            return ""
        return " ".join(node.value.split())

    def slug(self, fields: Fields, key: str) -> str:
        written = self.text(fields, key, "the map")
        if written and not SLUG.fullmatch(written):
            self.wrong(fields[key][1], f"the map: {key} is lower-case words with hyphens, found {written!r}")
        return written

    def sentence(
        self, fields: Fields, key: str, where: str, *, needed: bool = False, line: int = 1
    ) -> str | None:
        if key not in fields:
            if needed:
                self.wrong(
                    line, f"{where}: {key} is missing; an item seen partly says what the tools cannot see"
                )
            return None
        return self.sentence_of(*fields[key], f"{where}: {key}")

    def sentence_of(self, node: Any, line: int, where: str) -> str:
        written = self.text_of(node, line, where)
        if written and written[-1] not in ".!?":
            self.wrong(line, f"{where}: is a sentence and ends with a full stop")
        return written

    def question(self, fields: Fields, where: str, *, needed: bool = False, line: int = 1) -> str | None:
        if "question" not in fields:
            if needed:
                self.wrong(line, f"{where}: question is missing; an item seen partly says what to ask")
            return None
        written = self.text(fields, "question", where)
        if written and not written.endswith("?"):
            self.wrong(fields["question"][1], f"{where}: question ends with a question mark")
        return written

    def phrase(
        self, fields: Fields, key: str, form: re.Pattern[str], example: str, where: str
    ) -> re.Match[str] | None:
        if key not in fields:
            return None
        node, line = fields[key]
        written = str(node.value) if isinstance(node, ScalarNode) else _shape(node)
        match = form.fullmatch(written.strip())
        if match is None:
            self.wrong(line, f"{where}: {key} is {written!r}; write it like {example!r}")
        return match


def _shape(node: Any) -> str:
    match node:
        case MappingNode():
            return "keys with values"
        case SequenceNode():
            return "a list"
        case ScalarNode(tag="tag:yaml.org,2002:str") if node.value.strip():
            return "text"
        case ScalarNode(value=""):
            return "nothing"
        case _:
            return repr(node.value)


def is_a_mapping_with(path: Path, key: str) -> bool:
    """Whether this YAML file holds keys with values, and this key among them. Raises BadInput."""
    root = root_of(path)
    return isinstance(root, MappingNode) and any(
        isinstance(name, ScalarNode) and name.value == key for name, _ in root.value
    )
