"""The one word that a team's release has for an item or a process, or the sentence why there is none.

Public facts alone decide whether there is a word; what people did decides which one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from privacy.errors import RefusedBody

NOT_SHOWN = (
    "Not shown. That depends on the map, the roster and the agreement alone, never on what anybody did."
)
"""For everything the policy hides. One sentence, so that the reason for hiding is no information either."""


def about(process: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue says of a process, and no more; the same for every team."""
    process_row = {key: process[key] for key in ("process", "asks")}
    return process_row | {key: list(process[key]) for key in ("sources", "misleads")}


def complete_sources(sources: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The complete sources, each with the tables that it lacks all the same."""
    lacks: dict[str, frozenset[str]] = {}
    broken = set()
    for source in sources:
        name, tables = str(source["source"]), frozenset(source.get("lacks") or ())
        lacks[name] = lacks.get(name, frozenset()) | tables
        if source["complete"] is not True and not tables:
            broken.add(name)
    return {name: tables for name, tables in lacks.items() if name not in broken}


def why_hidden(
    item: Mapping[str, Any], complete: Mapping[str, frozenset[str]], is_large_enough: bool
) -> str | None:
    """The sentence for an item that has no band; None for one that has. Knows nothing of what anybody did."""
    if "process" in item:  # every process may be banded
        item = {"class": "partly", "bandable": True, **item}
    if item["class"] not in ("observable", "partly"):
        return str(item["because"] or NOT_SHOWN)
    if not (item["bandable"] and item["sources"] and is_large_enough):
        return NOT_SHOWN
    if item.get("left_open"):
        return str(item["left_open"])
    lacking = sorted(name for name in item["sources"] if not _answers_for(complete.get(name), item))
    if lacking:
        named = " and ".join(lacking)
        verb = "was" if len(lacking) == 1 else "were"
        return f"{named} {verb} incomplete for this window; the item is left open rather than guessed."
    return None


def _answers_for(lacks: frozenset[str] | None, item: Mapping[str, Any]) -> bool:
    """Whether a source lacks nothing that the item's evidence is read from; not knowing is a no."""
    return lacks is not None and lacks.isdisjoint(item.get("reads", lacks))


def word(
    name: str,
    hidden: str | None,
    people: frozenset[str],
    traces: Mapping[str, Collection[str]],
    words: Sequence[str],
) -> dict[str, Any]:
    """The one word about these people, or the sentence why there is none; `words` has one for each count."""
    band = None
    if hidden is None:
        if name not in traces:  # nobody left any is an empty set; no entry is a mistake, and no zero
            raise RefusedBody(f"item {name!r} is to be shown and nobody looked for its traces")
        band = words[len(people.intersection(traces[name]))]
    return {"shown": hidden is None, "band": band, "because": hidden}
