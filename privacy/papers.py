"""What has to be written about processing people's data, made from the agreement and never by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privacy.policy import Policy

_AUDIENCES = {
    "self": "the engineer whom it is about",
    "team": "the manager and the team",
    "organisation": "everybody in the organisation",
    "operator": "whoever runs Sightline",
    "officer": "the privacy officer or works council",
}


def notice(policy: Policy) -> str:
    """The notice to everybody who is collected about."""
    return _page(
        "Notice to employees",
        policy,
        [
            ("In short", [policy.title, *_for_everybody(policy)]),
            ("Why", [f"{each.says} {each.because}" for each in policy.purposes.values()]),
            ("Where it comes from", [f"**{name}**: {each.because}" for name, each in policy.sources.items()]),
            (
                "What is kept of it",
                [f"**{name}**: {', '.join(sorted(each.tables))}" for name, each in policy.sources.items()]
                + [
                    "Titles, texts, comments and messages are read for an instant, reduced to yes or no, "
                    "and dropped; moments become dates. `sightline me export` gives you all that is stored."
                ],
            ),
            *_who_sees(policy),
            ("How long it is kept", _retention(policy)),
            ("What is never made", policy.forbidden_outputs.values()),
            ("What you can do", _your_rights(policy)),
            ("Where you are", [f"**{name}**: {each}" for name, each in policy.jurisdictions.items()]),
        ],
    )


def record(policy: Policy) -> str:
    """The record of processing activities, with the lines only the organisation can fill."""
    rows = [
        f"| {name} | {', '.join(each.purposes)} | {table} | {', '.join(fields)} |"
        for name, each in policy.sources.items()
        for table, fields in each.tables.items()
    ]
    return _page(
        "Record of processing",
        policy,
        [
            ("To fill in", ["Controller:", "Contact of the data protection officer:", "Where it runs:"]),
            (
                "Purposes and their basis",
                [f"**{name}** ({each.basis}): {each.says}" for name, each in policy.purposes.items()],
            ),
            ("Whom it is about", ["Engineers on the roster, and whoever else wrote, reviewed or responded."]),
            *_who_sees(policy),
            ("Transfers", ["None by Sightline: it asks its sources and answers its own users."]),
            ("Time limits", _retention(policy)),
            ("Security", _security(policy)),
        ],
        [
            "## What is kept, field by field",
            "",
            "| source | purposes | table | fields |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
        + ["| worked out or noted down | fields |", "|---|---|"]
        + [
            f"| {table} | {', '.join(fields)} |"
            for table, fields in {**policy.computed, **policy.rights}.items()
        ]
        + [""],
    )


def assessment(policy: Policy) -> str:
    """The skeleton of an impact assessment: what follows from the agreement, and what has to be answered."""
    return _page(
        "Impact assessment, a skeleton",
        policy,
        [
            ("What is done", [policy.title, *(each.says for each in policy.purposes.values())]),
            (
                "Is it necessary",
                [f"**{name}**: {each.because}" for name, each in policy.purposes.items()]
                + ["*To answer:* what would serve these purposes with less?"],
            ),
            (
                "What could go wrong, and what stands against it",
                [
                    "Somebody works out a colleague's result: bands, a floor of "
                    f"{policy.k}, and an attacker that tries on every run ([attacks](attacks.md)).",
                    "A number becomes a target: no counts, scores or orders exist ([promises](promises.md)).",
                    "Silence is taken for absence: nothing is called absent unless all was collected.",
                    "Data outlives its purpose: every kind has its time, and files are written anew.",
                    "Whoever runs the program looks: files are for one user, and reads are in a log.",
                    "*To answer:* who could press somebody to share, and what do you do about it?",
                    "*To answer:* what do people fear here, and whom did you ask?",
                ],
            ),
            ("What remains", ["Deniability is not anonymity; what GitHub shows it goes on showing.",
                              "*To answer:* is what remains acceptable, to whom, and until when?"]),
            ("What is never made", policy.forbidden_outputs.values()),
            ("Signed", ["*To answer:* by whom, on which day, to be looked at again when?"]),
        ],
    )  # fmt: skip


PAPERS = {"notice": notice, "record": record, "assessment": assessment}


def _for_everybody(policy: Policy) -> Iterator[str]:
    yield "You see it first, all of it, with a link to every trace, and decide whether anybody else does."
    yield (
        f"Your team sees coarse words about itself, if at least {policy.k} people are behind them, "
        f"{policy.delay_days} days or more after a quarter has ended."
    )
    yield f"This follows from version {policy.sha256[:12]} of the agreement. It is no legal advice."


def _your_rights(policy: Policy) -> Iterator[str]:
    yield "Read your report: `sightline me`. Say something beside an item: `sightline me note`."
    yield "Say that an item is wrong: `sightline me contest`. Somebody who is not your manager decides."
    yield f"Show items to one person, for at most {policy.retention.shares_days} days: `sightline me share`."
    yield "See who read what about you: `sightline me access-log`."
    yield "Take everything with you: `sightline me export`."
    if policy.opt_out != "nothing":
        yield f"Leave ({policy.opt_out}), without a reason: `sightline me opt-out`."
    yield "Be erased, in bytes: ask whoever runs Sightline for `sightline privacy erase`; you get a receipt."


def _who_sees(policy: Policy) -> list[tuple[str, Iterable[str]]]:
    lines: list[str] = []
    for name, each in policy.audiences.items():
        lines += [f"**{_AUDIENCES[name]}** sees: {' '.join(each.sees)} Never: {' '.join(each.never)}"]
    return [("Who sees what", lines)]


def _retention(policy: Policy) -> Iterator[str]:
    for name, amount in policy.retention.model_dump().items():
        what, unit = name.rsplit("_", 1)
        yield (
            f"{what.replace('_', ' ')}: {amount} {unit}"
            if amount
            else f"{what.replace('_', ' ')}: not at all"
        )


def _security(policy: Policy) -> Iterator[str]:
    yield "Who is who, what they did, and what was published stand in three files, each for its owner alone."
    yield "People are random ids in all but the first; no column holds an hour or any text but their own."
    yield f"Teams are blurred: k = {policy.k}, withstanding {policy.coalition} colluding colleague(s)."
    yield "What is deleted is gone from the bytes; the log is chained, and anchored elsewhere if wanted."


def _page(
    title: str, policy: Policy, parts: Iterable[tuple[str, Iterable[str]]], after: Iterable[str] = ()
) -> str:
    lines = [
        f"# {title}",
        "",
        f"Made from `{policy.file}`, version {policy.sha256[:12]}; change the agreement, not this page.",
        "",
    ]
    for name, sentences in parts:
        lines += [f"## {name}", "", *(f"* {' '.join(each.split())}" for each in sentences), ""]
    return "\n".join([*lines, *after]).rstrip() + "\n"
