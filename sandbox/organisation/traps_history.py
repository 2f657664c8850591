"""Traps around what a merge means: squashes, queues, backports, reverts, and the last second of a quarter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sandbox.commits import ChangedFile, GitActor
from sandbox.organisation.maker import Maker, place_of
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later, moment
from sandbox.organisation.scene import scene


def squash_that_lost_coauthors(maker: Maker, places: Places) -> list[str]:
    """Two people wrote the commits, the squash commit names one: only the branch's commits know."""
    now = scene(maker, places, "squash")
    pull = now.merged("Rewrite the planner together")
    maker.commit(pull, [now.author, now.other], later(now.at, hours=-4))
    maker.commit(pull, [now.other], later(now.at, hours=-3))
    squash = maker.commit(pull, [now.author], later(now.at, hours=-0.5), f"{pull.title} (squashed)")
    pull.commits.pop()
    pull.merge_commit = squash
    return [pull.id]


def ai_coauthor(maker: Maker, places: Places) -> list[str]:
    """A co-author trailer that names an assistant: no second human."""
    now = scene(maker, places, "ai co-author")
    pull = now.merged("Generate the client from the schema")
    assistant = GitActor("Pair Assistant", "assistant@ai.example", None)
    maker.commit(
        pull, [GitActor(now.author.name, now.author.email, now.author), assistant], later(now.at, hours=-2)
    )
    return [pull.id]


def merge_queue_as_merger(maker: Maker, places: Places) -> list[str]:
    """The merge queue merges, so who merged says nothing."""
    now = scene(maker, places, "queue")
    pull = now.pull_request("Skip partitions that are empty")
    maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=1))
    maker.event(pull, "AddedToMergeQueueEvent", now.author, later(now.at, hours=2))
    maker.merge(pull, places.robots["merge-queue"], later(now.at, hours=2.2))
    return [pull.id]


def backport(maker: Maker, places: Places) -> list[str]:
    """The same change again on a release branch: one piece of work, not two."""
    now = scene(maker, places, "backport")
    first = now.merged("Fail loudly on an unknown column")
    again = maker.pull_request(
        now.repository,
        now.author,
        later(now.at, hours=5),
        f"[Backport release-2] {first.title}",
        files=first.files,
        base="release-2",
    )
    maker.write_later(again, lambda: f"Backport of {place_of(first, now.repository)}.")
    commit = maker.commit(again, [now.author], later(now.at, hours=5))
    commit.message += f"\n\n(cherry picked from commit {first.head_ref_oid})"
    maker.merge(again, now.author, later(now.at, hours=6))
    return [first.id, again.id]


def revert_of_a_revert(maker: Maker, places: Places) -> list[str]:
    """Merged, reverted within days, and brought back: the last one takes nothing back."""
    now = scene(maker, places, "revert")
    first = now.merged("Read both formats at once")
    revert = replace(now, at=later(now.at, days=2)).merged(f'Revert "{first.title}"')
    maker.write_later(revert, lambda: f"Reverts {place_of(first, now.repository)}")
    back = replace(now, at=later(now.at, days=4)).merged(f'Revert "Revert "{first.title}""')
    maker.write_later(back, lambda: f"Reverts {place_of(revert, now.repository)}")
    return [first.id, revert.id, back.id]


def last_second_of_the_quarter(maker: Maker, places: Places) -> list[str]:
    """Merged in the quarter's last second, reviewed in the first second of the next."""
    now = scene(maker, places, "last second")
    last = moment(maker.quarter.ends_on - timedelta(days=1), 23, 59, 59)
    pull = now.pull_request("Close the books of the quarter")
    maker.review(pull, now.reviewer, "APPROVED", later(last, minutes=-9))
    maker.merge(pull, now.author, last)
    review = maker.review(pull, now.other, "COMMENTED", moment(maker.quarter.ends_on, 0), "Was that on time?")
    return [pull.id, review.id]


def generated_and_vendored_only(maker: Maker, places: Places) -> list[str]:
    """A thousand changed lines that nobody wrote."""
    now = scene(maker, places, "vendored")
    pull = now.merged("Take over the new parser")
    paths = ("third_party/parser/parser.c", "poetry.lock", "web/dist/bundle.min.js", "api/schema_pb2.py")
    pull.files = [ChangedFile(path, 1_000, 900) for path in paths]
    return [pull.id]


def renamed_title(maker: Maker, places: Places) -> list[str]:
    """A title that changed, and a force push that replaced the listed commits."""
    now = scene(maker, places, "title")
    pull = now.merged("Respect the quota")
    at = later(now.at, hours=1)
    maker.event(pull, "RenamedTitleEvent", now.author, at, previous_title="Quota?", current_title=pull.title)
    maker.event(pull, "HeadRefForcePushedEvent", now.author, at, after_commit=pull.commits[-1].commit)
    return [pull.id]


def reverted_months_later(maker: Maker, places: Places) -> list[str]:
    """A revert forty days after the merge: the code had its time."""
    now = scene(maker, places, "late revert")
    first = now.merged("Count partitions once")
    revert = replace(now, at=later(now.at, days=40)).merged(f'Revert "{first.title}"')
    maker.write_later(revert, lambda: f"Reverts {place_of(first, now.repository)}")
    return [first.id, revert.id]


def revert_by_commit(maker: Maker, places: Places) -> list[str]:
    """A revert that names the merge commit, shortened, and no pull request."""
    now = scene(maker, places, "revert by commit")
    first = now.merged("Let the planner guess")
    assert first.merge_commit is not None
    body = f"This reverts commit {first.merge_commit.oid[:12]}."
    revert = replace(now, at=later(now.at, days=3)).merged(f'Revert "{first.title}"', body)
    return [first.id, revert.id]


def revert_on_a_release_branch(maker: Maker, places: Places) -> list[str]:
    """Taken back on a release branch only: on the default branch the change stands."""
    now = scene(maker, places, "release revert")
    first = now.merged("Ship the new index")
    revert = replace(now, at=later(now.at, days=1)).merged(f'Revert "{first.title}"')
    revert.base_ref_name = "release-2"
    maker.write_later(revert, lambda: f"Reverts {place_of(first, now.repository)}")
    return [first.id, revert.id]


def checks_mended_by_a_force_push(maker: Maker, places: Places) -> list[str]:
    """Checks failed when review was asked; the commit that passes replaced it, and is the only one listed."""
    now = scene(maker, places, "force push")
    pull = now.pull_request("Keep the index small")
    failing = pull.commits.pop().commit
    failing.checks = "FAILURE"
    passing = maker.commit(pull, [now.author], later(now.at, hours=1))
    passing.checks = "SUCCESS"
    details = {"before_commit": maker.world.add(failing), "after_commit": passing}
    maker.event(pull, "HeadRefForcePushedEvent", now.author, later(now.at, hours=1), **details)
    maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=2))
    maker.merge(pull, now.author, later(now.at, hours=3))
    return [pull.id]


def hostile_text(maker: Maker, places: Places) -> list[str]:
    """Formulas, markup, control and direction characters in titles, bodies and labels."""
    now = scene(maker, places, "hostile")
    title = "=HYPERLINK(1) <script>alert(1)</script> \x1b[31m \u202eesrever \U000e0041"
    pull = now.merged(title, "<img src=x onerror=alert(1)> [x](javascript:alert(1)) \x00 end")
    maker.label(pull, "=1+1", now.author, later(now.at, hours=1))
    return [pull.id]
