"""Scopes that are called something else by now: what was read under the old name goes on under the new."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.ledger import forget_scope
from warehouse.store import Store

_NOTED = ("cursors", "reconciled", "expected", "gaps", "repairs")
"""What is noted about a scope by its name; `scopes` says what it holds."""


def repositories_read(store: Store, source: str) -> dict[str, str]:
    """The scopes of this source that are one repository, and which one."""
    rows = store.con.execute(
        "select scope_key, any_value(root_id) from scopes "
        "where root_kind = 'repositories' and starts_with(scope_key, ? || ':') "
        "group by scope_key having count(*) = 1",
        [source],
    ).fetchall()
    return {str(key).removeprefix(f"{source}:"): str(root_id) for key, root_id in rows}


def follow_scopes(store: Store, source: str, tonight: Mapping[str, str]) -> dict[str, str]:
    """Moves what was read to today's names; `tonight` says which repository each scope is.

    Returns the moves. A name that means another repository tonight is read from its beginning.
    """
    stored = repositories_read(store, source)
    today = {repository_id: scope for scope, repository_id in tonight.items()}
    moves = {
        scope: today[repository_id]
        for scope, repository_id in stored.items()
        if today.get(repository_id, scope) != scope
    }
    replaced = [
        scope for scope, repository_id in tonight.items() if stored.get(scope, repository_id) != repository_id
    ]
    for scope in {*replaced, *moves.values()} - {*moves}:
        forget_scope(store, source, scope)
    if moves:
        # All in one statement a table: two repositories may have swapped their names.
        names = {"source": source, "olds": [*moves], "news": [*moves.values()]}
        with store.transaction():
            for table in _NOTED:
                store.con.execute(
                    f"update {table} set scope = $news[list_position($olds, scope)] "
                    "where source = $source and list_contains($olds, scope)",
                    names,
                )
            store.con.execute(
                "update scopes set scope_key = $news[list_position($olds, scope_key)] "
                "where list_contains($olds, scope_key)",
                {name: [f"{source}:{scope}" for scope in names[name]] for name in ("olds", "news")},
            )
    return moves
