"""What one run knew, as plain rows: the tables as they stood for it, whatever later runs have found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from warehouse.history import Rule, known_to
from warehouse.reading import MembershipRow, streamed
from warehouse.store import Store


class SeenEvidence(NamedTuple):
    """One row of evidence, and the day of the run that first saw it (None: before history was kept)."""

    person_id: str
    signal: str
    occurred_on: date
    source_kind: str
    source_id: str
    seen_on: date | None


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """How far one source could be trusted for some days, and whose accounts it names people by."""

    source: str
    account_source: str
    kinds: frozenset[str]
    from_day: date | None
    through_day: date | None
    complete: bool
    because: str | None
    lacks: Mapping[str, str]


def evidence_at(
    store: Store, run: int, starts_on: date, ends_on: date, only: str | None = None
) -> dict[str, list[SeenEvidence]]:
    """Evidence of enrolled people, or of one person, from `starts_on` until before `ends_on`."""
    by_person: dict[str, list[SeenEvidence]] = {}
    con = store.con.execute(
        f"with held as ({known_to('evidence', run)}), enrolled as ({known_to('membership_log', run)}) "
        "select person_id, signal, occurred_on, source_kind, source_id, as_of from held "
        "left join runs on run = seen_by "
        "where occurred_on >= $starts_on and occurred_on < $ends_on "
        "and person_id in (select person_id from enrolled) and ($only is null or person_id = $only) "
        "order by 1, 2, 3, 4, 5",
        {"starts_on": starts_on, "ends_on": ends_on, "only": only},
    )
    for row in streamed(con):
        by_person.setdefault(row[0], []).append(SeenEvidence(*row))
    return by_person


def refused_signals_at(store: Store, run: int) -> dict[str, int]:
    """The signals that this run, or a later one before they were mended, refused, with their wrong rows.

    A refusal takes all former rows of its signal away, so a look back finds none of them either.
    """
    rows = store.con.execute(
        "select signal, arg_max(wrong_rows, seen_by) from refused_signals "
        "where superseded_by is null or superseded_by > ? group by signal order by signal",
        [run],
    ).fetchall()
    return {str(signal): int(wrong_rows) for signal, wrong_rows in rows}


class IncidentStep(NamedTuple):
    """What ties one person's traces to an incident."""

    signal: str
    occurred_on: date
    source_kind: str
    source_id: str
    incident_id: str


def steps_at(
    store: Store, run: int, starts_on: date, ends_on: date, only: str | None = None
) -> dict[str, list[IncidentStep]]:
    """The steps of everybody, or of one person, from `starts_on` until before `ends_on`."""
    by_person: dict[str, list[IncidentStep]] = {}
    for person_id, *row in store.con.execute(
        "select person_id, signal, occurred_on, source_kind, source_id, incident_id "
        f"from ({known_to('steps', run)}) "
        "where occurred_on >= $starts_on and occurred_on < $ends_on and ($only is null or person_id = $only) "
        "order by 1, 2, 3, 4, 5, 6",
        {"starts_on": starts_on, "ends_on": ends_on, "only": only},
    ).fetchall():
        by_person.setdefault(person_id, []).append(IncidentStep(*row))
    return by_person


def opportunities_at(
    store: Store, run: int, starts_on: date, ends_on: date, only: str | None = None
) -> dict[str, set[str]]:
    """Which opportunity signals had a day from `starts_on` until before `ends_on`, for each person."""
    by_person: dict[str, set[str]] = {}
    for person_id, signal in store.con.execute(
        f"select distinct person_id, signal from ({known_to('opportunities', run)}) "
        "where occurred_on >= $starts_on and occurred_on < $ends_on and ($only is null or person_id = $only)",
        {"starts_on": starts_on, "ends_on": ends_on, "only": only},
    ).fetchall():
        by_person.setdefault(person_id, set()).add(signal)
    return by_person


def links_at(
    store: Store, run: int, starts_on: date, ends_on: date, only: str | None = None
) -> dict[tuple[str, str], str]:
    """Where each source object that has evidence or a step in the span was found, by kind and id."""
    spanned = (
        "where occurred_on >= $starts_on and occurred_on < $ends_on and ($only is null or person_id = $only)"
    )
    rows = store.con.execute(
        f"with stepped as (select * from ({known_to('steps', run)}) {spanned}), wanted as ("
        f"select source_kind, source_id from ({known_to('evidence', run)}) {spanned} "
        "union select source_kind, source_id from stepped union select 'incident', incident_id from stepped) "
        "select source_kind, source_id, case place when '' then url else url || '/' || place end "
        "from wanted join source_objects using (source_kind, source_id) "
        f"join ({known_to('addresses', run)}) using (address_id)",
        {"starts_on": starts_on, "ends_on": ends_on, "only": only},
    ).fetchall()
    return {(kind, key): url for kind, key, url in rows}


def memberships_at(store: Store, run: int) -> list[MembershipRow]:
    """Who was in which team, as the roster said."""
    rows = store.con.execute(
        "select person_id, team, manager_id, starts_on, ends_on, rubric "
        f"from ({known_to('membership_log', run)}) order by all"
    ).fetchall()
    return [MembershipRow(*row) for row in rows]


def accounts_at(store: Store, run: int) -> dict[str, set[str]]:
    """At which sources an account of each person was known."""
    sources_of: dict[str, set[str]] = {}
    for person_id, source in store.con.execute(
        f"select person_id, source from ({known_to('account_log', run)})"
    ).fetchall():
        sources_of.setdefault(person_id, set()).add(source)
    return sources_of


def sources_at(store: Store, run: int, ends_on: date) -> dict[date, list[SourceCoverage]]:
    """How far each source could be trusted until before `ends_on`, by the first day that was asked about."""
    by_first_day: dict[date, list[SourceCoverage]] = {}
    for (
        begin,
        source,
        account_source,
        fills,
        from_day,
        through_day,
        complete,
        because,
        lacks,
    ) in store.con.execute(
        "select starts_on, source, account_source, fills, from_day, through_day, is_complete, because, "
        "coalesce(lacks, []) from source_log where run = ? and ends_on = ? order by starts_on, source",
        [run, ends_on],
    ).fetchall():
        by_first_day.setdefault(begin, []).append(
            SourceCoverage(
                source,
                account_source,
                frozenset(fills),
                from_day,
                through_day,
                complete,
                because,
                dict(each.split(": ", 1) for each in lacks),
            )
        )
    return by_first_day


def former_sources(store: Store, now: Iterable[str]) -> list[tuple[str, str, frozenset[str]]]:
    """Every source of a former run that is none of those there are now: its name, accounts and tables."""
    rows = store.con.execute(
        "select source, arg_max(account_source, run), arg_max(fills, run) from source_log "
        "where source not in (select unnest(?::varchar[])) "
        "and source in (select source from reconciled) group by source order by source",
        [list(now)],
    ).fetchall()
    return [(source, account_source, frozenset(fills)) for source, account_source, fills in rows]


def spans_by_person(
    store: Store, spans: Mapping[str, Iterable[tuple[date, date]]]
) -> dict[str, list[tuple[date, date]]]:
    """What is told by the ids of accounts, put together for each person."""
    person_of = dict(store.con.execute("select alias_id, person_id from aliases").fetchall())
    by_person: dict[str, list[tuple[date, date]]] = {}
    for own_id, of_account in spans.items():
        by_person.setdefault(person_of.get(own_id, own_id), []).extend(of_account)
    return by_person


def rules_at(store: Store, run: int) -> list[Rule]:
    """All signals, maps and the agreement in force."""
    rows = store.con.execute(
        f"select kind, name, sha256 from ({known_to('rule_versions', run)}) order by all"
    ).fetchall()
    return [Rule(*row) for row in rows]


class EvidenceKey(NamedTuple):
    """What makes one person's row of evidence the same."""

    signal: str
    occurred_on: date
    source_kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class EvidenceMoves:
    """What came and went for one person between two runs, and which runs changed more than facts."""

    seen: dict[EvidenceKey, int]
    gone: dict[EvidenceKey, int]
    identity_runs: frozenset[int]
    """Runs from which on another number of the person's accounts was known."""
    version_runs: frozenset[tuple[str, int]]
    """Signals, each with a run from which on another version of its file was in force."""
    days: dict[int, date]
    """What day each run was for."""


def moves_between(store: Store, person_id: str, after: int, until: int) -> EvidenceMoves:
    """What changed for this person by the runs after one, until and with another."""
    parameters = {"person": person_id, "after": after, "until": until}
    rows = "signal, occurred_on, source_kind, source_id"
    of_them = "person_id = $person"
    seen = store.con.execute(
        f"select {rows}, seen_by from evidence where {of_them} and seen_by > $after and seen_by <= $until "
        f"union all select {rows}, seen_by from evidence_past "
        f"where {of_them} and seen_by > $after and seen_by <= $until",
        parameters,
    ).fetchall()
    gone = store.con.execute(
        f"select {rows}, superseded_by from evidence_past "
        f"where {of_them} and superseded_by > $after and superseded_by <= $until order by superseded_by",
        parameters,
    ).fetchall()
    links = store.con.execute(
        f"select seen_by from account_log where {of_them} and seen_by > $after and seen_by <= $until "
        f"union select superseded_by from account_log "
        f"where {of_them} and superseded_by > $after and superseded_by <= $until",
        parameters,
    ).fetchall()
    span = {"after": after, "until": until}
    versions = store.con.execute(
        "select name, seen_by from rule_versions "
        "where kind = 'signal' and seen_by > $after and seen_by <= $until",
        span,
    ).fetchall()
    days = store.con.execute(
        "select run, as_of from runs where run > $after and run <= $until", span
    ).fetchall()
    return EvidenceMoves(
        {EvidenceKey(*row[:4]): row[4] for row in seen},
        {EvidenceKey(*row[:4]): row[4] for row in gone},
        frozenset(run for (run,) in links),
        frozenset((name.rpartition("/")[2].removesuffix(".sql"), run) for name, run in versions),
        dict(days),
    )
