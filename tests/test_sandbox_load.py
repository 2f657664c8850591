"""The load organisation is what the benchmarks say it is."""

from __future__ import annotations

from sandbox.organisation.load import load


def test_every_pull_request_of_the_load_is_of_the_shape_that_is_measured() -> None:
    held = load(12, repositories=5)
    repositories = list(held.github.repositories.values())
    pulls = [pull for repository in repositories for pull in repository.pull_requests]
    assert (len(repositories), len(pulls)) == (5, 12)
    for pull in pulls:
        assert (len(pull.reviews), len(pull.review_comments), len(pull.threads)) == (3, 4, 3)
        assert (len(pull.comments), len(pull.commits), len(pull.files)) == (5, 4, 2)
        assert pull.updated_at == pull.merged_at > max(comment.created_at for comment in pull.comments)
    assert len({pull.updated_at for pull in pulls}) == 12


def test_the_load_is_the_same_each_time_and_everybody_in_it_is_in_the_roster() -> None:
    one, other = load(3), load(3)
    assert one.github.nodes.keys() == other.github.nodes.keys()
    logins = {line.split(",")[0] for line in one.roster_csv.splitlines()[1:]}
    assert {who.login for who in one.github.accounts.values() if who.kind == "User"} - logins == {
        "sightline-sandbox"
    }
