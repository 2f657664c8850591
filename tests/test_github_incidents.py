"""Incidents that are kept as issues: who did what in them, and where the trace ends."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import Refused
from connectors.github.incidents.connector import GitHubIncidents
from connectors.github.incidents.payloads import IncidentLabels, incident, severity
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Incident
from sandbox import model
from sandbox.server import Running, running
from sandbox.world import World

PAYLOADS = Path(__file__).parent / "payloads" / "github"
SCOPE = "acme/operations"
LABELS = IncidentLabels("sev", ("follow-up",), ("postmortem",))


def test_an_incident_is_told_by_its_days_and_severity() -> None:
    found = an_incident()
    assert (found.opened_on, found.resolved_on, found.severity) == (
        date(2026, 4, 1),
        date(2026, 4, 1),
        "sev2",
    )


def test_who_did_what_is_told_in_order() -> None:
    told = [(one.kind, one.actor and one.actor.login, one.by_hand) for one in an_incident().actions]
    assert told == [
        ("declared", "helper", False),
        ("responded", "ben", True),
        ("responded", "ana", True),
        ("updated", "ben", True),
        ("updated", "helper", False),
        ("fixed", "ana", True),
        ("resolved", "ana", True),
        ("followup_assigned", "ana", True),
        ("postmortem", "ben", True),
        ("followup_completed", "ana", True),
    ]
    assert [one.position for one in an_incident().actions] == list(range(10))


def test_a_comment_after_the_end_is_no_update() -> None:
    assert "IC_93" not in {one.action_id for one in an_incident().actions}


def test_while_an_incident_is_open_every_comment_is_an_update_and_nobody_resolved_it() -> None:
    found = an_incident(state="OPEN", closedAt=None)
    assert [one.kind for one in found.actions].count("updated") == 3
    assert "resolved" not in {one.kind for one in found.actions}


def test_the_last_closing_resolves_and_not_one_that_was_reopened() -> None:
    resolved = [one for one in an_incident().actions if one.kind == "resolved"]
    assert [one.action_id for one in resolved] == ["CE_9"]


def test_a_fix_is_a_merged_pull_request_from_after_the_beginning_named_once() -> None:
    assert an_incident().fix_pull_requests == ("acme/queue#90",)


def test_an_issue_that_only_mentions_the_incident_is_no_follow_up() -> None:
    assert not [one for one in an_incident().actions if "I_11" in one.action_id]


@pytest.mark.parametrize(
    ("reason", "is_done"), [("COMPLETED", True), ("NOT_PLANNED", False), ("DUPLICATE", False)]
)
def test_a_follow_up_that_was_dropped_is_not_completed(reason: str, is_done: bool) -> None:
    kinds = {one.kind for one in an_incident(follow_up={"stateReason": reason}).actions}
    assert ("followup_completed" in kinds) is is_done


def test_an_issue_labelled_as_post_mortem_is_one() -> None:
    found = an_incident(follow_up={"labels": {"nodes": [{"name": "postmortem"}]}})
    assert [one.actor.login for one in found.actions if one.kind == "postmortem" and one.actor] == [
        "ben",
        "ben",
    ]


def test_a_duplicate_names_the_incident_it_belongs_to() -> None:
    marked = {"__typename": "MarkedAsDuplicateEvent", "id": "MD_1", "createdAt": "2026-04-01T09:00:00Z"}
    marked |= {"canonical": {"id": "I_1"}, "duplicate": {"id": "I_9"}}
    events = _payload("incident")["timelineItems"]["nodes"]
    assert an_incident(timelineItems={"nodes": [*events, marked]}).merged_into == "I_1"
    other_way = marked | {"canonical": {"id": "I_9"}, "duplicate": {"id": "I_1"}}
    assert an_incident(timelineItems={"nodes": [*events, other_way]}).merged_into is None


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["sev1"], "sev1"),
        (["SEV-2"], "sev2"),
        (["sev: 3"], "sev3"),
        (["severity/high"], "high"),
        (["severe weather"], None),
        (["several people involved in this one"], None),
        ([], None),
    ],
)
def test_a_severity_is_a_short_word_after_the_prefix(labels: list[str], expected: str | None) -> None:
    assert severity(labels, "sev") == expected


def test_no_text_and_no_time_is_left_in_the_record() -> None:
    written = json.dumps(dataclasses.asdict(an_incident()), default=str)
    for text in ("stuck", "Depth", "Thanks", "08:00", "T1"):
        assert text not in written


def test_actions_are_not_named_after_people() -> None:
    for one in an_incident().actions:
        assert "U_" not in one.action_id


def test_incidents_arrive_with_their_follow_ups() -> None:
    with reading(a_world()) as (source, _):
        batches = list(source.fetch(SCOPE, None))
    found = incidents(batches)
    assert set(found) == {"I_1", "I_2"}
    assert {one.kind for one in found["I_1"].actions} == {
        *("declared", "responded", "updated", "resolved", "followup_assigned", "followup_completed")
    }
    assert found["I_2"].merged_into == "I_1"


def test_a_follow_up_done_later_arrives_though_the_incident_has_not_moved() -> None:
    world = a_world()
    follow_up = world.nodes["I_3"]
    done_at, follow_up.closed_at = follow_up.closed_at, None
    with reading(world) as (source, _):
        batches = list(source.fetch(SCOPE, None))
        follow_up.closed_at = done_at
        again = incidents(source.fetch(SCOPE, batches[-1].cursor))
    assert "followup_completed" not in {one.kind for one in incidents(batches)["I_1"].actions}
    assert "followup_completed" in {one.kind for one in again["I_1"].actions}


def test_what_has_not_moved_for_90_days_is_not_read_again() -> None:
    world = a_world(days_ago=120)
    with reading(world) as (source, _):
        cursor = list(source.fetch(SCOPE, None))[-1].cursor
        before = source.spent()
        assert incidents(source.fetch(SCOPE, cursor)) == {}
        assert source.spent() == (before[0] + 1, before[1] + 1)


def test_every_incident_of_many_pages_is_listed_and_read() -> None:
    world = a_world()
    for number in range(100, 160):
        an_issue(world, number, "incident")
    with reading(world) as (source, _):
        assert len(incidents(source.fetch(SCOPE, None))) == 62
        assert len(list(source.inventory(SCOPE))) == 62


def test_an_issue_that_is_no_incident_any_more_is_gone() -> None:
    world = a_world()
    with reading(world) as (source, _):
        world.nodes["I_2"].labels.clear()
        batches = list(source.hydrate(SCOPE, "incidents", ["I_1", "I_2", "I_404"]))
    assert set(incidents(batches)) == {"I_1"}
    assert {gone for batch in batches for gone in batch.gone} == {"I_2", "I_404"}


def test_a_timeline_longer_than_a_page_arrives_complete() -> None:
    world = a_world()
    issue = world.nodes["I_1"]
    for number in range(130):
        who = world.add_account(model.Account(f"U_p{number}", f"p{number}"))
        event = model.Event(f"AE_{number:03}", "AssignedEvent", who, issue.created_at, {"assignee": who})
        issue.events.append(event)
    world.index(issue)
    with reading(world) as (source, _):
        found = incidents(source.fetch(SCOPE, None))["I_1"]
    assert [one.kind for one in found.actions].count("responded") == 131


def test_a_repository_that_is_not_there_is_refused_by_name() -> None:
    with reading(a_world()) as (source, _), pytest.raises(Refused, match="'acme/nothing'"):
        list(source.fetch("acme/nothing", None))


def test_without_a_label_every_issue_would_be_an_incident() -> None:
    with pytest.raises(ValidationError, match="at least one label"):
        GitHubIncidentsSettings(repositories=(SCOPE,), labels=())


# --- builders ---------------------------------------------------------------------------------------


def an_incident(follow_up: dict[str, Any] | None = None, **changes: Any) -> Incident:
    referring = {one["id"]: one for one in _payload("follow_ups")}
    referring["I_10"] |= follow_up or {}
    return incident(_payload("incident") | changes, referring, LABELS)


def _payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def incidents(batches: Iterator[Batch] | list[Batch]) -> dict[str, Incident]:
    return {root.incident_id: root for batch in batches for root in batch.roots if isinstance(root, Incident)}


@contextmanager
def reading(world: World) -> Iterator[tuple[GitHubIncidents, Running]]:
    with running(world) as server:
        github = GitHubSettings(base_url=server.github, token="sandbox-token")
        source = GitHubIncidents(GitHubIncidentsSettings(repositories=(SCOPE,)), github)
        try:
            yield source, server
        finally:
            source.close()


def a_world(days_ago: int = 5) -> World:
    """I_1 is an incident, I_2 a duplicate of it, I_3 its follow-up and I_4 nothing of the kind."""
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    world.add_repository(model.Repository("R_operations", acme, "operations"))
    ana = world.add_account(model.Account("U_ana", "ana"))
    first = an_issue(world, 1, "incident", "sev1", days_ago=days_ago)
    second = an_issue(world, 2, "incident", days_ago=days_ago)
    third = an_issue(world, 3, "follow-up", days_ago=days_ago)
    an_issue(world, 4, "bug", days_ago=days_ago)
    for closed in (first, third):
        closed.closed_at, closed.state_reason = closed.created_at, "COMPLETED"
    third.assignees.append(ana)
    first.comments.append(model.Comment("IC_1", ana, first.created_at, "Looking.", first))
    first.events += [
        model.Event("AE_1", "AssignedEvent", ana, first.created_at, {"assignee": ana}),
        model.Event(
            "XR_1", "CrossReferencedEvent", ana, first.created_at, {"source": third, "target": first}
        ),
        model.Event("ZE_1", "ClosedEvent", ana, first.created_at),
    ]
    marked = {"canonical": first, "duplicate": second}
    second.events.append(model.Event("MD_1", "MarkedAsDuplicateEvent", ana, second.created_at, marked))
    for issue in (first, second, third):
        world.index(issue)
    return world


def an_issue(world: World, number: int, *labels: str, days_ago: int = 5) -> model.Issue:
    repository = world.repositories[SCOPE]
    when = (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    issue = model.Issue(
        id=f"I_{number}",
        repository=repository,
        number=number,
        author=None,
        title="Queue is stuck",
        body="",
        created_at=when,
        updated_at=when,
        labels=[model.Label(f"LA_{label}", label) for label in labels],
    )
    repository.issues.append(issue)
    world.index(issue)
    return issue
