"""Two rubrics -> what the second adds, drops, moves and rewords. Either side is a document or a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from rubric.document import open_document
from rubric.levels import names_a_level
from rubric.map import load_map
from rubric.rule_reading import SignalLike
from rubric.tree import is_a_mapping_with

Change = Literal["same", "moved", "reworded", "added", "dropped"]

ALIKE, ALIKE_ELSEWHERE = 0.5, 0.75
"""Two statements are one reworded when they have this share of their words in common, in order.

Under another heading it takes more: short sentences of one style are half alike whatever they say."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of a document, or one item of a map, with the words that are there."""

    pillar: str
    group: str
    text: str
    sha256: str
    item: str | None = None
    """The item's name, where it is one of a map."""

    @property
    def place(self) -> tuple[str, str]:
        # Published pages write the same heading in two cases.
        return self.pillar.casefold(), self.group.casefold()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two rubrics. The words of a map are a paraphrase, and never compared with a document's."""

    name: str
    kind: Literal["document", "map"]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one entry; `before` or `after` is None where there is none."""

    change: Change
    before: Entry | None
    after: Entry | None


def read_side(text: str, catalog: Mapping[str, SignalLike]) -> Side:
    """A map, where the file is YAML with `items`; else a document. Raises BadInput."""
    path, level = names_a_level(text)
    if level is None and path.suffix.lower() in {".yml", ".yaml"} and is_a_mapping_with(path, "items"):
        items = load_map(path, catalog).items
        return Side(
            path.name,
            "map",
            tuple(
                Entry(each.pillar, each.group, each.says, each.statement_sha256, each.slug) for each in items
            ),
        )
    statements = open_document(text).statements
    entries = tuple(Entry(each.pillar, each.group, each.text, each.sha256) for each in statements)
    return Side(Path(text).name, "document", entries)


def differences(before: Side, after: Side) -> list[Difference]:
    """Every entry of both sides once: those of `after` in its order, then what was dropped, in its order.

    What has the same hash is the same. Of the rest, the most alike of one group, and then of all, are one
    reworded.
    """
    old = {entry.sha256: entry for entry in before.entries}
    new = {entry.sha256 for entry in after.entries}
    successor_of = _successors(
        [entry for entry in before.entries if entry.sha256 not in new],
        [entry for entry in after.entries if entry.sha256 not in old],
        compare_words=before.kind == after.kind,
    )
    changes = []
    for entry in after.entries:
        known = old.get(entry.sha256)
        reworded = successor_of.get(entry.sha256)
        if known is not None:
            changes.append(Difference("same" if known.place == entry.place else "moved", known, entry))
        elif reworded is not None:
            changes.append(Difference("reworded", reworded, entry))
        else:
            changes.append(Difference("added", None, entry))
    reworded_ones = {entry.sha256 for entry in successor_of.values()}
    changes += [
        Difference("dropped", entry, None)
        for entry in before.entries
        if entry.sha256 not in new and entry.sha256 not in reworded_ones
    ]
    return changes


def counted(differences: Sequence[Difference]) -> dict[Change, int]:
    """How many statements of each kind of change, none left out."""
    counts = Counter(each.change for each in differences)
    changes: tuple[Change, ...] = ("same", "moved", "reworded", "added", "dropped")
    return {change: counts[change] for change in changes}


def _successors(gone: Sequence[Entry], fresh: Sequence[Entry], *, compare_words: bool) -> dict[str, Entry]:
    """For the hash of a fresh entry the gone one it rewords, the most alike first."""
    if not compare_words:
        return {}
    pairs = sorted(
        _likely(gone, fresh),
        key=lambda pair: (
            pair[0].place != pair[1].place,
            -pair[2],
            gone.index(pair[0]),
            fresh.index(pair[1]),
        ),
    )
    successor_of: dict[str, Entry] = {}
    taken = set()
    for old, new, _ in pairs:
        if new.sha256 not in successor_of and old.sha256 not in taken:
            successor_of[new.sha256] = old
            taken.add(old.sha256)
    return successor_of


def _likely(gone: Sequence[Entry], fresh: Sequence[Entry]) -> Iterator[tuple[Entry, Entry, float]]:
    words = {entry.sha256: entry.text.casefold().split() for entry in (*gone, *fresh)}
    for old in gone:
        for new in fresh:
            least = ALIKE if old.place == new.place else ALIKE_ELSEWHERE
            matcher = SequenceMatcher(None, words[old.sha256], words[new.sha256], autojunk=False)
            # The two cheap bounds spare nearly every pair the full comparison.
            if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least:
                ratio = matcher.ratio()
                if ratio >= least:
                    yield old, new, ratio
