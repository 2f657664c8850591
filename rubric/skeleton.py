"""A rubric document -> the skeleton of a map, in which every item waits to be classified by a person.

Nothing is classified here, and no signal is proposed: a guess that is already there gets waved through.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from connectors.errors import BadInput
from rubric.document import Document, Statement, open_document
from rubric.levels import names_a_level

_HEADER = """\
# A map without answers yet, made from {file}. `sightline rubric check` names every item that waits.
#
# For each item, in this order:
#   1. Say it in your own words in `says`. What stands there now is the document's own sentence; its hash
#      stays, so that `sightline rubric drift` notices when the document changes.
#   2. Give it one of three answers, and write down why in a comment:
#        indicators   connected tools show it, wholly (class: observable) or in part (class: partly);
#        ask          no tool can show it, and here is the question instead;
#        withheld     it could be measured, and you decline to.
#   3. Give it a better name, if the one made from its words is a poor one. After the first release it stays.
#
# `rubric_map.yaml` is a whole map to look at; `docs/own-rubric.md` goes through one item.
"""

_FEW_WORDS = 3
_PASSED_OVER = frozenset(
    re.findall(
        r"\w+",
        "a about am an and any are as at be been but by can do for from has have i im in into is it its me my"
        " of on or our own so some than that the their them these they this those to us was we were what when"
        " which who with you your",
    )
)
"""Words that tell no item from another."""


def skeleton_of(file: str) -> tuple[str, int]:
    """The map skeleton for this document, and how many items it has. Raises BadInput with every mistake."""
    path, level = names_a_level(file)
    document = open_document(file)
    _check_groups_stand_together(path.name, document.statements)
    rubric_id = _slug(f"{path.stem} {level or ''}") or "rubric"
    title = document.title or path.stem.replace("_", " ")
    return skeleton(document, rubric_id, title, path.name), len(document.statements)


def skeleton(document: Document, rubric_id: str, title: str, file: str) -> str:
    """A map in YAML with one unclassified item for each statement, in the document's order."""
    lines = [
        _HEADER.format(file=_scalar(file)),
        f"rubric: {rubric_id}",
        f"title: {_scalar(title)}",
        "",
        "# What a pillar is about, in a sentence of yours each, like `Craft: Learns the trade.`",
        "leads: {}",
        "",
        "items:",
        "",
    ]
    names = _names(document.statements)
    for pillar, statements in groupby(document.statements, key=lambda statement: statement.pillar):
        lines += [f"  # --- {pillar} ".ljust(110, "-"), ""]
        for statement in statements:
            lines += [
                f"  {next(names)}:",
                f"    pillar: {_scalar(pillar)}",
                f"    group: {_scalar(statement.group)}",
                f"    says: {_scalar(_sentence(statement.text))}",
                f"    source: {{document: {rubric_id}, sha256: {_quoted_hash(statement.sha256)}}}",
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def _names(statements: Sequence[Statement]) -> Iterator[str]:
    """A name for each item, from its group and its first telling words; numbered where two are the same."""
    taken: set[str] = set()
    for statement in statements:
        group = _slug(statement.group)
        words = [word for word in _slug(statement.text).split("-") if word not in _PASSED_OVER]
        fresh = [word for word in words if word not in group.split("-")]
        name = "-".join(part for part in (group, *fresh[:_FEW_WORDS]) if part)
        if not re.match(r"[a-z]", name):
            name = f"item-{name}".rstrip("-")
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique)
        yield unique


def _check_groups_stand_together(file: str, statements: Sequence[Statement]) -> None:
    """Raises BadInput where a heading comes back after another: no map can hold it; often it is a slip."""
    left: dict[tuple[str, str], int] = {}
    mistakes = []
    for before, statement in pairwise(statements):
        here = (statement.pillar, statement.group)
        if here != (before.pillar, before.group):
            left[(before.pillar, before.group)] = before.line
            if here in left:
                mistakes.append(
                    f"{file}:{statement.line}: comes back to {statement.pillar} / {statement.group}, which"
                    f" ended on line {left[here]}; put its statements together"
                )
    if mistakes:
        raise BadInput(mistakes)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


def _sentence(text: str) -> str:
    return text if text[-1] in ".!?" else f"{text}."


def _scalar(text: str) -> str:
    """Text as YAML reads it back, without quotes where it needs none."""
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*( [A-Za-z0-9]+)*", text) and text.lower() not in {
        "yes",
        "no",
        "true",
        "false",
        "null",
    }:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)


def _quoted_hash(sha256: str) -> str:
    """A hash of digits alone, or one with a single e, is a number to YAML."""
    return sha256 if re.search(r"[a-df]", sha256) else f"'{sha256}'"
