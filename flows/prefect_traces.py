"""What a Prefect server of the operator's own kept of our nights about somebody, removed through its API.

Our own server's database is a folder of the home, which `privacy/traces.py` empties. Of another one there is
the API alone. It deletes runs, with their tasks, states and logs, and artifacts. It deletes no event, and no
page of its database is given back; so what stays is said, for whoever runs the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from privacy.traces import holds

FLOW = "nightly"
PAGE = 200
EVENTS = 50
"""The most that a server gives at once."""
LOGS_GO_SECONDS = 30
"""A server deletes the logs of a run after it answered; it is asked again for as long."""


class Removed(NamedTuple):
    """How many runs went with everything of theirs, and what is left to do by hand."""

    runs: int
    by_hand: list[str]


def purge(url: str, needles: Collection[str]) -> Removed:
    """Removes every run of ours on the server of this API that holds one of these texts. Raises OSError."""
    # the client knows how an operator's server is reached: keys, proxies, certificates; it takes two seconds
    import httpx
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            runs = list(_runs(client))
            named = [run for run in runs if holds("\n".join(_kept(client, run)).encode(), needles)]
            for run in named:
                _remove(client, run.id)
            by_hand = [*_left_in(client, [run.id for run in named]), *_events(client, runs, needles, url)]
    except httpx.HTTPError as error:
        raise OSError(
            f"the Prefect server at {url} did not do what it was asked: {type(error).__name__}"
        ) from None
    if named:
        by_hand.append(
            f"vacuum the database of the Prefect server at {url} (SQLite: vacuum; PostgreSQL: vacuum full): "
            f"the {len(named)} runs that named them are deleted, and readable in its file until then, and in "
            "its backups"
        )
    return Removed(len(named), by_hand)


def _runs(client: Any) -> Iterator[Any]:
    """Every run of a night, ours or of another home on the same server."""
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    nightly = FlowFilter(name=FlowFilterName(any_=[FLOW]))
    yield from _paged(lambda **page: client.read_flow_runs(flow_filter=nightly, **page))


def _kept(client: Any, run: Any) -> Iterator[str]:
    """All texts that the server has of a run."""
    yield run.model_dump_json()
    yield from (state.model_dump_json() for state in client.read_flow_run_states(run.id))
    for task_run in _tasks(client, run.id):
        yield task_run.model_dump_json()
        yield from (state.model_dump_json() for state in client.read_task_run_states(task_run.id))
    yield from (log.model_dump_json() for log in _logs(client, run.id))
    yield from (artifact.model_dump_json() for artifact in _artifacts(client, run.id))


def _remove(client: Any, run_id: Any) -> None:
    for artifact in list(_artifacts(client, run_id)):
        client.delete_artifact(artifact.id)
    client.delete_flow_run(run_id)


def _left_in(client: Any, run_ids: Sequence[Any]) -> Iterator[str]:
    """A sentence for every deleted run of which something stayed all the same."""
    deadline = time.monotonic() + LOGS_GO_SECONDS
    for run_id in run_ids:
        while (left := _remaining(client, run_id)) and time.monotonic() < deadline:
            time.sleep(0.5)
        if left:
            yield f"the Prefect server still has the {' and '.join(left)} of run {run_id}; delete them there"


def _remaining(client: Any, run_id: Any) -> list[str]:
    kinds = {"logs": _logs, "tasks": _tasks, "artifacts": _artifacts}
    return [kind for kind, read in kinds.items() if any(True for _ in read(client, run_id))]


def _events(client: Any, runs: Sequence[Any], needles: Collection[str], url: str) -> Iterator[str]:
    """A sentence where events of our nights name somebody: an event outlives its run.

    They are read and looked through here, as a server on an older SQLite cannot search their text.
    """
    from prefect.events.filters import EventFilter

    ids = [f"prefect.flow.{each}" for each in sorted({str(run.flow_id) for run in runs})]
    ids += [f"prefect.flow-run.{run.id}" for run in runs]
    times: dict[str, Any] = {}
    for first in range(0, len(ids), EVENTS):
        event_filter = EventFilter.model_validate({"any_resource": {"id": ids[first : first + EVENTS]}})
        page = client.read_events(event_filter, limit=EVENTS)
        while page is not None:
            times |= {
                str(event.id): event.occurred
                for event in page.events
                if holds(event.model_dump_json().encode(), needles)
            }
            page = client.read_events_page(page.next_page) if page.next_page else None
    if times:
        newest = max(times.values()).date()
        yield (
            f"{len(times)} events on the Prefect server at {url} name them, the last of {newest}, and its "
            "API deletes no event: they go with its retention of events, or delete these from its tables "
            f"events and event_resources: {', '.join(sorted(times))}"
        )


def _tasks(client: Any, run_id: Any) -> Iterator[Any]:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
    yield from _paged(lambda **page: client.read_task_runs(flow_run_filter=of_run, **page))


def _artifacts(client: Any, run_id: Any) -> Iterator[Any]:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
    yield from _paged(lambda **page: client.read_artifacts(flow_run_filter=of_run, **page))


def _logs(client: Any, run_id: Any) -> Iterator[Any]:
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

    of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
    yield from _paged(lambda **page: client.read_logs(log_filter=of_run, **page))


def _paged(read: Callable[..., list[Any]]) -> Iterator[Any]:
    """Page by page to the end; nothing may be deleted meanwhile."""
    offset = 0
    while page := read(limit=PAGE, offset=offset):
        yield from page
        offset += len(page)
        if len(page) < PAGE:
            return
