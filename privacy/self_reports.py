"""What one run knew -> everybody's own report. The night and a look back go through the same functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from privacy import door
from privacy.cohort import home_rubric
from privacy.policy import Policy
from privacy.released import Released
from rubric import cells
from rubric.map import Item, RubricMap
from signals.catalog import Catalog
from signals.participants import open_because
from warehouse.absences import present
from warehouse.as_of import (
    IncidentStep,
    SourceCoverage,
    accounts_at,
    evidence_at,
    links_at,
    memberships_at,
    opportunities_at,
    refused_signals_at,
    sources_at,
    steps_at,
)
from warehouse.reading import MembershipRow
from warehouse.store import Store
from warehouse.windows import Window


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run went by: agreement, signals, and a map for each rubric, with the files they stand in."""

    policy: Policy
    catalog: Catalog
    maps: Mapping[str, RubricMap]


def own_sensitivities(catalog: Catalog) -> dict[str, str]:
    """Who sees each signal of the organisation's own, which is what the agreement asks of it."""
    return {name: signal.sensitivity for name, signal in catalog.items() if signal.is_own}


def refusing(catalog: Catalog, refused: Collection[str]) -> Catalog:
    """The catalog in which whatever rests on one of these signals is left open."""
    return catalog.refusing({name: open_because(catalog[name]) for name in refused if name in catalog})


def reports(
    store: Store,
    run: int,
    as_of: date,
    rules: Rules,
    window: Window,
    *,
    absences: Mapping[str, Sequence[tuple[date, date]]],
    only: str | None = None,
) -> Iterator[tuple[str, Released]]:
    """The report of everybody enrolled in this window, or of one person, as this run knew things.

    The order is that of the ids. Nothing but what `run` knew is read: no clock, no settings, no file. Only
    `absences`, the days that people leave out, are as they are now: they are theirs, and not remembered.
    """
    end = min(window.ends_on, as_of + timedelta(days=1))
    begins = sorted(begins_of(rules.maps.values(), window))
    sources = sources_at(store, run, min(window.ends_on, as_of))
    evidence = evidence_at(store, run, begins[0], end, only)
    catalog = refusing(rules.catalog, refused_signals_at(store, run))
    links = links_at(store, run, begins[0], end, only)
    opportunities = opportunities_at(store, run, window.starts_on, end, only)
    steps_of = steps_at(store, run, window.starts_on, end, only)
    accounts = accounts_at(store, run)
    for person_id, rows in sorted(enrolled(memberships_at(store, run), window, as_of).items()):
        if only not in (None, person_id):
            continue
        rubric = rules.maps[home_rubric(rows, window)]
        of_spans = {
            begin: [_as_known(each, accounts.get(person_id, set())) for each in sources.get(begin, [])]
            for begin in begins
        }
        first_seen = {cells.Evidence(*row[:5]): row.seen_on for row in evidence.get(person_id, [])}
        items = [
            _self_item(
                item,
                rubric,
                catalog,
                as_of,
                sources.get(window.starts_on, []),
                links,
                first_seen,
                cells.beside(item, first_seen, window, as_of),
                cells.evaluate(
                    item,
                    catalog,
                    person_id=person_id,
                    window=window,
                    as_of=as_of,
                    evidence=first_seen,
                    opportunities=opportunities.get(person_id, set()),
                    memberships=present(
                        [(row.starts_on, row.ends_on) for row in rows],
                        absences.get(person_id, ()),
                        window.ends_on,
                    ),
                    sources=of_spans[cells.windows_read(item, window)[0].starts_on],
                ),
            )
            for item in rubric.items
        ]
        yield (
            person_id,
            door.release_self(
                window=window,
                as_of=as_of,
                team=max(rows, key=lambda row: row.starts_on).team,
                rubric={"id": rubric.id, "title": rubric.title},
                sources=[source_row(source) for source in of_spans[window.starts_on]],
                items=items,
                steps=list(_steps(first_seen, steps_of.get(person_id, []), links, window)),
                policy=rules.policy,
            ),
        )


def begins_of(maps: Collection[RubricMap], window: Window) -> set[date]:
    """The first days that some rule of these maps reads from."""
    return {cells.windows_read(item, window)[0].starts_on for rubric in maps for item in rubric.items} | {
        window.starts_on
    }


def enrolled(members: Sequence[MembershipRow], window: Window, as_of: date) -> dict[str, list[MembershipRow]]:
    """The roster's rows that touch the window's days so far, by person."""
    end = min(window.ends_on, as_of + timedelta(days=1))
    rows_of: dict[str, list[MembershipRow]] = {}
    for row in members:
        if row.starts_on < end and (row.ends_on is None or row.ends_on > window.starts_on):
            rows_of.setdefault(row.person_id, []).append(row)
    return rows_of


def item_body(
    item: Item, catalog: Catalog, as_of: date, sources: Sequence[cells.SourceLike]
) -> dict[str, Any]:
    """What the map says of an item, the same for everybody."""
    named = [catalog[each.signal] for each in item.indicators]
    misleads = [" ".join(signal.misleads.split()) for signal in named]
    return {
        "item": item.slug,
        "pillar": item.pillar,
        "group": item.group,
        "says": item.says,
        "class": item.item_class,
        "question": item.question,
        "sources": list(cells.sources_of(item, catalog, sources)),
        "misleads": list(dict.fromkeys([*misleads, *(say for each in named for say in each.overdue(as_of))])),
    }


def source_row(source: cells.SourceLike) -> dict[str, Any]:
    """How far a source can be trusted, as it stands in a report."""
    return {
        "source": source.source,
        "complete": source.complete,
        "from": source.from_day.isoformat() if source.from_day else None,
        "through": source.through_day.isoformat() if source.through_day else None,
        "because": source.because,
        "lacks": dict(source.lacks),
    }


def _as_known(source: SourceCoverage, at: Collection[str]) -> SourceCoverage:
    """The same for one person: a source in which nobody knows their account shows nothing of them.

    What no connector looks at names nobody, and is as it is for everybody.
    """
    if not source.account_source or source.account_source in at:
        return source
    because = f"the roster names no account of yours in {source.account_source}"
    return replace(source, complete=False, because=because, lacks={})


def _steps(
    evidence: Collection[cells.Evidence],
    tied: Sequence[IncidentStep],
    links: Mapping[tuple[str, str], str],
    window: Window,
) -> Iterator[dict[str, Any]]:
    """What one person did in incidents, was called to and was on call for; whatever the rubric asks for."""
    own = [
        IncidentStep(*key, row.source_id if row.source_kind == "incident" else "")
        for row in evidence
        if row.source_kind in ("incident", "oncall_shift")
        and window.starts_on <= row.occurred_on < window.ends_on
        for key in [(row.signal, row.occurred_on, row.source_kind, row.source_id)]
    ]
    for step in sorted([*own, *tied], key=lambda one: (one.occurred_on, *one)):
        yield {
            "signal": step.signal,
            "occurred_on": step.occurred_on.isoformat(),
            "source_kind": step.source_kind,
            "source_id": step.source_id,
            "url": links.get((step.source_kind, step.source_id)),
            "incident_id": step.incident_id or None,
            "incident_url": links.get(("incident", step.incident_id)),
        }


def _self_item(
    item: Item,
    rubric: RubricMap,
    catalog: Catalog,
    as_of: date,
    sources: Sequence[cells.SourceLike],
    links: Mapping[tuple[str, str], str],
    seen_on: Mapping[cells.Evidence, date | None],
    beside: Sequence[cells.Evidence],
    cell: cells.Cell,
) -> dict[str, Any]:
    def traces(signals: Sequence[str], evidence: Sequence[cells.Evidence]) -> dict[str, Any]:
        return {
            "evidence": [
                {
                    "signal": row.signal,
                    "occurred_on": row.occurred_on.isoformat(),
                    "source_kind": row.source_kind,
                    "source_id": row.source_id,
                    "url": links.get((row.source_kind, row.source_id)),
                    "seen_on": seen_on[row],
                }
                for row in evidence
            ],
            "signals": [_signal(catalog, name) for name in signals],
        }

    used = [indicator.signal for indicator in item.indicators]
    return item_body(item, catalog, as_of, sources) | {
        "state": cell.state,
        "because": cell.because,
        "rule": item.rule or None,
        "map": f"{rubric.file}:{item.line}",
        **traces(used, cell.evidence),
        "beside": traces(item.beside, beside),
    }


def _signal(catalog: Catalog, name: str) -> dict[str, Any]:
    signal = catalog[name]
    return {
        "signal": name,
        "answers": signal.answers,
        "unit": signal.unit,
        "guard": signal.guard,
        "file": signal.file,
        "version": signal.sha256[:12],
    }
