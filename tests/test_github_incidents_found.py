"""Incidents that GitHub knows by type, by form or as discussions, each read whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import Refused
from connectors.github.incidents.connector import GitHubIncidents
from connectors.github.incidents.forms import FormRead, IncidentForm, form_read
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Incident
from sandbox import model
from sandbox.discussions import Discussion, DiscussionCategory, DiscussionComment
from sandbox.server import running
from sandbox.world import World

SCOPE = "acme/operations"
NOW = datetime.now(UTC).replace(microsecond=0)
FORM = IncidentForm(
    headings=("What is broken?", "Severity"),
    severity="Severity",
    roles={"incident_commander": "Who leads?", "scribe": "Who writes it down?"},
)
BODY = """### What is broken?

canary in words

### Severity

SEV-2

### Who leads?

@ana

### Who writes it down?

@ben and @cleo

### Anything else?

_No response_
"""


# --- by type ------------------------------------------------------------------------------------------


def test_an_issue_of_the_type_is_an_incident_whatever_its_labels(world: World) -> None:
    an_issue(world, 1).issue_type = "Incident"
    an_issue(world, 2).issue_type = "Bug"
    an_issue(world, 3)
    with reading(world, labels=(), types=("incident",)) as source:
        assert set(read(source)) == {"I_1"}
        assert [item.object_id for item in source.inventory(SCOPE)] == ["I_1"]


def test_label_and_type_at_once_are_one_incident(world: World) -> None:
    an_issue(world, 1, "incident").issue_type = "Incident"
    an_issue(world, 2, "incident")
    an_issue(world, 3).issue_type = "Incident"
    with reading(world, types=("Incident",)) as source:
        batches = list(source.fetch(SCOPE, None))
    ids = [root.incident_id for batch in batches for root in batch.roots if isinstance(root, Incident)]
    assert sorted(ids) == ["I_1", "I_2", "I_3"]


def test_an_issue_whose_type_was_taken_away_is_gone(world: World) -> None:
    issue = an_issue(world, 1)
    issue.issue_type = "Incident"
    with reading(world, labels=(), types=("Incident",)) as source:
        read(source)
    issue.issue_type = None
    with reading(world, labels=(), types=("Incident",)) as source:
        assert list(source.inventory(SCOPE)) == []
        (batch,) = source.hydrate(SCOPE, "incidents", ["I_1"])
    assert (batch.roots, batch.gone) == ((), ("I_1",))


def test_more_than_one_page_of_a_type_is_read(world: World) -> None:
    for number in range(1, 106):
        an_issue(world, number).issue_type = "Incident"
    with reading(world, labels=(), types=("Incident",)) as source:
        assert len(read(source)) == 105


# --- by form ------------------------------------------------------------------------------------------


def test_an_issue_made_with_the_form_is_an_incident_with_severity_and_roles(world: World) -> None:
    an_issue(world, 1).body = BODY
    an_issue(world, 2).body = "### Severity\n\nhigh"
    with reading(world, labels=(), forms=(FORM,)) as source:
        (found,) = read(source).values()
    assert (found.incident_id, found.severity, found.reference) == ("I_1", "sev2", "acme/operations#1")
    roles = [(one.role, one.actor.login) for one in found.actions if one.kind == "role" and one.actor]
    assert roles == [("incident_commander", "ana"), ("scribe", "ben"), ("scribe", "cleo")]
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (BODY, FormRead("SEV-2", (("incident_commander", "ana"), ("scribe", "ben"), ("scribe", "cleo")))),
        ("### what is BROKEN?\r\nx\r\n### severity\r\nhigh\r\n", FormRead("high", ())),
        ("### What is broken?\n\n### Severity\n", FormRead(None, ())),
        ("What is broken? Severity", None),
        ("### Severity\nhigh", None),
        ("", None),
        (None, None),
    ],
)
def test_a_form_is_known_by_its_headings(body: str | None, expected: FormRead | None) -> None:
    assert form_read(body, (FORM,)) == expected


@pytest.mark.parametrize("text", ["mail ana@acme.example", "see acme/@ana", "@acme/team", "@-ana", "ana"])
def test_only_a_mention_is_a_login(text: str) -> None:
    form = IncidentForm(headings=("Lead",), roles={"lead": "Lead"})
    assert form_read(f"### Lead\n{text}", (form,)) == FormRead(None, ())


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("https://acme.pagerduty.com/incidents/Q3YON8WNWTZMRQ", ("Q3YON8WNWTZMRQ",)),
        ("see https://app.incident.io/acme/incidents/7, page it was opened from", ("INC-7",)),
        ("the outage of Tuesday", ()),
        ("_No response_", ()),
    ],
)
def test_a_form_names_the_incident_it_is_the_record_of(text: str, same_as: tuple[str, ...]) -> None:
    form = IncidentForm(headings=("Severity",), same_as="Paged by")
    # what is named elsewhere in the issue may be any other incident
    body = (
        f"### Severity\nhigh\n### Paged by\n{text}\n### Like\nhttps://acme.pagerduty.com/incidents/Q0OTHER000"
    )
    assert form_read(body, (form,)) == FormRead(None, (), same_as)


def test_an_issue_is_one_incident_with_the_page_that_its_form_names(world: World) -> None:
    an_issue(world, 1).body = "### Paged by\nhttps://acme.pagerduty.com/incidents/Q3YON8WNWTZMRQ"
    form = IncidentForm(headings=("Paged by",), same_as="Paged by")
    with reading(world, labels=(), forms=(form,)) as source:
        (found,) = read(source).values()
    assert found.same_as == ("Q3YON8WNWTZMRQ",)


# --- as discussions -------------------------------------------------------------------------------------


def test_a_discussion_of_the_category_is_an_incident(world: World) -> None:
    talk = a_discussion(world, 1, "Incidents", BODY)
    a_discussion(world, 2, "Ideas")
    ana = world.accounts["ana"]
    first = DiscussionComment("DC_1", ana, at(hours=1), "fixed by acme/engine#7", talk)
    first.replies.append(DiscussionComment("DC_2", world.accounts["ben"], at(hours=2), "thanks", talk))
    talk.comments += [first, DiscussionComment("DC_3", ana, at(hours=9), "late", talk)]
    talk.closed_at = at(hours=3)
    with reading(world, labels=(), discussion_categories=("incidents",), forms=(FORM,)) as source:
        (found,) = read(source).values()
        assert [item.object_id for item in source.inventory(SCOPE)] == ["D_1"]
    assert (found.severity, found.fix_pull_requests) == ("sev2", ("acme/engine#7",))
    assert found.reference == "acme/operations#1"
    assert found.resolved_on == (NOW - timedelta(days=5) + timedelta(hours=3)).date()
    told = [(one.kind, one.actor.login) for one in found.actions if one.actor and one.kind != "role"]
    assert told == [("declared", "cleo"), ("updated", "ana"), ("updated", "ben")]


def test_a_discussion_that_was_deleted_is_gone(world: World) -> None:
    with reading(world, labels=(), discussion_categories=("Incidents",)) as source:
        (batch,) = source.hydrate(SCOPE, "incidents", ["D_404"])
    assert batch.gone == ("D_404",)


def test_a_conversation_that_is_cut_is_a_gap(world: World) -> None:
    talk = a_discussion(world, 1, "Incidents")
    for number in range(51):
        talk.comments.append(DiscussionComment(f"DC_{number}", None, at(hours=1), "looking", talk))
    with reading(world, labels=(), discussion_categories=("Incidents",)) as source:
        gaps = [gap for batch in source.fetch(SCOPE, None) for gap in batch.gaps]
    assert [(gap.object_id, gap.reason) for gap in gaps] == [("D_1", "truncated")]


def test_a_repository_without_discussions_is_refused_by_name(world: World) -> None:
    with (
        reading(world, labels=(), discussion_categories=("Incidents",)) as source,
        pytest.raises(Refused, match="acme/nowhere"),
    ):
        list(source.fetch("acme/nowhere", None))


# --- all of them ------------------------------------------------------------------------------------------


def test_the_cursor_moves_with_the_last_batch_only(world: World) -> None:
    an_issue(world, 1, "incident")
    an_issue(world, 2).issue_type = "Incident"
    a_discussion(world, 3, "Incidents")
    with reading(world, types=("Incident",), discussion_categories=("Incidents",)) as source:
        batches = list(source.fetch(SCOPE, None))
    assert ['"until": null' in batch.cursor for batch in batches] == [True, True, True, False]


def test_something_has_to_make_an_incident() -> None:
    with pytest.raises(ValidationError, match="at least one label, type, form or discussion category"):
        GitHubIncidentsSettings(repositories=(SCOPE,), labels=())


@pytest.mark.parametrize(
    "form", [{"headings": []}, {"headings": ["x"], "roles": {"Lead": "x"}}, {"heading": ["x"]}]
)
def test_a_form_that_says_nothing_is_no_setting(form: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IncidentForm.model_validate(form)


# --- builders -------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    made = World()
    acme = made.add_account(model.Account("O_acme", "acme", kind="Organization"))
    made.add_repository(model.Repository("R_operations", acme, "operations"))
    for login in ("ana", "ben", "cleo"):
        made.add_account(model.Account(f"U_{login}", login))
    return made


def at(hours: int = 0) -> str:
    return (NOW - timedelta(days=5) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def an_issue(world: World, number: int, *labels: str) -> model.Issue:
    issue = model.Issue(
        id=f"I_{number}",
        repository=world.repositories[SCOPE],
        number=number,
        author=world.accounts["ana"],
        title="Queue is stuck",
        body="",
        created_at=at(),
        updated_at=at(),
        labels=[model.Label(f"LA_{label}", label) for label in labels],
    )
    issue.repository.issues.append(issue)
    world.index(issue)
    return issue


def a_discussion(world: World, number: int, category: str, body: str = "") -> Discussion:
    kind = DiscussionCategory(f"DIC_{category}", category)
    author = world.accounts["cleo"]
    found = Discussion(f"D_{number}", world.repositories[SCOPE], number, author, "t", body, at(), kind, at())
    return world.add_discussion(found)


@contextmanager
def reading(world: World, **settings: Any) -> Iterator[GitHubIncidents]:
    with running(world) as server:
        github = GitHubSettings(base_url=server.github, token="sandbox-token")
        source = GitHubIncidents(GitHubIncidentsSettings(repositories=(SCOPE,), **settings), github)
        try:
            yield source
        finally:
            source.close()


def read(source: GitHubIncidents) -> dict[str, Incident]:
    batches: list[Batch] = list(source.fetch(SCOPE, None))
    return {root.incident_id: root for batch in batches for root in batch.roots if isinstance(root, Incident)}
