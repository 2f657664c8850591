"""Whether a fetch has brought anything that is not stored already: a quiet repository is written once."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from connectors.records import Batch, Repository


def is_unchanged(con: duckdb.DuckDBPyConnection, source: str, scope: str, batches: Sequence[Batch]) -> bool:
    """True if these batches hold nothing but a repository and a cursor, both as they are stored."""
    roots = [root for batch in batches for root in batch.roots]
    if any(batch.gaps or batch.gone for batch in batches) or len(roots) != 1:
        return False
    [root] = roots
    if not isinstance(root, Repository):
        return False
    rows = con.execute(
        """
        select cursor from repositories
        join scopes on root_kind = 'repositories' and root_id = repository_id and scope_key = $scope_key
        join cursors on cursors.source = $source and cursors.scope = $scope
        where repository_id = $repository_id and name = $name and url = $url and is_archived = $is_archived
        """,
        {
            "scope_key": f"{source}:{scope}",
            "source": source,
            "scope": scope,
            "repository_id": root.repository_id,
            "name": root.name,
            "url": root.url,
            "is_archived": root.is_archived,
        },
    ).fetchall()
    cursors = {batch.cursor for batch in batches if batch.cursor}
    return len(rows) == 1 and cursors <= {str(rows[0][0])}
