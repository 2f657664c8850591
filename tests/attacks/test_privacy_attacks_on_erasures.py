"""Erasures between releases: frozen bands that counted somebody beside later ones that do not."""

from __future__ import annotations

from pathlib import Path

from privacy import door
from privacy.attack.knowledge import closed_under
from privacy.policy import load_policy
from privacy.rehearsal import WINDOWS, attack, generated, publish_all, remaining, some_aside, some_erased

POLICY = load_policy(Path(__file__).parents[2] / "agreement.yaml")
RULES = closed_under({"reviews": [("reviews_given", 0)], "careful": [("reviews_with_substance", 0)]})
SEEDS = [seed for seed in range(60) if some_erased(seed, generated(seed, RULES))][:15]


def test_with_people_erased_between_the_releases_nobody_is_given_away(tmp_path: Path) -> None:
    answers = 0
    for seed in SEEDS:
        found = generated(seed, RULES)
        aside, erased = some_aside(seed, found), some_erased(seed, found)
        publish_all(found, RULES, POLICY, tmp_path / str(seed), aside, erased)
        looked_at, leaks = attack(found, RULES, POLICY, tmp_path / str(seed), aside, erased)
        assert leaks == []
        answers += looked_at
    assert answers > 2000


def test_whoever_is_erased_is_counted_before_and_not_after() -> None:
    before = after = 0
    for seed in SEEDS:
        found = generated(seed, RULES)
        for person, first in some_erased(seed, found).items():
            for window in WINDOWS:
                there = remaining(found, some_erased(seed, found), window)
                teams = [door.eligible(there.roster, team, window, POLICY) for team in there.teams]
                counted = any(person in members for members in teams)
                before += counted and window.name < first
                after += counted and window.name >= first
    assert before > 20
    assert after == 0
