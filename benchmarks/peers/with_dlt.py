"""dlt: its REST client and incremental cursors, merged into DuckDB; reviews of what moved."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator

base, repository, state, out = sys.argv[1:]
client = RESTClient(
    base_url=f"{base}/api/v3/repos/{repository}",
    auth=BearerTokenAuth("sandbox-token"),
    paginator=HeaderLinkPaginator(),
)
LONG_AGO = "2008-01-01T00:00:00Z"
LAST_UPDATED_FIRST = dlt.sources.incremental("updated_at", initial_value=LONG_AGO, row_order="desc")
ANY_ORDER = dlt.sources.incremental("updated_at", initial_value=LONG_AGO)


@dlt.resource(primary_key="node_id", write_disposition="merge", max_table_nesting=0)
def pulls(
    updated: Any = LAST_UPDATED_FIRST,  # noqa: ARG001  dlt stops the walk by it
) -> Iterator[Any]:
    yield from client.paginate(
        "/pulls", params={"state": "all", "sort": "updated", "direction": "desc", "per_page": 100}
    )


@dlt.transformer(data_from=pulls, primary_key="node_id", write_disposition="merge", max_table_nesting=0)
def reviews(page: Any) -> Iterator[Any]:
    for pull in page:
        yield from client.paginate(f"/pulls/{pull['number']}/reviews", params={"per_page": 100})


def feed(path: str, name: str) -> Any:
    @dlt.resource(name=name, primary_key="node_id", write_disposition="merge", max_table_nesting=0)
    def comments(
        updated: Any = ANY_ORDER,
    ) -> Iterator[Any]:
        since = {"since": updated.last_value, "sort": "updated", "direction": "asc", "per_page": 100}
        yield from client.paginate(path, params=since)

    return comments


pipeline = dlt.pipeline(
    "peers", pipelines_dir=state, destination=dlt.destinations.duckdb(f"{state}/dlt.duckdb")
)
pipeline.run(
    [pulls, reviews, feed("/pulls/comments", "review_comments"), feed("/issues/comments", "comments")]
)
held = {}
with pipeline.sql_client() as sql:
    for table in ("pulls", "reviews", "review_comments", "comments"):
        rows = sql.execute_sql(f"select node_id from {table}") or []
        held["pull_requests" if table == "pulls" else table] = [row[0] for row in rows]
Path(out).write_text(json.dumps(held))
