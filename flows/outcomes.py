"""evidence -> cells -> the door: everybody's own report, and the team releases that are due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flows import logbook, opting
from flows.identity import rights_of
from flows.night import Night
from privacy import asides, door
from privacy.errors import DoorError
from rubric import cells
from rubric.map import Item, rule_text
from signals.catalog import Signal
from signals.run import held_for
from warehouse import ledger, reading
from warehouse.absences import left_out, present
from warehouse.reading import MembershipRow
from warehouse.windows import Window, windows_until


def write_self_reports(night: Night) -> dict[str, Any]:
    """Refreshes the report of every enrolled person for every window; returns how many."""
    members = reading.memberships(night.store)
    accounts_of = night.vault.sources_by_person()
    absences_of: dict[str, list[tuple[date, date]]] = {}
    for own_id, spans in left_out(night.settings.absences_file).items():
        absences_of.setdefault(night.vault.person_behind(own_id), []).extend(spans)
    out = opting.out_of_evidence(night)
    written = 0
    for window in _windows(night):
        of_window = _sources(night, window, window.starts_on)
        starts_on, ends_on = _span(night, window)
        evidence = reading.evidence_by_person(night.store, starts_on, ends_on)
        links = reading.links(night.store, starts_on, ends_on)
        of_spans = {begin: _sources(night, window, begin) for begin in _begins(night, window)}
        opportunities = reading.opportunities_by_person(
            night.store, window.starts_on, min(window.ends_on, ends_on)
        )
        for person_id, rows in sorted(_enrolled(members, window, night).items()):
            if opting.is_out(out, person_id, window):
                continue  # what is there stays; made anew, it would call absent what was not looked for
            known_at = accounts_of.get(person_id, set())
            sources = {
                begin: [_as_known(source, night, known_at) for source in of_span]
                for begin, of_span in of_spans.items()
            }
            found = [cells.Evidence(*row) for row in evidence.get(person_id, [])]
            items = [
                _self_item(
                    item,
                    night,
                    of_window,
                    links,
                    cells.beside(item, found, window, night.as_of),
                    cells.evaluate(
                        item,
                        night.catalog,
                        person_id=person_id,
                        window=window,
                        as_of=night.as_of,
                        evidence=found,
                        opportunities=opportunities.get(person_id, set()),
                        memberships=present(
                            [(row.starts_on, row.ends_on) for row in rows],
                            absences_of.get(person_id, ()),
                            window.ends_on,
                        ),
                        sources=sources[_begin(item, window)],
                    ),
                )
                for item in night.rubric.items
            ]
            released = door.release_self(
                window=window,
                as_of=night.as_of,
                team=max(rows, key=lambda row: row.starts_on).team,
                rubric=_rubric(night),
                sources=[_source(source) for source in sources[window.starts_on]],
                items=items,
                policy=night.policy,
            )
            door.write_self(night.settings.published, person_id, released)
            written += 1
    return {"reports": written}


def publish_due(night: Night) -> dict[str, Any]:
    """Publishes every team release that is due and not yet out, once; returns which.

    Nothing is published on a night in which a source refused, or before every source was read to its end
    once; and an incomplete window waits for as long after the first night as after its own end.
    """
    if waits_for := _still_to_come(night):
        # a release is frozen for good, and this night lacks what another may still bring
        night.messages.append(f"nothing was published: {waits_for}")
        return {"published": []}
    members = reading.memberships(night.store)
    held_until = night.store.first_night(night.as_of) + timedelta(days=night.policy.hold_days)
    published = []
    for window in _windows(night):
        sources = _sources(night, window, window.starts_on)
        whole = all(source.complete for source in sources)
        if not door.is_due(window, night.as_of, night.policy, sources_complete=whole):
            continue
        if not whole and night.as_of < held_until:
            continue
        starts_on, ends_on = _span(night, window)
        evidence = reading.evidence_by_person(night.store, starts_on, ends_on)
        for team in sorted({row.team for rows in _enrolled(members, window, night).values() for row in rows}):
            if door.is_published(night.settings.published, team, window):
                continue
            try:
                _publish(night, members, evidence, sources, team, window)
            except DoorError as error:
                night.messages.append(str(error))
            else:
                published.append(f"{team} {window.name}")
    night.messages += door.verify(night.settings.published) + logbook.note_published(night.settings)
    return {"published": published}


def _publish(
    night: Night,
    members: Sequence[MembershipRow],
    evidence: Mapping[str, Sequence[reading.EvidenceRow]],
    sources: Sequence[ledger.SourceWindow],
    team: str,
    window: Window,
) -> None:
    """One team's release. Whoever set themselves aside before this moment is counted by chance.

    The file of what people decided stays locked meanwhile: whoever decides now decides before it or after.
    """
    eligible = door.eligible(members, team, window, night.policy)
    found = {
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
    }
    processes = night.catalog.of_kind("process")
    found |= {each.signal: held_for(night.store.con, each, window.starts_on) & eligible for each in processes}
    with rights_of(night.settings) as own:
        aside = eligible & asides.set_aside(window, own.contests(), own.shared_early(), own.opt_outs())
        released = door.release_team(
            team=team,
            window=window,
            members=eligible,
            traces=asides.with_drawn(
                found,
                aside,
                window=window.name,
                signals={item.slug: cells.band_signals(item, night.catalog) for item in night.rubric.items}
                | {each.signal: (each.signal,) for each in processes},
                secret=own.draw_key(),
            ),
            items=[_team_item(item, night, sources, window) for item in night.rubric.items],
            processes=[_process(each, night, sources, window) for each in processes],
            sources=[_source(source) for source in sources],
            rubric=_rubric(night),
            policy=night.policy,
            published_on=night.as_of,
        )
        if not door.is_decided(night.settings.published, team, window):
            own.note_counted(team, window.name, night.rubric.id, eligible, aside)
            own.keep()
        door.publish(night.settings.published, released)


def _still_to_come(night: Night) -> str | None:
    if night.refused:
        return "a source refused; mend that and run again"
    if night.roster_mistakes:
        return "who is in which team is not certain while the roster is wrong"
    for connector in night.connectors:
        scopes = night.scopes.get(connector.source, ())
        unread = ledger.never_reconciled(night.store, connector.source, scopes)
        if connector.source in night.unfinished or not scopes or unread:
            named = f" ({', '.join(unread[:3])})" if unread else ""
            return f"{connector.source} was never read to its end{named}; another night goes on from here"
    return None


def _windows(night: Night) -> list[Window]:
    """The running window and the closed ones that some source was asked about, oldest first."""
    first_asked = max(night.floor, min(connector.since for connector in night.connectors))
    return [
        window
        for window in windows_until(night.as_of, night.policy.retention.releases_quarters + 1)
        if first_asked <= window.starts_on or window.is_closed_on(night.as_of) is False
    ]


def _span(night: Night, window: Window) -> tuple[Any, Any]:
    """The days whose evidence a window's cells may read."""
    return min(_begins(night, window)), min(window.ends_on, night.as_of + timedelta(days=1))


def _begin(item: Item, window: Window) -> date:
    """The first day whose evidence the item's rule may read."""
    return cells.windows_read(item, window)[0].starts_on


def _begins(night: Night, window: Window) -> set[date]:
    return {_begin(item, window) for item in night.rubric.items} | {window.starts_on}


def _sources(night: Night, window: Window, starts_on: date) -> list[ledger.SourceWindow]:
    """How far each source can be trusted from this day until the window's end, or until now."""
    read = [
        ledger.source_window(
            night.store,
            connector.source,
            connector.yields,
            night.scopes.get(connector.source, ()),
            (starts_on, min(window.ends_on, night.as_of)),
        )
        for connector in sorted(night.connectors, key=lambda connector: connector.source)
    ]
    return [*read, *night.unseen]


def _as_known(source: ledger.SourceWindow, night: Night, known_at: Collection[str]) -> ledger.SourceWindow:
    """The same for one person: a source in which nobody knows their account shows nothing of them."""
    if source in night.unseen or night.account_sources[source.source] in known_at:
        return source
    because = f"the roster names no account of yours in {night.account_sources[source.source]}"
    return replace(source, complete=False, because=because)


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
    beside: Sequence[cells.Evidence],
    cell: cells.Cell,
) -> dict[str, Any]:
    used = [indicator.signal for indicator in item.indicators]
    return _item(item, night, sources) | {
        "state": cell.state,
        "because": cell.because,
        "rule": rule_text(item) if item.indicators else None,
        **_traces(used, cell.evidence, night, links),
        "beside": _traces(item.beside, beside, night, links),
    }


def _traces(
    signals: Sequence[str],
    evidence: Sequence[cells.Evidence],
    night: Night,
    links: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    return {
        "evidence": [
            {
                "signal": row.signal,
                "occurred_on": row.occurred_on.isoformat(),
                "source_kind": row.source_kind,
                "source_id": row.source_id,
                "url": links.get((row.source_kind, row.source_id)),
            }
            for row in evidence
        ],
        "signals": [
            {"signal": name, "answers": night.catalog[name].answers, "unit": night.catalog[name].unit}
            for name in signals
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


def _process(
    signal: Signal, night: Night, sources: Sequence[ledger.SourceWindow], window: Window
) -> dict[str, Any]:
    """What is public about a process of the team, and why its word may have to be left out."""
    alone = cells.as_item(signal.signal, signal)
    reasons = cells.open_reasons(alone, night.catalog, window=window, as_of=night.as_of, sources=sources)
    return {
        "process": signal.signal,
        "asks": " ".join(signal.answers.split()),
        "sources": list(cells.sources_of(alone, night.catalog, sources)),
        "misleads": [" ".join(signal.misleads.split())],
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
