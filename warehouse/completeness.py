"""How far each source can be trusted for a window, table by table: `none seen` is legal only on this word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from warehouse.rows import CHILDREN
from warehouse.store import Store


@dataclass(frozen=True, slots=True)
class SourceWindow:
    """How far one source can be trusted for one window, over all its scopes."""

    source: str
    kinds: frozenset[str]
    """The tables it fills."""
    from_day: date | None
    through_day: date | None
    complete: bool
    because: str | None
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Tables that miss something, and why; `checks` where those may not be read, which leaves tables whole.

    Empty where it is not complete: then none of `kinds` is sure.
    """


_WITH: Mapping[str, frozenset[str]] = {
    **{child: frozenset({child}) for children in CHILDREN.values() for child, _ in children},
    # which commit was the head when review was asked is told by both, and kept with the pull request
    "commits": frozenset({"commits", "commit_authors", "pull_requests"}),
    "pull_request_events": frozenset({"pull_request_events", "pull_requests"}),
    "review_threads": frozenset({"review_threads", "review_comments"}),
    # fixes are named by what was done in an incident
    "incident_actions": frozenset({"incident_actions", "incident_fixes"}),
    "postmortem_authors": frozenset({"postmortem_authors", "postmortem_documents"}),
    **{
        root: frozenset({root, *(child for child, _ in children)})
        for root, children in CHILDREN.items()
        if root != "repositories"
    },
}
"""Kind of a gap -> the tables that may lack rows, or hold wrong ones, because of it.

This is the one place that says so. A kind that is not here, repositories among them, leaves everything open.
"""


CHECKS = "checks"
"""What a source lacks whose checks may not be read: a column, and no table."""
COLUMNS_APART: Mapping[str, str] = {"checks_at_review": CHECKS}
"""Columns that need a permission of their own -> the name under which they are lacking without it."""


def left_open_by(kind: str, fills: Collection[str]) -> frozenset[str]:
    """Which of these tables of a source cannot be relied on for absence while it has a gap of this kind."""
    return _WITH.get(kind, frozenset()) & frozenset(fills) or frozenset(fills)


def source_window(
    store: Store, source: str, kinds: Iterable[str], scopes: Sequence[str], span: tuple[date, date]
) -> SourceWindow:
    """Whether everything this source has for these days (half-open) is here, over all of its scopes."""
    begin, end = span
    fills = frozenset(kinds)
    days_of = {
        str(scope): (starts_on, ends_on)
        for scope, starts_on, ends_on in store.con.execute(
            "select scope, starts_on, ends_on from reconciled where source = ?", [source]
        ).fetchall()
    }
    wanted = {*scopes}
    gaps = {
        (str(kind), str(reason).replace("_", " "))
        for scope, kind, reason in store.con.execute(
            "select distinct scope, kind, reason from gaps "
            "where source = ? and starts_on < ? and ends_on > ?",
            [source, end, begin],
        ).fetchall()
        if scope in wanted
    }
    spans = [days_of[scope] for scope in scopes if scope in days_of]
    from_day = max((starts_on for starts_on, _ in spans), default=None)
    through_day = min((ends_on for _, ends_on in spans), default=None)
    because = None
    lacks: dict[str, str] = {}
    if len(spans) < len(scopes) or not scopes:
        because = f"{source} was not fetched for {len(scopes) - len(spans) or 'any'} of its scopes"
    elif from_day is not None and from_day > begin:
        because = f"{source} is only asked about days from {from_day}"
    elif through_day is not None and through_day < end:
        because = f"{source} was last complete on {through_day}"
    elif gaps:
        because = _lacking(source, gaps)
        lacks = _lacks(gaps, fills)
    if (
        (because is None or lacks)
        and "pull_requests" in fills
        and _has_refused_checks(store, source, wanted, span)
    ):
        lacks[CHECKS] = "forbidden"
    return SourceWindow(source, fills, from_day, through_day, because is None, because, lacks)


def former_scopes(store: Store, source: str, now: Collection[str], since: date) -> list[str]:
    """Scopes that are not asked about now, were within the days from `since` on, and hold something still.

    What a renamed scope held is stored under its new name, and so is nothing that is missing.
    """
    rows = store.con.execute(
        "select scope from reconciled where source = $source and ends_on > $since and exists ("
        "select 1 from scopes where scope_key = $source || ':' || scope and root_kind <> 'repositories') "
        "order by scope",
        {"source": source, "since": since},
    ).fetchall()
    return [str(scope) for (scope,) in rows if scope not in now]


def _has_refused_checks(store: Store, source: str, scopes: Collection[str], span: tuple[date, date]) -> bool:
    """Whether a pull request that was open or merged in these days has checks that may not be read."""
    row = store.con.execute(
        "select 1 from pull_requests "
        "join scopes on root_kind = 'pull_requests' and root_id = pull_request_id "
        "where checks_at_review = 'refused' and list_contains($keys, scope_key) "
        "and created_on < $end and coalesce(merged_on, closed_on, $end) >= $begin limit 1",
        {"keys": [f"{source}:{scope}" for scope in scopes], "begin": span[0], "end": span[1]},
    ).fetchone()
    return row is not None


def _lacks(gaps: Collection[tuple[str, str]], fills: frozenset[str]) -> dict[str, str]:
    reasons: dict[str, set[str]] = {}
    for kind, reason in gaps:
        for table in left_open_by(kind, fills):
            reasons.setdefault(table, set()).add(reason)
    return {table: ", ".join(sorted(codes)) for table, codes in sorted(reasons.items())}


def _lacking(source: str, gaps: Collection[tuple[str, str]]) -> str:
    """`github lacks discussions (forbidden)`; only the reasons where it is about more than some kinds."""
    if any(kind not in _WITH for kind, _ in gaps):
        return f"{source} was incomplete in the window ({', '.join(sorted({why for _, why in gaps}))})"
    named: dict[str, list[str]] = {}
    for kind, reason in sorted(gaps):
        named.setdefault(kind.replace("_", " "), []).append(reason)
    return f"{source} lacks " + ", ".join(f"{kind} ({', '.join(why)})" for kind, why in named.items())
