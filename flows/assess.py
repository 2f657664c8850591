"""evidence -> cells -> the door: everybody's own report, and the team releases that are due."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flows import departed, signal_coverage
from flows.context import Night
from flows.evidence import is_out, out_of_evidence
from flows.run_log import Alteration, Refusal, RosterMistake
from people.rights import rights_of
from privacy import asides, door, logbook
from privacy.errors import DoorError
from privacy.released import Released
from privacy.self_reports import begins_of, enrolled, item_body, reports, source_row
from rubric import cells
from rubric.map import Item, RubricMap
from signals.catalog import Signal
from signals.run import held_for
from warehouse import completeness, history, ledger, reading, rights
from warehouse.absences import left_out
from warehouse.as_of import former_sources, spans_by_person
from warehouse.files import write_atomically
from warehouse.reading import EvidenceRow, MembershipRow
from warehouse.windows import Window, windows_until


def write_self_reports(night: Night) -> dict[str, Any]:
    """Refreshes the report of every enrolled person for every window; returns how many.

    What tonight knows is written down first, and the reports are made from that alone: looking back to this
    run later reads the same rows.
    """
    windows = _windows(night)
    _write_down(night, windows)
    absences = spans_by_person(night.store, left_out(night.settings.absences_file))
    out = out_of_evidence(night)
    written = 0
    for window in windows:
        for person_id, released in reports(
            night.store, night.log.run, night.as_of, night.rules, window, absences=absences
        ):
            if is_out(out, person_id, window):
                continue  # what is there stays; made anew, it would call absent what was not looked for
            door.write_self(night.settings.published, person_id, released)
            written += 1
    history.reported(night.store.con, night.log.run)
    return {"reports": written}


def _write_down(night: Night, windows: Sequence[Window]) -> None:
    """What tonight's reports rest on beside the evidence: roster, accounts, rules, sources, addresses."""
    con = night.store.con
    spans = {
        (begin, min(window.ends_on, night.as_of))
        for window in windows
        for begin in begins_of(night.maps.values(), window)
    }
    former = {source: accounts for source, accounts, _ in former_sources(night.store, ())}
    accounts_of = {**former, **night.account_sources}
    rows = [
        history.SourceRow(
            source.source,
            accounts_of.get(source.source, ""),
            sorted(source.kinds),
            begin,
            end,
            source.from_day,
            source.through_day,
            source.complete,
            source.because,
            [f"{table}: {why}" for table, why in source.lacks.items()],
        )
        for begin, end in sorted(spans)
        for source in _sources(night, begin, end)
    ]
    rules = _keep_rules(night)
    with night.store.transaction():
        history.log_memberships(con, reading.memberships(night.store), night.log.run)
        history.log_accounts(con, night.vault.accounts_by_person(), night.log.run)
        history.log_rules(con, rules, night.log.run)
        history.log_sources(con, rows, night.log.run)
        history.log_objects(con, night.log.run)


def _keep_rules(night: Night) -> list[history.Rule]:
    """The rules in force. The text of each is kept under its hash, for whoever looks back."""
    texts = [("agreement", night.settings.agreement.name, night.settings.agreement.read_bytes())]
    texts += [("map", path.name, path.read_bytes()) for path in night.settings.maps]
    texts += [
        ("signal", f"{signal.path.parent.name}/{signal.path.name}", signal.sql.encode())
        for signal in night.catalog.values()
    ]
    rules = []
    for kind, name, content in texts:
        sha256 = hashlib.sha256(content).hexdigest()
        if not (kept := night.settings.rules_folder / sha256).exists():
            write_atomically(kept, content.decode())
        rules.append(history.Rule(kind, name, sha256))
    return rules


def publish_due(night: Night) -> dict[str, Any]:
    """Publishes every team release that is due and not yet out, once; returns which.

    Nothing is published on a night in which a source refused, or before every source was read to its end
    once; and an incomplete window waits for as long after the first night as after its own end.
    """
    if waits_for := _still_to_come(night):
        # a release is frozen for good, and this night lacks what another may still bring
        night.log.say(f"nothing was published: {waits_for}")
        return {"published": []}
    members = reading.memberships(night.store)
    of_team = door.by_team(members)
    held_until = night.store.first_night(night.as_of) + timedelta(days=night.policy.hold_days)
    published = []
    for window in _windows(night):
        sources = _sources(night, window.starts_on, min(window.ends_on, night.as_of))
        # a signal that is refused tonight may be mended before a release has to go without it
        refused = any(each.open_because and each.sensitivity == "band" for each in night.catalog.values())
        complete = all(source.complete for source in sources) and not refused
        if not door.is_due(window, night.as_of, night.policy, sources_complete=complete):
            continue
        if not complete and night.as_of < held_until:
            continue
        evidence = reading.evidence_by_person(night.store, window.starts_on, window.ends_on)
        teams = {row.team for rows in enrolled(members, window, night.as_of).values() for row in rows}
        for team in sorted(teams - door.in_place(night.settings.published, window)):
            try:
                _publish(night, of_team[team], evidence, sources, team, window)
            except DoorError as error:
                night.log.say(str(error))
            else:
                published.append(f"{team} {window.name}")
        if door.in_place(night.settings.published, window).issuperset(teams):
            signal_coverage.publish(
                night, window, {team: of_team[team] for team in sorted(teams)}, evidence, sources
            )
    altered = door.verify(night.settings.published) + logbook.note_published(night.settings)
    night.log.append(*map(Alteration, altered))
    night.log.say(*altered)
    return {"published": published}


def _publish(
    night: Night,
    members: Sequence[MembershipRow],
    evidence: Mapping[str, Sequence[EvidenceRow]],
    sources: Sequence[completeness.SourceWindow],
    team: str,
    window: Window,
) -> None:
    """One team's releases, one for each rubric. For people set aside, random answers are counted.

    The file of what people decided stays locked meanwhile: whoever decides now decides before it or after.
    """
    cohorts = sorted(door.cohorts(members, team, window, night.policy).items())
    with rights_of(night.settings) as own:
        everybody_aside = asides.set_aside(window, own.contests(), own.shared_early(), own.opt_outs())
        released = [
            _release(
                night,
                team,
                window,
                night.maps[rubric],
                people,
                people & everybody_aside,
                own,
                evidence,
                sources,
            )
            for rubric, people in cohorts
        ]
        if not door.is_decided(night.settings.published, team, window):
            for rubric, people in cohorts:
                own.note_counted(team, window.name, rubric, people, people & everybody_aside)
            own.keep()
        door.publish(night.settings.published, *released)


def _release(
    night: Night,
    team: str,
    window: Window,
    rubric: RubricMap,
    people: Collection[str],
    aside: Collection[str],
    own: rights.Rights,
    evidence: Mapping[str, Sequence[EvidenceRow]],
    sources: Sequence[completeness.SourceWindow],
) -> Released:
    """What is let out about those of the team who are on this rubric."""
    catalog = night.catalog
    rows = {person: [cells.Evidence(*row) for row in evidence.get(person, [])] for person in people}
    traces = {
        item.slug: {
            person for person, left in rows.items() if cells.trace(item, catalog, left, window=window)
        }
        for item in rubric.items
    }
    processes = catalog.of_kind("process")
    traces |= {
        each.signal: held_for(night.store.con, each, window.starts_on) & frozenset(people)
        for each in processes
    }
    return door.release_team(
        team=team,
        window=window,
        members=people,
        traces=asides.with_drawn(
            traces,
            aside,
            window=window.name,
            signals={item.slug: cells.band_signals(item, catalog) for item in rubric.items}
            | {each.signal: (each.signal,) for each in processes},
            secret=own.draw_key(),
        ),
        items=[_team_item(item, night, sources, window) for item in rubric.items],
        processes=[_process(each, night, sources, window) for each in processes],
        sources=[source_row(source) for source in sources],
        rubric={"id": rubric.id, "title": rubric.title},
        policy=night.policy,
        published_on=night.as_of,
    )


def _still_to_come(night: Night) -> str | None:
    if night.log.of(Refusal):
        return "a source refused; mend that and run again"
    if night.log.of(RosterMistake):
        return "who is in which team is not certain while the roster is wrong"
    for connector in night.connectors:
        scopes = night.log.scopes.get(connector.source, ())
        unread = ledger.never_reconciled(night.store, connector.source, scopes)
        if connector.source in night.log.unfinished or not scopes or unread:
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


def _sources(night: Night, starts_on: date, ends_on: date) -> list[completeness.SourceWindow]:
    """How far each source can be trusted for these days: those that are read, and those that were.

    What the settings no longer name says nothing of later windows; but the one in which it was taken out is
    not whole, and those before it are as whole as they were.
    """
    store, span = night.store, (starts_on, ends_on)
    fills = {connector.source: frozenset(connector.yields) for connector in night.connectors}
    sources = []
    for source in sorted(fills):
        scopes = list(night.log.scopes.get(source, ()))
        scopes += [
            scope
            for scope in completeness.former_scopes(store, source, scopes, starts_on)
            if not departed.is_left_out_on_purpose(night, source, scope)
        ]
        sources.append(completeness.source_window(store, source, fills[source], scopes, span))
    for source, _, tables in former_sources(store, fills):
        scopes = completeness.former_scopes(store, source, (), starts_on)
        if scopes:
            sources.append(completeness.source_window(store, source, tables, scopes, span))
    return [*sorted(sources, key=lambda each: each.source), *night.unseen]


def _team_item(
    item: Item, night: Night, sources: Sequence[completeness.SourceWindow], window: Window
) -> dict[str, Any]:
    reasons = cells.open_reasons(item, night.catalog, window=window, as_of=night.as_of, sources=sources)
    return item_body(item, night.catalog, night.as_of, sources) | {
        "because": item.because,
        "bandable": cells.bandable(item, night.catalog),
        "reads": cells.tables_read(item, night.catalog),
        "left_open": " ".join(reasons) or None,
    }


def _process(
    signal: Signal, night: Night, sources: Sequence[completeness.SourceWindow], window: Window
) -> dict[str, Any]:
    """What is public about a process of the team, and why its word may have to be left out."""
    alone = cells.as_item(signal.signal, signal)
    reasons = cells.open_reasons(alone, night.catalog, window=window, as_of=night.as_of, sources=sources)
    return {
        "process": signal.signal,
        "asks": " ".join(signal.answers.split()),
        "sources": list(cells.sources_of(alone, night.catalog, sources)),
        "reads": cells.tables_read(alone, night.catalog),
        "misleads": [" ".join(signal.misleads.split()), *signal.overdue(night.as_of)],
        "left_open": " ".join(reasons) or None,
    }
