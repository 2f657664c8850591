"""Post-mortem documents are known by their front matter, and nothing else of them is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from connectors.github.postmortems.connector import GitHubPostmortems, postmortem
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Postmortem
from sandbox import model
from sandbox.rest_api import blob_sha
from sandbox.server import Running, running
from sandbox.world import World

SCOPE = "acme/postmortems"
SETTINGS = GitHubPostmortemsSettings(repositories=(SCOPE,))


# --- what a document says -------------------------------------------------------------------------------


def test_front_matter_names_incident_day_authors_and_reviewers() -> None:
    found = read(document(reviewers="['@cleo', ana]"))
    assert isinstance(found, Postmortem)
    assert (found.reference, found.written_on) == ("INC-7", date(2026, 7, 9))
    assert [one.login for one in found.authors] == ["ana", "ben"]
    assert [(one.account_id, one.login) for one in found.reviewers] == [
        ("login:cleo", "cleo"),
        ("login:ana", "ana"),
    ]
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("incident", "reference"),
    [
        ("INC-7", "INC-7"),
        ("https://app.incident.io/acme/incidents/7", "INC-7"),
        ("https://acme.pagerduty.com/incidents/Q1ABCDEF234567", "Q1ABCDEF234567"),
        ("https://github.com/acme/operations/issues/12", "acme/operations#12"),
        ("https://github.com/acme/operations/discussions/12", "acme/operations#12"),
        ("acme/operations#12", "acme/operations#12"),
        ("[INC-7]", "INC-7"),
        ("Q1ABCDEF234567", "Q1ABCDEF234567"),
    ],
)
def test_an_incident_may_be_named_in_many_ways(incident: str, reference: str) -> None:
    found = read(document(incident=f"{incident!r}" if "#" in incident else incident))
    assert isinstance(found, Postmortem)
    assert found.reference == reference


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"date": "2026-07-09T23:30:00-02:00"}, date(2026, 7, 10)),
        ({"date": "'2026-07-09 10:00'"}, date(2026, 7, 9)),
        ({"date": "yesterday"}, "no_date"),
        ({"date": "2026-13-01"}, "no_date"),
        ({"date": "'2026-13-01'"}, "no_date"),
        ({"incident": ""}, "no_incident"),
        ({"incident": "[INC-7, INC-8]"}, "no_incident"),
        ({"incident": "the one with the queue"}, "no_incident"),
        ({"incident": "https://chat.example/canary"}, "no_incident"),
        ({"authors": ""}, "no_login"),
        ({"authors": "[Ada Canary]"}, "no_login"),
        ({"authors": "ana@acme.example"}, "no_login"),
        ({"reviewers": "[Ada Canary]"}, "no_login"),
        ({"authors": "ana; @ben"}, date(2026, 7, 9)),
        ({"authors": "[ana"}, "front_matter_broken"),
        ({"authors": "[" * 1_000}, "front_matter_broken"),
        ({"authors": "a" * 20_001}, "front_matter_broken"),
        ({"authors": "ana\nauthors: ben"}, "front_matter_broken"),
    ],
)
def test_what_cannot_be_kept_has_a_reason(changes: dict[str, str], expected: date | str) -> None:
    found = read(document(**changes))
    assert (found.written_on if isinstance(found, Postmortem) else found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# A page without front matter",
        "---\ntitle: A page\nlayout: default\n---\n",
        "text first\n---\nincident: INC-7\n---\n",
        "---\n- a list\n---\n",
        "",
    ],
)
def test_other_pages_are_no_post_mortems(text: str) -> None:
    assert read(text) is None


def test_fields_may_be_called_otherwise() -> None:
    settings = GitHubPostmortemsSettings(
        repositories=(SCOPE,), authors="owners", incident="sev", written="held"
    )
    found = postmortem("---\nsev: INC-7\nowners: [ana]\nheld: 2026-07-09\n---", "id", settings)
    assert isinstance(found, Postmortem)
    assert found.authors[0].login == "ana"


# --- as a source ----------------------------------------------------------------------------------------


def test_documents_of_the_folder_are_read_once(repository: model.Repository) -> None:
    repository.documents |= {
        "2026/a.md": document(),
        "README.md": "# canary",
        "2026/picture.png": "canary",
        "elsewhere/b.md": document(),
    }
    with reading(repository, folder="2026/") as (source, _):
        batches = list(source.fetch(SCOPE, None))
        first = source.spent()[0]
        cursor = batches[-1].cursor
        again = list(source.fetch(SCOPE, cursor))
        listed = list(source.inventory(SCOPE))
    assert [one.reference for one in roots(batches)] == ["INC-7"]
    assert first == 2  # the tree and one document
    assert (roots(again), source.spent()[0]) == ([], first + 1)
    assert [(one.object_id, one.created_on) for one in listed] == [
        (roots(batches)[0].postmortem_id, date(2026, 7, 9))
    ]
    assert "2026/" not in cursor
    assert "README" not in cursor


def test_a_changed_document_is_read_again_and_a_lost_one_is_gone(repository: model.Repository) -> None:
    repository.documents |= {"a.md": document(), "b.md": document(incident="INC-8")}
    with reading(repository) as (source, _):
        batches = list(source.fetch(SCOPE, None))
    ids = {one.reference: one.postmortem_id for one in roots(batches)}
    repository.documents = {"a.md": document(authors="[cleo]")}
    with reading(repository) as (source, _):
        again = list(source.fetch(SCOPE, batches[-1].cursor))
    assert [(one.postmortem_id, one.authors[0].login) for one in roots(again)] == [(ids["INC-7"], "cleo")]
    assert [name for batch in again for name in batch.gone] == [ids["INC-8"]]


def test_a_document_that_cannot_be_kept_is_a_gap_every_night_until_it_is_mended(
    repository: model.Repository,
) -> None:
    repository.documents["a.md"] = broken = document(authors="[Ada Canary]")
    with reading(repository) as (source, _):
        first = list(source.fetch(SCOPE, None))
        second = list(source.fetch(SCOPE, first[-1].cursor))
    for batches in (first, second):
        gaps = [gap for batch in batches for gap in batch.gaps]
        assert [(gap.kind, gap.reason, gap.object_id) for gap in gaps] == [
            ("postmortem_authors", "no_login", blob_sha(broken))
        ]
    repository.documents["a.md"] = document()
    with reading(repository) as (source, _):
        mended = list(source.fetch(SCOPE, second[-1].cursor))
    assert [batch.gaps for batch in mended if batch.gaps] == []
    assert len(roots(mended)) == 1


def test_another_declaration_reads_unchanged_documents_again(repository: model.Repository) -> None:
    repository.documents["a.md"] = document()
    with reading(repository) as (source, _):
        cursor = list(source.fetch(SCOPE, None))[-1].cursor
    with reading(repository, reviewers="approvers") as (source, _):
        assert len(roots(source.fetch(SCOPE, cursor))) == 1


def test_what_is_older_than_the_first_day_stays_out(repository: model.Repository) -> None:
    repository.documents["a.md"] = document()
    with reading(repository, since=date(2026, 7, 10)) as (source, _):
        assert roots(source.fetch(SCOPE, None)) == []
    with reading(repository, since=date(2026, 7, 9)) as (source, _):
        assert len(roots(source.fetch(SCOPE, None))) == 1


def test_a_document_from_before_a_first_day_that_moved_is_listed_no_more(
    repository: model.Repository,
) -> None:
    repository.documents["a.md"] = document()
    with reading(repository, since=date(2026, 7, 9)) as (source, _):
        cursor = list(source.fetch(SCOPE, None))[-1].cursor
    place = json.loads(cursor)
    with reading(repository, since=date(2026, 7, 10)) as (source, _):
        # the declaration is another one only by its first day, which is no reason to read again
        batches = list(source.fetch(SCOPE, cursor))
        assert list(source.inventory(SCOPE)) == []
        assert source.spent()[0] == 1
    assert json.loads(batches[-1].cursor)["documents"] == place["documents"]


def test_hydrated_documents_are_those_fetched_and_the_lost_ones_gone(repository: model.Repository) -> None:
    repository.documents["a.md"] = document()
    with reading(repository) as (source, _):
        fetched = roots(source.fetch(SCOPE, None))
        (batch,) = source.hydrate(SCOPE, "postmortem_documents", [fetched[0].postmortem_id, "lost"])
    assert (list(batch.roots), batch.gone) == (fetched, ("lost",))


def test_the_cursor_holds_hashes_and_days(repository: model.Repository) -> None:
    repository.documents["a.md"] = document()
    with reading(repository) as (source, _):
        batches = list(source.fetch(SCOPE, None))
    (held,) = json.loads(batches[-1].cursor)["documents"].values()
    assert held == [blob_sha(document()), "2026-07-09"]


# --- builders -------------------------------------------------------------------------------------------


@pytest.fixture
def repository() -> model.Repository:
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    made = model.Repository("R_postmortems", acme, "postmortems")
    world.add_repository(made)
    WORLDS[made.id] = world
    return made


WORLDS: dict[str, World] = {}


def document(**changes: str) -> str:
    fields = {"title": "canary", "incident": "INC-7", "date": "2026-07-09", "authors": "[ana, ben]"} | changes
    front = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"---\n{front}---\n# canary in words\n"


def read(text: str) -> Any:
    return postmortem(text, "id", SETTINGS)


@contextmanager
def reading(repository: model.Repository, **settings: Any) -> Iterator[tuple[GitHubPostmortems, Running]]:
    with running(WORLDS[repository.id]) as server:
        github = GitHubSettings(base_url=server.github, token="sandbox-token", since=date(2026, 1, 1))
        source = GitHubPostmortems(GitHubPostmortemsSettings(repositories=(SCOPE,), **settings), github)
        try:
            yield source, server
        finally:
            source.close()


def roots(batches: Iterator[Batch] | list[Batch]) -> list[Postmortem]:
    return [root for batch in batches for root in batch.roots if isinstance(root, Postmortem)]
