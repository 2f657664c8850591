"""The completeness ledger: what the source says exists, held against what is stored.

Nothing else in Sightline may say "none seen": that state is legal only where this ledger passed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from connectors.records import Counted, Gap, Inventory
from warehouse.rows import ROOT_KEYS
from warehouse.store import Store

Reason = Literal["missing", "counts_differ", "vanished", "threads_differ"]
"""Why an object is fetched again: not stored, other counts, stored and no longer listed, other threads."""

EVERYTHING = "*"
"""The kind of the gap that a scope has until a night reads it to its end; no connector tells it."""
MOST_TRIED_AGAIN = 100
"""Objects with a gap that one night asks for again, of each kind in a scope."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An object of which the source says something else than what is stored."""

    kind: str
    object_id: str
    created_on: date
    reason: Reason


_TOTALS = ("reviews", "dismissed", "threads", "comments", "all_comments", "answers")
"""What an inventory may count below an object."""

_LISTED = f"""
with listed as (
  select row.* from (select unnest(from_json_strict($listed::json, '[{{
    "kind": "varchar", "object_id": "varchar", "created_on": "date",
    {", ".join(f'"{name}": "bigint"' for name in _TOTALS)}}}]')) as row)
)"""

_COMPARED = f"""{_LISTED}, kept as (
  select root_kind as kind, root_id as object_id from scopes
  where scope_key = $scope_key and ($only is null or list_contains($only, root_id))
    and not list_contains($unlisted, root_kind)
), counted as (
  select
    kept.kind, kept.object_id, pull_requests.created_on,
    (select count(*) from reviews where pull_request_id = kept.object_id)
      + pull_requests.reviews_left_out as reviews,
    (select count(*) from reviews where pull_request_id = kept.object_id and state = 'dismissed')
      as dismissed,
    (select count(*) from review_threads where pull_request_id = kept.object_id) as threads,
    (select count(*) from comments where parent_id = kept.object_id) as comments,
    pull_requests.all_comments_total as all_comments,
    null::bigint as answers,
    (select count(*) from review_comments where pull_request_id = kept.object_id)
      = pull_requests.review_comments_total as is_complete
  from kept join pull_requests on pull_request_id = object_id
  where kept.kind = 'pull_requests'
  union all
  select
    kept.kind, kept.object_id, issues.created_on, null, null, null,
    (select count(*) from comments where parent_id = kept.object_id), null, null, true
  from kept join issues on issue_id = object_id
  where kept.kind = 'issues'
  union all
  select
    kept.kind, kept.object_id, discussions.created_on, null, null, null, null, null,
    (discussions.answered_on is not null)::bigint, true
  from kept join discussions on discussion_id = object_id
  where kept.kind = 'discussions'
  union all
  select kept.kind, kept.object_id, null, null, null, null, null, null, null, true
  from kept where kept.kind not in ('pull_requests', 'issues', 'discussions', 'repositories')
)
select
  coalesce(listed.kind, counted.kind), coalesce(listed.object_id, counted.object_id),
  coalesce(listed.created_on, counted.created_on, current_date),
  case when counted.object_id is null then 'missing'
    when listed.object_id is null then 'vanished'
    else 'counts_differ' end
from listed full join counted on listed.kind = counted.kind and listed.object_id = counted.object_id
where counted.object_id is null or listed.object_id is null or not counted.is_complete
  or {" or ".join(f"coalesce(listed.{it}, counted.{it}) is distinct from counted.{it}" for it in _TOTALS)}
order by 1, 2
"""

_BY_QUARTER = f"""{_LISTED}, named as (
  select *, strftime(created_on, '%Y') || 'Q' || quarter(created_on) as quarter from listed
), wanted as (
  select quarter, kind, object_id, 1 as expected from named
  union all select quarter, 'reviews', object_id, reviews from named where reviews is not null
  union all select quarter, 'review_threads', object_id, threads from named where threads is not null
  union all select quarter, 'comments', object_id, comments from named where comments is not null
  union all
  select quarter, 'review_comments', object_id, review_comments_total
  from named join pull_requests on pull_request_id = object_id
  where kind = 'pull_requests'
), kept as (
  -- of this scope alone: whatever else is stored would be counted again for every scope
  select 'pull_requests' as kind, pull_request_id as object_id, 1 as stored from pull_requests
    semi join named on pull_request_id = named.object_id
  union all select 'issues', issue_id, 1 from issues semi join named on issue_id = object_id
  union all select 'discussions', discussion_id, 1 from discussions
    semi join named on discussion_id = object_id
  union all select 'incidents', incident_id, 1 from incidents semi join named on incident_id = object_id
  union all select 'oncall_shifts', shift_id, 1 from oncall_shifts semi join named on shift_id = object_id
  union all select 'interviews', interview_id, 1 from interviews semi join named on interview_id = object_id
  union all select 'postmortem_documents', postmortem_id, 1 from postmortem_documents
    semi join named on postmortem_id = object_id
  union all select 'reviews', pull_request_id, count(*) from reviews
    semi join named on reviews.pull_request_id = object_id group by all
  union all select 'reviews', pull_request_id, reviews_left_out from pull_requests
    semi join named on pull_request_id = named.object_id
  union all select 'review_threads', pull_request_id, count(*) from review_threads
    semi join named on review_threads.pull_request_id = object_id group by all
  union all select 'review_comments', pull_request_id, count(*) from review_comments
    semi join named on review_comments.pull_request_id = object_id group by all
  union all select 'comments', parent_id, count(*) from comments
    semi join named on comments.parent_id = object_id group by all
), kept_once as (
  select kind, object_id, sum(stored) as stored from kept group by all
)
insert into expected
select $source, $scope, quarter, wanted.kind, sum(expected), coalesce(sum(stored), 0)
from wanted left join kept_once on wanted.kind = kept_once.kind and wanted.object_id = kept_once.object_id
group by quarter, wanted.kind
"""

_CREATED = {
    kind: f"select root_id, {day} from scopes join {kind} on root_id = {key} "
    f"where scope_key = ? and root_kind = ? and {day} >= ? and {day} < ?"
    for kind, key, day in (
        ("incidents", "incident_id", "opened_on"),
        ("oncall_shifts", "shift_id", "starts_on"),
    )
}
"""What is stored of a kind, by the day it was created."""

_STORED = "select root_id from scopes where scope_key = $scope_key"

_LOOSE = f"source = $source and scope = $scope and (object_id is null or object_id not in ({_STORED}))"
"""Gaps that are in no stored object: nothing that is written later can close them by itself."""

_FORGET_OWN = """
delete from gaps
where source = $source and scope = $scope and (kind = $everything or list_contains($reasons, reason))
"""


def differences(
    store: Store,
    source: str,
    scope: str,
    listed: Sequence[Inventory],
    only: Sequence[str] | None = None,
    unlisted: Collection[str] = (),
) -> list[Difference]:
    """What has to be fetched again, or forgotten, so that store and source agree.

    `only` names the objects that were asked about, if not all of the scope was; `unlisted` the kinds that the
    source would not list, of which it says nothing.
    """
    rows = store.con.execute(
        _COMPARED,
        {
            "listed": _as_json(listed),
            "scope_key": f"{source}:{scope}",
            "only": None if only is None else list(only),
            "unlisted": list(unlisted),
        },
    ).fetchall()
    return [Difference(*row) for row in rows]


def as_listed(
    store: Store, source: str, scope: str, inventories: Iterable[Inventory | Counted]
) -> list[Inventory] | None:
    """What the source told, its counts as lists of what is stored; None if one of the counts is another."""
    listed: list[Inventory] = []
    for each in inventories:
        if isinstance(each, Inventory):
            listed.append(each)
            continue
        rows = store.con.execute(
            _CREATED[each.kind], [f"{source}:{scope}", each.kind, each.starts_on, each.ends_on]
        ).fetchall()
        if each.count is not None and each.count != len(rows):
            return None
        listed += [Inventory(each.kind, object_id, created_on) for object_id, created_on in rows]
    return listed


def close_books(
    store: Store,
    source: str,
    scope: str,
    listed: Sequence[Inventory],
    remaining: Sequence[Difference],
    reported: Sequence[Gap],
    span: tuple[date, date],
    *,
    was_read_completely: bool,
    names_all: bool = False,
) -> list[Gap]:
    """Writes down how the reconciliation of one scope ended; returns the gaps that are left.

    `reported` are tonight's gaps from the connector. A gap in a stored object stays until the object is
    written again without it; any other stays until the scope was read from its beginning without it. Where
    `listed` names all there is, it also closes the gaps of objects that once came without a name.
    """
    starts_on, ends_on = span
    gaps_found = [
        Gap(difference.kind, difference.created_on, ends_on, difference.reason, difference.object_id)
        for difference in remaining
    ]
    here = {"source": source, "scope": scope, "scope_key": f"{source}:{scope}"}
    with store.transaction():
        own = {"everything": EVERYTHING, "reasons": list(get_args(Reason))}
        store.con.execute(_FORGET_OWN, {"source": source, "scope": scope} | own)
        stored = {key for (key,) in store.con.execute(_STORED, {"scope_key": here["scope_key"]}).fetchall()}
        loose = [gap for gap in reported if gap.object_id not in stored]
        if not was_read_completely:
            loose += [
                gap
                for gap in ledger_gaps(store, source, scope)
                if gap.object_id not in stored and not (names_all and _is_nameless(gap))
            ]
        store.con.execute(f"delete from gaps where {_LOOSE}", here)
        store.add_gaps(source, scope, [*gaps_found, *_joined(loose)])
        gaps = ledger_gaps(store, source, scope)
        for table in ("expected", "reconciled"):
            store.con.execute(f"delete from {table} where source = ? and scope = ?", [source, scope])
        store.con.execute(_BY_QUARTER, {"listed": _as_json(listed), "source": source, "scope": scope})
        store.con.execute(
            "insert into reconciled values (?, ?, ?, ?, ?)", [source, scope, starts_on, ends_on, not gaps]
        )
    return gaps


def needs_reading_again(
    store: Store, source: str, scope: str, reported: Iterable[Gap], *, names_all: bool = False
) -> bool:
    """Whether the scope has a gap of an earlier night that nothing but reading it from the top can close."""
    return any(
        gap.object_id is None and not (names_all and _is_nameless(gap))
        for gap in _of_earlier_nights(store, source, scope, reported)
    )


def objects_to_try_again(
    store: Store, source: str, scope: str, reported: Iterable[Gap]
) -> dict[str, list[str]]:
    """Objects that lacked something on an earlier night, by the table they are roots of."""
    roots = dict(
        store.con.execute(
            "select root_id, root_kind from scopes where scope_key = ?", [f"{source}:{scope}"]
        ).fetchall()
    )
    by_kind: dict[str, list[str]] = {}
    for gap in _of_earlier_nights(store, source, scope, reported):
        kind = roots.get(gap.object_id, gap.kind)
        if gap.object_id is not None and kind in ROOT_KEYS:
            by_kind.setdefault(kind, []).append(gap.object_id)
    return {kind: list(dict.fromkeys(ids))[:MOST_TRIED_AGAIN] for kind, ids in by_kind.items()}


def _of_earlier_nights(store: Store, source: str, scope: str, reported: Iterable[Gap]) -> list[Gap]:
    tonight = {(gap.kind, gap.reason, gap.object_id) for gap in reported}
    return [
        gap
        for gap in ledger_gaps(store, source, scope)
        if gap.kind != EVERYTHING
        and gap.reason not in get_args(Reason)
        and (gap.kind, gap.reason, gap.object_id) not in tonight
    ]


def _is_nameless(gap: Gap) -> bool:
    """Some object of a kind that is listed by name came without one."""
    return gap.object_id is None and gap.kind in ROOT_KEYS


def note_repairs(store: Store, source: str, scope: str, day: date, differences: Iterable[Difference]) -> None:
    """Remembers what a count found different, by kind and reason."""
    counts = Counter((difference.kind, difference.reason) for difference in differences)
    store.insert(
        "repairs",
        [
            {"source": source, "scope": scope, "day": day, "kind": kind, "reason": reason, "objects": count}
            for (kind, reason), count in sorted(counts.items())
        ],
    )


def known_scopes(store: Store, source: str) -> list[str]:
    """Every scope of this source that was ever fetched, or tried."""
    rows = store.con.execute(
        "select scope from reconciled where source = $source "
        "union select scope from gaps where source = $source "
        "union select scope from cursors where source = $source order by scope",
        {"source": source},
    ).fetchall()
    return [str(scope) for (scope,) in rows]


def holds_anything(store: Store, source: str, scope: str) -> bool:
    """Whether anything but the repository itself is stored under this scope."""
    row = store.con.execute(
        "select count(*) from scopes where scope_key = ? and root_kind != 'repositories'",
        [f"{source}:{scope}"],
    ).fetchone()
    return bool(row and row[0])


def forget_scope(store: Store, source: str, scope: str) -> None:
    """Drops what was noted about a scope that holds nothing any more."""
    with store.transaction():
        for table in ("cursors", "reconciled", "expected", "gaps"):
            store.con.execute(f"delete from {table} where source = ? and scope = ?", [source, scope])


def never_reconciled(store: Store, source: str, scopes: Iterable[str]) -> list[str]:
    """Those of these scopes that no night has read and counted to the end yet."""
    rows = store.con.execute("select scope from reconciled where source = ?", [source]).fetchall()
    return sorted(set(scopes) - {str(scope) for (scope,) in rows})


def trusted_until(store: Store, source: str, scope: str, fills: Collection[str]) -> date | None:
    """The day from which on a scope is open that is not read tonight; None: all days are.

    A table that this source did not fill when it was last told of was never read, whatever else was.
    """
    day, known = store.con.execute(
        "select (select ends_on from reconciled where source = $source and scope = $scope), "
        "(select arg_max(fills, run) from source_log where source = $source)",
        {"source": source, "scope": scope},
    ).fetchall()[0]
    if day is None or not {*fills} <= {*(fills if known is None else known)}:
        return None
    open_since = [gap.starts_on for gap in ledger_gaps(store, source, scope) if gap.kind == EVERYTHING]
    trusted: date = min([day, *open_since])
    return trusted


def leave_open(store: Store, source: str, scope: str, gap: Gap) -> None:
    """Writes down that a scope could not be fetched or held against its source to the end."""
    with store.transaction():
        store.con.execute(
            "delete from gaps where source = ? and scope = ? and kind = ?", [source, scope, EVERYTHING]
        )
        store.add_gaps(source, scope, [gap])


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """One gap for each thing that is missing, over all the days it was missing for."""
    joined: dict[tuple[str, str, str | None], Gap] = {}
    for gap in gaps:
        key = (gap.kind, gap.reason, gap.object_id)
        earlier = joined.get(key, gap)
        span = min(earlier.starts_on, gap.starts_on), max(earlier.ends_on, gap.ends_on)
        joined[key] = Gap(gap.kind, *span, gap.reason, gap.object_id)
    return list(joined.values())


def ledger_gaps(store: Store, source: str, scope: str) -> list[Gap]:
    """What is known to be missing here."""
    rows = store.con.execute(
        "select kind, starts_on, ends_on, reason, object_id from gaps "
        "where source = ? and scope = ? order by all",
        [source, scope],
    ).fetchall()
    return [Gap(*row) for row in rows]


def _as_json(listed: Sequence[Inventory]) -> str:
    return json.dumps(
        [
            {"kind": item.kind, "object_id": item.object_id, "created_on": item.created_on.isoformat()}
            | dict.fromkeys(_TOTALS)
            | dict(item.totals)
            for item in listed
        ]
    )
