"""What the ledger says of every scope of a source, in a handful of queries however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from warehouse.store import Store


def statuses(store: Store, source: str, scopes: Iterable[str]) -> list[dict[str, Any]]:
    """What `sightline status` says of each of these scopes: stored, expected, gaps, last event."""
    counts: dict[str, list[tuple[str, int, int]]] = {}
    for scope, *count in store.con.execute(
        "select scope, kind, sum(expected)::bigint, sum(stored)::bigint from expected "
        "where source = ? group by scope, kind order by kind",
        [source],
    ).fetchall():
        counts.setdefault(scope, []).append((str(count[0]), count[1], count[2]))
    gaps: dict[str, list[dict[str, Any]]] = {}
    for scope, kind, start, end, reason, count in store.con.execute(
        "select scope, kind, min(starts_on), max(ends_on), reason, count(*) from gaps "
        "where source = ? group by scope, kind, reason order by all",
        [source],
    ).fetchall():
        gap = {"kind": kind, "from": str(start), "until": str(end), "reason": reason, "count": count}
        gaps.setdefault(scope, []).append(gap)
    last = dict(store.con.execute(_LAST_EVENTS, {"prefix": f"{source}:"}).fetchall())
    counted = {
        scope: (passed, str(counted_on))
        for scope, passed, counted_on in store.con.execute(
            "select scope, passed, ends_on from reconciled where source = ?", [source]
        ).fetchall()
    }
    return [
        {
            "source": source,
            "scope": scope,
            "records": {kind: stored for kind, _, stored in counts.get(scope, ())},
            "expected": {kind: expected for kind, expected, _ in counts.get(scope, ())},
            "complete": counted.get(scope, (False, None))[0] and scope not in gaps,
            "counted_on": counted.get(scope, (False, None))[1],
            "gaps": gaps.get(scope, []),
            "last_event": str(last[scope]) if last.get(scope) else None,
        }
        for scope in scopes
    ]


def all_complete(store: Store, source: str, scopes: Iterable[str]) -> bool:
    """Whether each of these scopes was held against its source, and misses nothing."""
    complete = {
        scope
        for (scope,) in store.con.execute(
            "select scope from reconciled where source = $source and passed "
            "and scope not in (select scope from gaps where source = $source)",
            {"source": source},
        ).fetchall()
    }
    return complete.issuperset(scopes)


_LAST_EVENTS = """
select substr(scope_key, length($prefix) + 1), max(day) from (
  select greatest(created_on, merged_on, closed_on) as day, pull_request_id as root_id from pull_requests
  union all select submitted_on, pull_request_id from reviews
  union all select created_on, parent_id from comments
  union all select greatest(created_on, closed_on), issue_id from issues
  union all select greatest(created_on, answered_on), discussion_id from discussions
  union all select greatest(opened_on, resolved_on), incident_id from incidents
  union all select starts_on, shift_id from oncall_shifts
  union all select held_on, interview_id from interviews
  union all select written_on, postmortem_id from postmortem_documents
) join scopes using (root_id) where starts_with(scope_key, $prefix) group by scope_key
"""
