"""What `sightline privacy` prints: the agreement, and whether its promises still hold."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from config.settings import PERSONAL_AGREEMENT, SHIPPED, load_settings
from connectors.errors import BadInput
from privacy import audit, door
from privacy.logbook import note_published
from warehouse.windows import parse_window

if TYPE_CHECKING:
    from privacy.policy import Policy


def show_agreement(config: Path | None, form: str) -> str:
    """The agreement in force, or the shipped one where there are no settings yet; personal mode's for None.

    Raises BadInput.
    """
    import json

    from privacy.personal import load_personal_policy
    from privacy.policy import load_policy

    if config is None:
        policy = load_personal_policy(PERSONAL_AGREEMENT, SHIPPED / "agreement.yaml")
    else:
        policy = load_policy(
            load_settings(config).agreement if config.exists() else SHIPPED / "agreement.yaml"
        )
    if form == "json":
        return json.dumps(dict(policy) | {"sha256": policy.sha256}, indent=1, default=dict)
    from reports.lines import wrapped

    return wrapped(_agreement(policy))


def show_paper(config: Path, name: str) -> str:
    """The notice, the record of processing or the impact assessment of the agreement in force."""
    from privacy.papers import PAPERS
    from privacy.policy import load_policy

    return PAPERS[name](
        load_policy(load_settings(config).agreement if config.exists() else SHIPPED / "agreement.yaml")
    )


def verify_published(config: Path) -> list[str]:
    """A sentence for every published file that is not what was published, by the manifest and by the log."""
    settings = load_settings(config)
    if not settings.published.exists():
        raise BadInput([f"{settings.home}: nothing was published here yet; run `sightline nightly`"])
    by_manifest = door.verify(settings.published)
    return by_manifest + [
        sentence
        for sentence in audit.released_otherwise(settings.audit_file, settings.published / "teams")
        if sentence.split(":")[0].removeprefix("../") not in {each.split(":")[0] for each in by_manifest}
    ]


def verify_audit(config: Path, anchor: Path | None) -> tuple[list[str], str]:
    """What is wrong with the audit log, and the sentence for when nothing is. Raises BadInput, NotLogged."""
    settings = load_settings(config)
    anchor = anchor or settings.audit_anchor
    if not settings.audit_file.exists() and not settings.audit_key.exists() and not anchor:
        raise BadInput([f"{settings.home}: nothing was logged here yet; run `sightline nightly`"])
    if not settings.audit_file.exists():
        return [f"{settings.audit_file}: the log is missing; restore it from a backup"], ""
    key = audit.key_in(settings.audit_key, settings.audit_file)
    found = [
        *audit.problems(settings.audit_file, key, is_whole=True),
        *audit.verify(settings.audit_file, key, anchor),
    ]
    entries = list(audit.entries(settings.audit_file))
    accepted = dict.fromkeys(each["on"] for each in entries if each["action"] == "break accepted")
    whole = f"{settings.audit_file}: {len(entries)} entries, whole" + (
        f" but for what an officer accepted on {', '.join(accepted)}" if accepted else ""
    )
    if anchor:
        return [*dict.fromkeys(found)], f"{whole}, and as anchored in {anchor}"
    return [*dict.fromkeys(found)], (
        f"{whole}; without an anchor nobody can tell whether its end was cut off together with its "
        "checkpoint: set `audit_anchor` to a path elsewhere"
    )


def withdraw_item(config: Path, team: str, window: str, item: str, rubric: str | None = None) -> str:
    """Withdraws one item of a release and logs it; returns a sentence. Raises DoorError or BadInput."""
    settings = load_settings(config)
    try:
        named = parse_window(window)
    except ValueError as error:
        raise BadInput([str(error)]) from None
    today = datetime.now(UTC).date()
    door.withdraw(settings.published, team, named, item, withdrawn_on=today, rubric=rubric)
    wrong = note_published(settings)
    return "\n".join([f"{item} of {team} in {named.name} is withdrawn; it is never shown again", *wrong])


def attack_door(config: Path, seeds: Sequence[int], say: Callable[[str], None]) -> list[str]:
    """Attacks generated organisations that went through the door; a sentence for everybody given away."""
    from privacy.policy import load_policy
    from privacy.rehearsal import rehearse, rules_of, told_of
    from rubric.map import load_map
    from signals.catalog import load_catalog

    settings = load_settings(config) if config.exists() else None
    policy = load_policy(settings.agreement if settings else SHIPPED / "agreement.yaml")
    catalog = load_catalog(own=settings.signals if settings else ())
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
        say(
            f"{rubric.id}: {len(seeds)} organisations, {len(rules)} items, 4 quarters, up to "
            f"{policy.coalition} colluding: {answers} answers attacked, {leaks} given away "
            f"({perf_counter() - started:.0f} s)"
        )
    return wrong


def shipped_maps() -> list[Path]:
    """Every map that comes with Sightline."""
    return [SHIPPED / "rubric_map.yaml", *sorted((SHIPPED / "maps").glob("*.yaml"))]


def _agreement(policy: Policy) -> Iterator[str]:
    yield policy.title
    yield f"This text is {policy.file}, version {policy.sha256[:12]}. It is no legal advice."
    yield from _part(
        "What it is for", (f"{each.says} ({each.basis}) {each.because}" for each in policy.purposes.values())
    )
    for name, source in policy.sources.items():
        yield from _part(f"What is kept from {name}", [source.because, *_tables(source.tables)])
    yield from _part("What is worked out from it", _tables(policy.computed))
    yield from _part("What people say, share and decide themselves", _tables(policy.rights))
    asked = ["every signal there is"] if policy.signals is None else [", ".join(policy.signals)]
    if policy.own_signals == "for the person":
        asked.append(
            "Any question in a file of the organisation's own that reads nothing but what is listed here and "
            "whose answer the person it is about sees alone. One that feeds a band stands in the list above."
        )
    yield from _part("Which questions are asked of it", asked)
    for name, audience in policy.audiences.items():
        yield from _part(f"What is shown to: {name}", audience.sees)
        yield from _part(f"Never shown to: {name}", audience.never)
    yield from _part(
        "How teams are blurred",
        [
            f"A team of fewer than {policy.k} has no bands.",
            f"A band gives nobody away to up to {policy.coalition} colleagues who pool what they know.",
            f"Whoever was there for less than {policy.presence_percent} % of a quarter is not counted.",
            f"A quarter is published {policy.delay_days} days after its end, or up to {policy.hold_days} "
            "days later while a source is incomplete, and is never computed again.",
            "Whoever contests a result, shares one before it is published or opts out is counted by chance.",
            f"What may be opted out of: {policy.opt_out}.",
        ],
    )
    yield from _part(
        "How long it is kept",
        (f"{name.replace('_', ' ')}: {value}" for name, value in policy.retention.model_dump().items()),
    )
    yield from _part("What is never made", policy.forbidden_outputs.values())
    yield from _part(
        "Where the people are",
        (f"{name}: {' '.join(says.split())}" for name, says in policy.jurisdictions.items()),
    )


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    for line in lines:
        yield f"  - {' '.join(line.split())}"


def _tables(tables: object) -> Iterator[str]:
    assert hasattr(tables, "items")
    for table, fields in tables.items():
        yield f"{table}: {', '.join(fields)}"
