"""What a share tells beside bands that are published, or will be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from config.settings import Settings
from privacy import door, shares
from privacy.bands import Band, bands
from privacy.errors import NoReport
from privacy.policy import Policy
from rubric import cells
from signals.catalog import Catalog
from warehouse import rights
from warehouse.windows import Window


def with_kin(names: Collection[str], catalog: Catalog) -> set[str]:
    """These signals, and beside an organisation's own every one that reads what it reads.

    Which traces cannot be left without which others is written down of the shipped ones alone.
    """
    own = [{*catalog[name].reads} for name in names if catalog[name].is_own]
    return {*names} | {
        each.signal
        for each in catalog.of_kind("evidence")
        if any(reads & {*each.reads} - cells.OURS for reads in own)
    }


def is_decided(settings: Settings, person_id: str, window: Window) -> bool:
    """Whether the release of this person's team is settled."""
    team = _team(settings, person_id, window)
    return team is not None and door.is_decided(settings.published, team, window)


def _team(settings: Settings, person_id: str, window: Window) -> str | None:
    try:
        return str(door.read_self(settings.published, person_id, window).body["team"])
    except NoReport:
        return None


def bands_added_to(
    settings: Settings,
    own: rights.Rights,
    policy: Policy,
    catalog: Catalog,
    rests_on: Mapping[str, Collection[str]],
    person_id: str,
    shared_signals: Collection[str],
    window: Window,
) -> Iterator[tuple[int, str]]:
    """For each band that the share adds to: how many others must tell too, and the item and window of it."""
    team = _team(settings, person_id, window)
    if team and is_decided(settings, person_id, window) and not own.knows_who_was_counted(team, window.name):
        # an older release: what every band is made for is all that is sure
        yield policy.coalition, window.name
    for counted in own.counted(person_id, window.name):
        if counted.drawn:
            continue
        for item in door.read_team(settings.published, counted.team, window, counted.rubric).body["items"]:
            signals = rests_on.get(item["item"], frozenset())
            if shares.tell_on_each_other(shared_signals, with_kin(signals, catalog)):
                value = _left_traces(settings, person_id, item["item"], signals, window)
                for band in _bands_meant(item, counted.size, policy):
                    needed = shares.others_needed(band.low, band.high, counted.size, value)
                    if needed is not None:
                        yield needed, f"{item['item']} in {window.name}"


def _bands_meant(item: Mapping[str, Any], size: int, policy: Policy) -> list[Band]:
    """The band that was published; every one it may have been, where it was withdrawn or the rule changed."""
    known = bands(size, k=policy.k, coalition=policy.coalition)
    if item["shown"]:
        return [band for band in known if band.word == item["band"]] or list(known)
    return list(known) if item["because"] == door.WITHDRAWN else []


def _left_traces(
    settings: Settings, person_id: str, item: str, signals: Collection[str], window: Window
) -> bool:
    """Whether this person's own report has traces of the item that its band would have counted."""
    report = door.read_self(settings.published, person_id, window).body
    first, end = window.starts_on.isoformat(), window.ends_on.isoformat()
    return any(
        row["signal"] in signals and first <= row["occurred_on"] < end
        for each in report["items"]
        if each["item"] == item
        for row in each["evidence"]
    )


def why_it_adds_up(added_to: Sequence[tuple[int, str]]) -> str:
    """The warning about these bands."""
    fewest = min(needed for needed, _ in added_to)
    where = sorted({place for _, place in added_to})
    named = ", ".join(where[:3]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")
    how_many = "one other" if fewest == 1 else f"{fewest} others"
    return (
        f"your team's band of {named} is out and counts you, and what you share tells your part in it. If "
        f"{how_many} of those counted tell theirs too, the band and what was told together can say what the "
        "rest did; a reader who was counted is one of them. Whether anybody else shares was not looked at. "
        "Nothing was shared"
    )
