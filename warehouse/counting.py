"""Which scopes are counted tonight, and which objects of the others are looked at.

Counting everything every night is right and, past some size, most of what a night costs. So what fits a quota
is counted, the longest uncounted first, and everything at least once a week; of the rest a random sample is.
`reconciled` holds the day of the last count, and nothing is called absent after that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from warehouse.ledger import ledger_gaps
from warehouse.store import Store

COUNTED_WITHIN = timedelta(days=7)
COUNTED_A_NIGHT = 100
"""Requests. An organisation that takes no more than this is counted whole every night."""
LISTED_AT_ONCE = 100
SAMPLED_A_NIGHT = 300


def due(store: Store, source: str, scopes: Sequence[str], today: date) -> set[str]:
    """The scopes to count tonight.

    Always: what was never counted, did not pass, or was last counted a week ago. Then, as far as the quota
    goes, what was counted the longest ago.
    """
    counted = {
        str(scope): (ends_on, bool(passed))
        for scope, ends_on, passed in store.con.execute(
            "select scope, ends_on, passed from reconciled where source = ?", [source]
        ).fetchall()
    }
    price = prices(store, source, scopes)
    chosen = {
        scope
        for scope in scopes
        if scope not in counted or not counted[scope][1] or counted[scope][0] <= today - COUNTED_WITHIN
    }
    quota = max(COUNTED_A_NIGHT, -(-sum(price.values()) // COUNTED_WITHIN.days))
    quota -= sum(price[scope] for scope in chosen)
    for scope in sorted(set(scopes) - chosen, key=lambda scope: (counted[scope][0], scope)):
        quota -= price[scope]
        if quota < 0:
            break
        chosen.add(scope)
    return chosen


def prices(store: Store, source: str, scopes: Sequence[str]) -> dict[str, int]:
    """Requests that counting each of these takes, by what is stored of it."""
    held = {
        str(key): int(count)
        for key, count in store.con.execute(
            "select scope_key, count(*) from scopes where starts_with(scope_key, ? || ':') group by all",
            [source],
        ).fetchall()
    }
    return {scope: 1 + held.get(f"{source}:{scope}", 0) // LISTED_AT_ONCE for scope in scopes}


def has_gap(store: Store, source: str, scope: str) -> bool:
    """Whether anything is missing here: then only a count can say that it no longer is."""
    return bool(ledger_gaps(store, source, scope))


def sample(store: Store, source: str, scopes: Sequence[str], today: date) -> list[tuple[str, str, str]]:
    """Stored objects of these scopes, taken at random: scope, kind and id. Another night takes others."""
    rows = store.con.execute(
        "select scope_key, root_kind, root_id from scopes "
        "where root_kind != 'repositories' and list_contains($keys, scope_key) "
        "order by hash(root_id || $night), root_id limit $count",
        {
            "keys": [f"{source}:{scope}" for scope in scopes],
            "night": today.isoformat(),
            "count": SAMPLED_A_NIGHT,
        },
    ).fetchall()
    return [(str(key).removeprefix(f"{source}:"), str(kind), str(root)) for key, kind, root in rows]


@dataclass(frozen=True, slots=True)
class StoredThread:
    """A review thread as it was read last, with the pull request that it stands on."""

    thread_id: str
    pull_request_id: str
    created_on: date
    is_resolved: bool
    is_outdated: bool
    resolver_id: str | None


def threads_due(store: Store, source: str, scope: str, today: date) -> list[StoredThread]:
    """The threads of a scope whose day of the week has come since it was last counted."""
    rows = store.con.execute(
        "select thread_id, pull_request_id, created_on, is_resolved, is_outdated, resolver_id "
        "from review_threads join pull_requests using (pull_request_id) "
        "join scopes on root_kind = 'pull_requests' and root_id = pull_request_id "
        "where scope_key = $scope_key and (hash(pull_request_id) % $week + $day) % $week < $days "
        "order by thread_id",
        {
            "scope_key": f"{source}:{scope}",
            "week": COUNTED_WITHIN.days,
            "day": today.toordinal() % COUNTED_WITHIN.days,
            "days": days_since_count(store, source, scope, today),
        },
    ).fetchall()
    return [StoredThread(*row) for row in rows]


def days_since_count(store: Store, source: str, scope: str, today: date) -> int:
    """Days since a scope was held against its source, up to a week; a week where it never was."""
    row = store.con.execute(
        "select ends_on from reconciled where source = ? and scope = ?", [source, scope]
    ).fetchone()
    return max(0, min((today - row[0]).days, COUNTED_WITHIN.days)) if row else COUNTED_WITHIN.days
