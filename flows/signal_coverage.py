"""What each signal can and cannot see in the organisation: written by a night, once a quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.context import Night
from people.rights import rights_of
from privacy import asides, bands, door, organisation
from rubric import cells
from signals.catalog import Signal
from warehouse import reading
from warehouse.completeness import SourceWindow
from warehouse.reading import EvidenceRow, MembershipRow
from warehouse.rows import CHILDREN
from warehouse.windows import Window

ROOT_OF = {child: root for root, children in CHILDREN.items() for child, _ in children}
_HIDDEN = {
    "person": "It is for its person, and feeds no word about others.",
    "self": "It is for its person alone, and feeds no word about others.",
    "team": "It is about how one team works, and is told with that team's coverage.",
}


def publish(
    night: Night,
    window: Window,
    of_team: Mapping[str, Sequence[MembershipRow]],
    evidence: Mapping[str, Sequence[EvidenceRow]],
    sources: Sequence[SourceWindow],
) -> None:
    """Writes it, where no night has. Only people of groups that have bands count."""
    is_there = window.name in organisation.windows(night.settings.published)
    if is_there or "organisation" not in night.policy.audiences:
        return
    people = {
        person
        for team, rows in of_team.items()
        for cohort in door.cohorts(rows, team, window, night.policy).values()
        if bands.shown(len(cohort), k=night.policy.k, coalition=night.policy.coalition)
        for person in cohort
    }
    shown = [each for each in night.catalog.of_kind("evidence") if each.sensitivity == "band"]
    objects: dict[str, dict[str, set[str]]] = {each.signal: {} for each in shown}
    for person, rows in evidence.items():
        for row in rows:
            if row.signal in objects:
                objects[row.signal].setdefault(person, set()).add(f"{row.source_kind} {row.source_id}")
    held = reading.repositories_by_root(night.store)
    with rights_of(night.settings) as own:
        aside = asides.set_aside(window, own.contests(), own.shared_early(), own.opt_outs()) & people
        drawn = asides.with_drawn(
            objects,
            aside,
            window=window.name,
            signals={name: (name,) for name in objects},
            secret=own.draw_key(),
        )
        own.keep()
    released = door.release_organisation(
        window=window,
        traces=organisation.Traces(people, objects, aside, drawn),
        signals=[_public(each, night, sources, window, held) for each in night.catalog.values()],
        repositories=len(held["repositories"]),
        policy=night.policy,
        published_on=night.as_of,
    )
    door.publish_organisation(night.settings.published, released)


def _public(
    signal: Signal,
    night: Night,
    sources: Sequence[SourceWindow],
    window: Window,
    held: Mapping[str, frozenset[str]],
) -> dict[str, Any]:
    """What is public about a signal: where it can fire, whom it cannot see, and why it has no word."""
    reasons = cells.open_reasons(
        cells.as_item(signal.signal, signal), night.catalog, window=window, as_of=night.as_of, sources=sources
    )
    roots = {ROOT_OF.get(table, table) for table in signal.reads} & set(held)
    opportunity = night.catalog[signal.opportunity] if signal.opportunity else None
    blind = [" ".join(signal.misleads.split()), *reasons, *signal.overdue(night.as_of)]
    if opportunity:
        blind.append(f"Whoever has no answer to this: {' '.join(opportunity.answers.split())}")
    because = {
        "opportunity": "It is an occasion, and no evidence.",
        "step": "It ties traces together, and is no evidence.",
    }.get(signal.kind)
    return {
        "signal": signal.signal,
        "asks": " ".join(signal.answers.split()),
        "kind": signal.kind,
        "repositories": len(frozenset().union(*(held[root] for root in roots))) if roots else None,
        "because": because or _HIDDEN.get(signal.sensitivity) or " ".join(reasons) or None,
        "blind": blind,
    }
