"""evidence -> cells -> the door: everybody's own report, and the team releases that are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flows import logbook
from flows.night import Night
from privacy import door
from privacy.errors import DoorError
from rubric import cells
from rubric.map import Item, rule_text
from warehouse import ledger, reading
from warehouse.reading import MembershipRow
from warehouse.windows import Window, windows_until

CLOSED_WINDOWS = 8
"""How far back reports and releases go: the agreement's retention of releases, in quarters."""


def write_self_reports(night: Night) -> dict[str, Any]:
    """Refreshes the report of every enrolled person for every window; returns how many."""
    members = reading.memberships(night.store)
    written = 0
    for window in _windows(night):
        sources = _sources(night, window)
        starts_on, ends_on = _span(night, window)
        evidence = reading.evidence_by_person(night.store, starts_on, ends_on)
        links = reading.links(night.store, starts_on, ends_on)
        opportunities = reading.opportunities_by_person(
            night.store, window.starts_on, min(window.ends_on, ends_on)
        )
        for person_id, rows in sorted(_enrolled(members, window, night).items()):
            found = [cells.Evidence(*row) for row in evidence.get(person_id, [])]
            items = [
                _self_item(
                    item,
                    night,
                    sources,
                    links,
                    cells.evaluate(
                        item,
                        night.catalog,
                        person_id=person_id,
                        window=window,
                        as_of=night.as_of,
                        evidence=found,
                        opportunities=opportunities.get(person_id, set()),
                        memberships=[(row.starts_on, row.ends_on) for row in rows],
                        sources=sources,
                    ),
                )
                for item in night.rubric.items
            ]
            released = door.release_self(
                window=window,
                as_of=night.as_of,
                team=max(rows, key=lambda row: row.starts_on).team,
                rubric=_rubric(night),
                sources=[_source(source) for source in sources],
                items=items,
                policy=night.policy,
            )
            door.write_self(night.settings.published, person_id, released)
            written += 1
    return {"reports": written}


def publish_due(night: Night) -> dict[str, Any]:
    """Publishes every team release that is due and not yet out, once; returns which.

    A night in which a source refused publishes nothing.
    """
    if night.refused:
        # a release is frozen for good, and this night lacks what somebody can still mend
        night.messages.append("nothing was published, because a source refused; mend that and run again")
        return {"published": []}
    members = reading.memberships(night.store)
    published = []
    for window in _windows(night):
        sources = _sources(night, window)
        whole = all(source.complete for source in sources)
        if not door.is_due(window, night.as_of, night.policy, sources_complete=whole):
            continue
        starts_on, ends_on = _span(night, window)
        evidence = reading.evidence_by_person(night.store, starts_on, ends_on)
        for team in sorted({row.team for rows in _enrolled(members, window, night).values() for row in rows}):
            if door.is_published(night.settings.published, team, window):
                continue
            eligible = door.eligible(members, team, window, night.policy)
            released = door.release_team(
                team=team,
                window=window,
                members=eligible,
                traces={
                    item.slug: {
                        person_id
                        for person_id in eligible
                        if cells.trace(
                            item,
                            night.catalog,
                            [cells.Evidence(*row) for row in evidence.get(person_id, [])],
                            window=window,
                        )
                    }
                    for item in night.rubric.items
                },
                items=[_team_item(item, night, sources, window) for item in night.rubric.items],
                sources=[_source(source) for source in sources],
                rubric=_rubric(night),
                policy=night.policy,
                published_on=night.as_of,
            )
            try:
                door.publish(night.settings.published, released)
            except DoorError as error:
                night.messages.append(str(error))
            else:
                published.append(f"{team} {window.name}")
    night.messages += door.verify(night.settings.published) + logbook.note_published(night.settings)
    return {"published": published}


def _windows(night: Night) -> list[Window]:
    """The running window and the closed ones that some source was asked about, oldest first."""
    first_asked = min(connector.since for connector in night.connectors)
    return [
        window
        for window in windows_until(night.as_of, CLOSED_WINDOWS + 1)
        if first_asked <= window.starts_on or window.is_closed_on(night.as_of) is False
    ]


def _span(night: Night, window: Window) -> tuple[Any, Any]:
    """The days whose evidence a window's cells may read."""
    first = min(cells.windows_read(item, window)[0].starts_on for item in night.rubric.items)
    return first, min(window.ends_on, night.as_of + timedelta(days=1))


def _sources(night: Night, window: Window) -> list[ledger.SourceWindow]:
    return [
        ledger.source_window(
            night.store,
            connector.source,
            connector.yields,
            night.scopes.get(connector.source, ()),
            window,
            night.as_of,
        )
        for connector in sorted(night.connectors, key=lambda connector: connector.source)
    ]


def _enrolled(
    members: Sequence[MembershipRow], window: Window, night: Night
) -> dict[str, list[MembershipRow]]:
    end = min(window.ends_on, night.as_of + timedelta(days=1))
    found: dict[str, list[MembershipRow]] = {}
    for row in members:
        if row.starts_on < end and (row.ends_on is None or row.ends_on > window.starts_on):
            found.setdefault(row.person_id, []).append(row)
    return found


def _self_item(
    item: Item,
    night: Night,
    sources: Sequence[ledger.SourceWindow],
    links: Mapping[tuple[str, str], str],
    cell: cells.Cell,
) -> dict[str, Any]:
    return _item(item, night, sources) | {
        "state": cell.state,
        "because": cell.because,
        "rule": rule_text(item) if item.indicators else None,
        "evidence": [
            {
                "signal": row.signal,
                "occurred_on": row.occurred_on.isoformat(),
                "source_kind": row.source_kind,
                "source_id": row.source_id,
                "url": links.get((row.source_kind, row.source_id)),
            }
            for row in cell.evidence
        ],
        "signals": [
            {
                "signal": indicator.signal,
                "answers": night.catalog[indicator.signal].answers,
                "unit": night.catalog[indicator.signal].unit,
            }
            for indicator in item.indicators
        ],
    }


def _team_item(
    item: Item, night: Night, sources: Sequence[ledger.SourceWindow], window: Window
) -> dict[str, Any]:
    reasons = cells.open_reasons(item, night.catalog, window=window, as_of=night.as_of, sources=sources)
    return _item(item, night, sources) | {
        "because": item.because,
        "bandable": cells.bandable(item, night.catalog),
        "left_open": " ".join(reasons) or None,
    }


def _item(item: Item, night: Night, sources: Sequence[ledger.SourceWindow]) -> dict[str, Any]:
    return {
        "item": item.slug,
        "pillar": item.pillar,
        "group": item.group,
        "says": item.says,
        "class": item.item_class,
        "question": item.question,
        "sources": list(cells.sources_of(item, night.catalog, sources)),
        "misleads": list(
            dict.fromkeys(" ".join(night.catalog[each.signal].misleads.split()) for each in item.indicators)
        ),
    }


def _source(source: ledger.SourceWindow) -> dict[str, Any]:
    return {
        "source": source.source,
        "complete": source.complete,
        "from": source.from_day.isoformat() if source.from_day else None,
        "through": source.through_day.isoformat() if source.through_day else None,
        "because": source.because,
    }


def _rubric(night: Night) -> dict[str, str]:
    return {"id": night.rubric.id, "title": night.rubric.title}
