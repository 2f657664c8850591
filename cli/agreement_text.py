"""The agreement in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from privacy.policy import Policy


def agreement_lines(policy: Policy) -> Iterator[str]:
    """What is collected and why, who sees it, and for how long."""
    yield policy.title
    yield f"This text is {policy.file}, version {policy.sha256[:12]}. It is no legal advice."
    yield from _part(
        "What it is for", (f"{each.says} ({each.basis}) {each.because}" for each in policy.purposes.values())
    )
    for name, source in policy.sources.items():
        yield from _part(f"What is kept from {name}", [source.because, *_tables(source.tables)])
    yield from _part("What is worked out from it", _tables(policy.computed))
    yield from _part("What people say, share and decide themselves", _tables(policy.rights))
    questions = ["every signal there is"] if policy.signals is None else [", ".join(policy.signals)]
    if policy.own_signals == "for the person":
        questions.append(
            "Any question in a file of the organisation's own that reads nothing but what is listed here and "
            "whose answer the person it is about sees alone. One that feeds a band stands in the list above."
        )
    yield from _part("Which questions are asked of it", questions)
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
            "For people who contest a result, share it before it is published or opt out, a random answer "
            "is counted instead of theirs, so a band tells nothing about them.",
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
