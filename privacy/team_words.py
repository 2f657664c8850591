"""The one word that a team's release has for an item or a process, or the sentence why there is none.

Two steps that never meet: whether there is a word is decided by public facts; which one, by people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from privacy.bands import band_of
from privacy.errors import RefusedBody

if TYPE_CHECKING:  # readers come through the door too, and need no pydantic to read a file
    from privacy.policy import Policy

NOT_SHOWN = (
    "Not shown. That depends on the map, the roster and the agreement alone, never on what anybody did."
)
"""For everything the policy hides. One sentence, so that the reason for hiding is no information either."""


def about(process: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue says of a process, and no more; the same for every team."""
    told = {key: process[key] for key in ("process", "asks")}
    return told | {key: list(process[key]) for key in ("sources", "misleads")}


def why_hidden(
    item: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], is_large_enough: bool
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
    complete = {str(source["source"]) for source in sources if source["complete"] is True}
    incomplete = {str(source["source"]) for source in sources if source["complete"] is not True}
    lacking = sorted(name for name in item["sources"] if name in incomplete or name not in complete)
    if lacking:
        named = " and ".join(lacking)
        verb = "was" if len(lacking) == 1 else "were"
        return f"{named} {verb} incomplete for this window; the item is left open rather than guessed."
    return None


def word(
    name: str,
    hidden: str | None,
    people: frozenset[str],
    traces: Mapping[str, Collection[str]],
    policy: Policy,
) -> dict[str, Any]:
    """The one word about these people, or the sentence why there is none."""
    band = None
    if hidden is None:
        if name not in traces:  # nobody left any is an empty set; no entry is a mistake, and no zero
            raise RefusedBody(f"item {name!r} is to be shown and nobody looked for its traces")
        count = len(people.intersection(traces[name]))
        band = band_of(count, len(people), k=policy.k, coalition=policy.coalition).word
    return {"shown": hidden is None, "band": band, "because": hidden}
