"""YAML -> nodes, or plain data with the line of every part. All YAML that people write is read here.

Nodes are for readers that need the text of a scalar or their own sentence for a key written twice; plain data
is for models. Plain data is bounded in size, because strangers write some of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from connectors.errors import BadInput

Place = tuple[str | int, ...]
"""Keys and positions from the root down."""

LARGEST = 1_000_000
"""Characters, counting what an alias repeats."""

_INT = re.compile(r"[-+]?\d{1,15}")
_FLOAT = re.compile(r"[-+]?\d{1,15}\.\d{1,15}")
_TAG = "tag:yaml.org,2002:"


class NotYaml(ValueError):
    """This text is not YAML. `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem

    def sentence(self, file: object, lines_above: int = 0) -> str:
        """The sentence for whoever wrote it; `lines_above` stand in the file before this text."""
        return f"{file}:{self.line + lines_above}: not YAML: {self.problem}; check indentation and quotes"


@dataclass(slots=True)
class Marked:
    """Plain data and where it stands."""

    data: Any = None
    """None, bool, int, float, str, date, datetime, and lists and dicts of these. Keys are text."""
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[tuple[Place, str]] = field(default_factory=list)
    """Keys written twice (`data` holds the last), and aliases inside what they repeat (`data` holds None)."""

    def line(self, place: Place) -> int:
        """The line of this place, or of the nearest thing above it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def text_of(path: Path, name: object) -> str:
    """The text of a UTF-8 file, without a byte order mark. Raises BadInput, in which the file is `name`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput([f"{name}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise BadInput([f"{name}: is not UTF-8 text; save it as UTF-8"]) from error


def node_of(text: str) -> Node | None:
    """The root node; None where the text holds nothing. Raises NotYaml."""
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # the warning would show the text
    try:
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(" ".join(part.split()) for part in (error.context, error.problem) if part)
        raise NotYaml(mark.line + 1 if mark else 1, problem) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml(line, "it holds a control character") from None
    except RecursionError:
        raise NotYaml(1, "it is nested too deeply to be read") from None
    except (YAMLError, ValueError, OverflowError, AssertionError):
        # "\UFFFFFFFF" is no character, and a directive may name any version
        raise NotYaml(1, "it cannot be read") from None
    return root


def marked(text: str, largest: int = LARGEST) -> Marked:
    """Plain data with lines. Raises NotYaml, also for what is larger than `largest` characters."""
    if len(text) > largest:
        raise NotYaml(1, f"it is longer than {largest} characters")
    root = node_of(text)
    document = Marked()
    if root is not None:
        try:
            document.data = _Plain(document, largest).value(root, ())
        except RecursionError:
            raise NotYaml(1, "it is nested too deeply to be read") from None
    return document


def line_of(node: Any) -> int:
    return int(node.start_mark.line) + 1


class _Plain:
    """One pass from nodes to plain data."""

    def __init__(self, document: Marked, largest: int) -> None:
        self._document = document
        self._largest = largest
        self._left = largest
        self._above: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        self._document.lines.setdefault(place, line_of(node))
        self._left -= 1 + (len(node.value) if isinstance(node, ScalarNode) else 0)
        if self._left < 0:
            raise NotYaml(
                line_of(node), f"with all that it repeats it is longer than {self._largest} characters"
            )
        if id(node) in self._above:
            self._document.mistakes.append((place, "repeats itself without end; write it out"))
            return None
        self._above.add(id(node))
        try:
            match node:
                case MappingNode():
                    return self._mapping(node, place)
                case SequenceNode():
                    return [self.value(below, (*place, at)) for at, below in enumerate(node.value)]
            return _scalar(node)
        finally:
            self._above.remove(id(node))

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        values = self._merged(node, place)
        written: set[str] = set()
        for key_node, below in node.value:
            if not isinstance(key_node, ScalarNode):
                raise NotYaml(line_of(key_node), "a key is a list or a group and not a word")
            key = str(key_node.value)
            at = (*place, key)
            self._document.lines[at] = line_of(key_node)
            if key in written:
                self._document.mistakes.append((at, "is written twice"))
            written.add(key)
            if not _is_merge(key_node):
                values[key] = self.value(below, at)
        return values

    def _merged(self, node: MappingNode, place: Place) -> dict[str, Any]:
        """What `<<: *others` gives this group: of several the first counts, and before them its own keys."""
        values: dict[str, Any] = {}
        for _, below in (pair for pair in node.value if _is_merge(pair[0])):
            groups = below.value[::-1] if isinstance(below, SequenceNode) else [below]
            for group in groups:
                if not isinstance(group, MappingNode):
                    raise NotYaml(line_of(group), "<< takes a group of keys, or a list of groups")
                values |= self.value(group, place) or {}
        return values


def _is_merge(key_node: Node) -> bool:
    return str(key_node.tag) == f"{_TAG}merge"


def _scalar(node: Node) -> Any:
    """The value. A long number stays text, as it may be a hash, and so does a day that no calendar has."""
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on")  # the last two if it declares YAML 1.1
        case "int" if _INT.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
        case "timestamp":
            return _day_or_moment(text)
    return text


def _day_or_moment(text: str) -> date | datetime | str:
    """A moment without a zone is taken for UTC."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return text
