"""`sightline privacy attack`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import click

from cli.rules_in_force import agreement_in_settings, catalog_of
from config.settings import SHIPPED, load_settings
from privacy.policy import load_policy
from privacy.rehearsal import rehearse, rules_of, told_of
from rubric.map import load_map


def attack_bands(config: Path, seeds: Sequence[int]) -> list[str]:
    """Attacks what is published of generated organisations; a sentence for everybody given away.

    Prints a line for each map.
    """
    settings = load_settings(config) if config.exists() else None
    policy = load_policy(agreement_in_settings(config))
    catalog = catalog_of(config)
    wrong = []
    for path in settings.maps if settings else shipped_maps():
        rubric, started, answers, leaks = load_map(path, catalog), perf_counter(), 0, 0
        rules = rules_of(rubric, catalog)
        with tempfile.TemporaryDirectory() as folder:
            for seed, looked_at, found in rehearse(
                seeds, rules, policy, Path(folder), told_of(rules, catalog)
            ):
                answers, leaks = answers + looked_at, leaks + len(found)
                wrong += [
                    f"{rubric.id}, organisation {seed}: {leak.fact.person_id}, {leak.fact.item} in "
                    f"{leak.fact.window} is given away to "
                    f"{', '.join(sorted(leak.coalition)) or 'any reader'} (by {leak.by})"
                    for leak in found
                ]
        click.echo(
            f"{rubric.id}: {len(seeds)} organisations, {len(rules)} items, 4 quarters, up to "
            f"{policy.coalition} colluding: {answers} answers attacked, {leaks} given away "
            f"({perf_counter() - started:.0f} s)"
        )
    return wrong


def shipped_maps() -> list[Path]:
    """Every map that comes with Sightline."""
    return [SHIPPED / "rubric_map.yaml", *sorted((SHIPPED / "maps").glob("*.yaml"))]
