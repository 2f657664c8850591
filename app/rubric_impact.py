"""What a change of the map would do to a team's bands: the release it would make, beside the one that is out.

Only for a window that is published, only for items whose band would rest on something else, and only through
the door, which hides what it would have hidden. The published word is read, never worked out again: a second
answer to the same question would give away who joined, left or was erased since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from filelock import FileLock, Timeout

from app.request import Asker
from app.roles import checked
from config.settings import Settings
from connectors.errors import BadInput
from connectors.files.connector import Files
from people.rights import rights_of
from privacy import asides, door
from privacy.policy import Policy, load_policy
from privacy.released import Released
from rubric import cells
from rubric.impact import ItemChange
from rubric.map import Item, RubricMap
from signals.catalog import Catalog
from warehouse import reading, rights
from warehouse.windows import Window, parse_window

NOT_SHOWN, NOT_COMPUTED, NO_ITEM = "not shown", "not computed yet", "no item"
"""What stands in the place of a band word."""


@checked
def band_changes(
    settings: Settings,
    asker: Asker,
    new: RubricMap,
    changed: Sequence[ItemChange],
    catalog: Catalog,
    *,
    window: str | None,
    teams: Sequence[str],
) -> dict[str, Any]:
    """A word before and a word after for each team and item that has a band in one of both.

    Raises BadInput while a night is writing, and DoorError for a team or window without a release.
    """
    known = door.published_teams(settings.published)
    if not known:
        return _none("No team has a release yet, so there is no band to compare.")
    if not settings.warehouse_file.exists():
        return _none("There is no warehouse here; run this where the nights run to compare bands.")
    if not teams:  # many people read a pull request, and a manager never sees other teams' bands
        return _none("No band is compared unless a team is named with --team.")
    chosen = list(dict.fromkeys(teams))
    name = window or max(door.latest_window(settings.published, team) for team in chosen)
    compared = [each for each in changed if each.band_reach != "same"]
    releases = _releases(settings, chosen, name, new.id)
    if not releases:
        return _none(f"No team named here has a release about '{new.id}' in {name}.") | {"window": name}
    if not compared:
        return _none("No band rests on anything that this changes.") | {"window": name}
    policy = load_policy(settings.agreement)
    fills, rows = _fills(settings, policy), []
    try:
        # A night must not start while its file is read; reading takes a moment.
        with (
            FileLock(settings.lock_file, timeout=0),
            reading.opened(settings.warehouse_file) as store,
            rights_of(settings) as own,
        ):
            stale = _not_computed(reading.computed_signals(store), catalog)
            for released in releases:
                rows += _of_team(store, own, released, new, compared, catalog, policy, stale, fills)
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None
    return {"window": name, "note": None, "rows": rows}


def _releases(settings: Settings, teams: Sequence[str], window: str, rubric: str) -> list[Released]:
    """The releases of these teams about the people on this rubric. A team may have nobody who is."""
    releases = []
    for team in teams:
        if rubric in door.rubrics(settings.published, team, window):
            releases.append(door.read_team(settings.published, team, window, rubric))
    return releases


def _of_team(
    store: reading.ReadOnlyStore,
    own: rights.Rights,
    released: Released,
    new: RubricMap,
    compared: Sequence[ItemChange],
    catalog: Catalog,
    policy: Policy,
    stale: set[str],
    fills: Mapping[str, frozenset[str]],
) -> list[dict[str, str]]:
    before = {item["item"]: item for item in released.body["items"]}
    items = [each.after for each in compared if each.after is not None]
    after = {
        item["item"]: item
        for item in _would_release(store, own, released, new, items, catalog, policy, fills)
    }
    rows = []
    for each in compared:
        was = _word(before.get(each.item))
        becomes = _word(after.get(each.item))
        if before.get(each.item, {}).get("because") == door.WITHDRAWN:
            becomes = NOT_SHOWN if each.after else NO_ITEM
        elif (
            becomes not in (NOT_SHOWN, NO_ITEM)
            and each.after
            and cells.band_signals(each.after, catalog) & stale
        ):
            becomes = NOT_COMPUTED
        if not {was, becomes} <= {NOT_SHOWN, NO_ITEM}:
            rows.append({"team": released.body["team"], "item": each.item, "before": was, "after": becomes})
    return rows


def _would_release(
    store: reading.ReadOnlyStore,
    own: rights.Rights,
    released: Released,
    new: RubricMap,
    items: Sequence[Item],
    catalog: Catalog,
    policy: Policy,
    fills: Mapping[str, frozenset[str]],
) -> list[Mapping[str, Any]]:
    """These items as the door would have let them out on the day of the release, from what is stored now."""
    body = released.body
    window = parse_window(body["window"])
    as_of = date.fromisoformat(body["published_on"])
    sources = [_source(row, fills) for row in body["sources"]]
    members = door.cohorts(reading.memberships(store), body["team"], window, policy).get(new.id, frozenset())
    evidence = {
        person_id: [cells.Evidence(*row) for row in rows]
        for person_id, rows in reading.evidence_by_person(store, window.starts_on, window.ends_on).items()
        if person_id in members
    }
    aside = own.drawn_in(body["team"], window.name) | asides.set_aside(
        window, own.contests(), own.shared_early(), own.opt_outs()
    )
    would_be = door.release_team(
        team=body["team"],
        window=window,
        members=members,
        traces=asides.with_drawn(
            {item.slug: _who_left_any(item, catalog, evidence, window) for item in items},
            members & aside,
            window=window.name,
            signals={item.slug: cells.band_signals(item, catalog) for item in items},
            secret=own.draw_key(),
        ),
        items=[_team_item(item, catalog, sources, window, as_of) for item in items],
        sources=body["sources"],
        rubric={"id": new.id, "title": new.title},
        policy=policy,
        published_on=as_of,
    )
    released_items: list[Mapping[str, Any]] = would_be.body["items"]
    return released_items


def _who_left_any(
    item: Item, catalog: Catalog, evidence: Mapping[str, Iterable[cells.Evidence]], window: Window
) -> set[str]:
    return {
        person_id for person_id, rows in evidence.items() if cells.trace(item, catalog, rows, window=window)
    }


def _team_item(
    item: Item, catalog: Catalog, sources: Sequence[cells.SourceState], window: Window, as_of: date
) -> dict[str, Any]:
    left_open = cells.open_reasons(item, catalog, window=window, as_of=as_of, sources=sources)
    return {
        "item": item.slug,
        "pillar": item.pillar,
        "group": item.group,
        "says": item.says,
        "class": item.item_class,
        "question": item.question,
        "because": item.because,
        "sources": list(cells.sources_of(item, catalog, sources)),
        "misleads": [],
        "bandable": cells.bandable(item, catalog),
        "reads": cells.tables_read(item, catalog),
        "left_open": " ".join(left_open) or None,
    }


def _fills(settings: Settings, policy: Policy) -> dict[str, frozenset[str]]:
    """The tables that each source may fill: by the agreement, or for a declared file by its kind."""
    agreed = {name: frozenset(source.tables) for name, source in policy.sources.items()}
    # its `since` is of no concern here, and without one it would have to be read
    files = [Files(each.model_copy(update={"since": date.min})) for each in settings.files]
    return agreed | {file.source: frozenset(file.yields) for file in files}


def _source(row: Mapping[str, Any], fills: Mapping[str, frozenset[str]]) -> cells.SourceState:
    """A source as the release speaks of it."""
    return cells.SourceState(
        row["source"],
        fills.get(row["source"], frozenset()),
        date.fromisoformat(row["from"]) if row["from"] else None,
        date.fromisoformat(row["through"]) if row["through"] else None,
        row["complete"],
        row["because"],
        row.get("lacks") or {},
    )


def _not_computed(computed: Mapping[str, str], catalog: Catalog) -> set[str]:
    """Signals whose file, as it is now, was not run yet: having no rows proves nothing of them."""
    return {name for name, signal in catalog.items() if computed.get(name) != signal.sha256}


def _word(item: Mapping[str, Any] | None) -> str:
    if item is None:
        return NO_ITEM
    return str(item["band"]) if item["shown"] else NOT_SHOWN


def _none(note: str) -> dict[str, Any]:
    return {"window": None, "note": note, "rows": []}
