"""The sentences and words of every page, in one place, so that they are argued about once.

Nothing here grades. States differ by symbol and word; the order is the order of the legend, never of worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reports.neutral import plain

HEADER = (
    "This page shows traces in connected tools. It is not an assessment, contains no score, and must not be "
    "used on its own for pay, promotion or dismissal."
)
NONE_SEEN_IS_ABOUT_INSTRUMENTS = "“None seen” is a fact about instruments."
BANDS_HIDE_COUNTS = (
    "Bands hide counts on purpose; they cannot tell you about a person. Differences between quarters may "
    "come from leave, rotation, team changes or missing sources. For people who contest a "
    "result, share it before it is published or opt out, a random answer is counted instead of theirs, so a "
    "band tells nothing about them."
)
BESIDE = "Beside the rule, for you alone, deciding nothing"
PROCESSES = "How the team works together"
PROCESSES_SAY = (
    "One word for the whole team, under the same rule as the bands. What holds for whom is stored nowhere."
)
ASK_MEANS = "No connected source can show this item. Nobody on any team will show evidence for it. Ask."


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with its symbol. `key` names its drawing on a page; `ascii` stands in on a plain terminal."""

    key: str
    word: str
    symbol: str
    ascii: str
    says: str


STATES: Mapping[str, Mark] = {
    mark.word: mark
    for mark in (
        Mark("seen", "seen", "●", "*", "The rule is met. Every trace links to what it came from."),
        Mark("partly-seen", "partly seen", "◐", "/", "There are traces, fewer than the rule asks for."),
        Mark(
            "none-seen",
            "none seen",
            "○",
            "o",
            "The sources are complete, the occasion was there, and nothing matched. "
            "It may have happened elsewhere.",
        ),
        Mark("no-opportunity", "no opportunity", "—", "-", "The item could not have come up in this window."),
        Mark(
            "not-collected",
            "not collected",
            "◌",
            ":",
            "A source was off, refused or incomplete. The item is left open rather than guessed.",
        ),
        Mark("ask", "ask", "?", "?", "No tool can show it. There is a question to ask instead."),
        Mark("withheld", "withheld", "⊘", "x", "It could be measured, and we decline to."),
    )
}
"""Of a person's own report, in the order of the legend."""

CLASSES: Mapping[str, Mark] = {
    mark.word: mark
    for mark in (
        Mark("observable", "observable", "■", "#", "The connected tools can show it."),
        Mark("partly", "partly", "◧", "~", "The connected tools can show a part of it. Ask for the rest."),
        STATES["ask"],
        STATES["withheld"],
    )
}
"""What tools can tell about an item at all, whoever does the work."""

NOT_SHOWN = Mark(
    "not-shown",
    "not shown",
    "·",
    ".",
    "Left out by a rule that looks at public facts, such as the size of the team, never at anyone's work.",
)

BANDS = (
    Mark("bands", "few, some, most", "≡", "=", "How many of the team left traces, said coarsely on purpose."),
    Mark(
        "bands",
        "fewer than half, about half or more",
        "≡",
        "=",
        "The same for a team of five or six, where three words would say too much.",
    ),
    NOT_SHOWN,
)
"""The words of a team's report. Where one ends and the next begins depends on the size of the team alone."""


def state(word: object) -> Mark:
    """The mark of a state, with a plain dot for a word this version does not know."""
    return _mark(STATES, word)


def observability(word: object) -> Mark:
    """The mark of a class."""
    return _mark(CLASSES, word)


def _mark(marks: Mapping[str, Mark], word: object) -> Mark:
    known = marks.get(str(word))
    return known or Mark("other", plain(word), "·", ".", "A word this version of the page does not know.")


_SOURCES = {
    "github": "GitHub",
    "github_incidents": "GitHub incidents",
    "github_postmortems": "post-mortems on GitHub",
    "pagerduty": "PagerDuty",
    "incident_io": "incident.io",
    "roster": "roster",
    "files": "files",
}
_KINDS = {
    "pull_request": "pull request",
    "discussion": "discussion",
    "review_thread": "review thread",
    "review_comment": "review comment",
    "oncall_shift": "on-call shift",
    "issue_event": "issue event",
    "incident_action": "incident",
}
_CONTESTED = {
    "not-me": "this was not me",
    "wrong-item": "this does not belong to the item",
    "missing": "something is missing",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def source_name(source: object) -> str:
    """`github` as people write it."""
    return _SOURCES.get(str(source), plain(source).replace("_", " "))


def source_names(sources: Sequence[object]) -> str:
    """GitHub, PagerDuty and roster."""
    return listing([source_name(source) for source in sources])


def listing(words: Sequence[str]) -> str:
    """Words as a sentence holds them: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def spoken(name: str) -> str:
    """A signal or a rule as people write it: `oncall_shifts` is on-call shifts."""
    for written, replacement in (
        ("_", " "),
        ("ncall", "n-call"),
        ("followup", "follow-up"),
        ("oauthored", "o-authored"),
    ):
        name = name.replace(written, replacement)
    return name


def kind_name(kind: object) -> str:
    """What a piece of evidence is: `pull_request` becomes pull request."""
    return _KINDS.get(str(kind), plain(kind).replace("_", " "))


def how_many(count: int, unit: object) -> str:
    """`1 pull request`, `14 pull requests`, whichever of the two the unit was declared as."""
    words = plain(unit)
    if count == 1 and words.endswith("ies"):
        words = words[:-3] + "y"
    elif count == 1 and words.endswith("s") and not words.endswith("ss"):
        words = words[:-1]
    elif count != 1 and words[-1:].isalpha() and not words.endswith("s"):
        words = words[:-1] + "ies" if words.endswith("ry") else words + "s"
    return f"{count:,} {words}".rstrip()


def parsed_day(value: object) -> date | None:
    """The date at the start of an ISO text, or None."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def day(value: object) -> str:
    """`2026-07-01` as 1 Jul 2026; what is no date stays as it is, and nothing is `never`."""
    if value is None:
        return "never"
    known = parsed_day(value)
    return f"{known.day} {_MONTHS[known.month - 1]} {known.year}" if known else plain(value)


def moment(value: object) -> str:
    """`2026-11-22T03:00:12+00:00` as 22 Nov 2026 03:00; for runs, which have a clock, unlike evidence."""
    text = plain(value if value is not None else "")
    return f"{day(text)} {text[11:16]}".rstrip() if parsed_day(text) else text or "never"


def window_dates(body: Mapping[str, Any]) -> str:
    """The first and the last day of the window: 1 Jul to 30 Sep 2026; its name where they are not given."""
    if "window_ends_on" not in body:
        return plain(body.get("window", "this window"))
    end = parsed_day(body["window_ends_on"])
    last = day((end - timedelta(days=1)).isoformat() if end else body["window_ends_on"])
    first = day(body["window_starts_on"])
    if first[-5:] == last[-5:]:
        first = first[:-5]  # the year is said once
    return f"{first} to {last}"


def contest(contested: Mapping[str, Any]) -> str:
    """That a cell is contested, by its person, and what became of it."""
    wrong = _CONTESTED.get(contested["because"], plain(contested["because"]))
    quote = f" “{plain(contested['said'])}”" if contested.get("said") else ""
    decided = f"on {day(contested['resolved_on'])}"
    if contested.get("resolved_by"):
        decided += f" by {plain(contested['resolved_by'])}"
    became = {
        "open": "Not decided yet.",
        "upheld": f"Upheld {decided}: do not read this as it stands.",
        "dismissed": f"Dismissed {decided}.",
    }.get(contested["state"], "")
    return f"Contested on {day(contested['opened_on'])}: {wrong}.{quote} {became}".rstrip()


def because(item: Mapping[str, Any], body: Mapping[str, Any]) -> str | None:
    """Why the item stands as it does: the report's own sentence, or the standing one for its state."""
    if item.get("because"):
        return _readable(plain(item["because"]))
    standing = item.get("state", item.get("class"))
    if standing == "none seen":
        named = source_names(item.get("sources") or []) or "the connected sources"
        return f"No matching activity in {named}, {window_dates(body)}. That does not mean it did not happen."
    if standing == "ask":
        return ASK_MEANS
    if standing in ("no opportunity", "not collected", "withheld"):
        return STATES[standing].says
    return None


def _readable(sentence: str) -> str:
    """Sources by their names and days as people write them: `github`, said in lower case, is an id."""
    ids = "|".join(sorted(_SOURCES, key=len, reverse=True))
    sentence = re.sub(rf"\b({ids})\b", lambda match: _SOURCES[match[0]], sentence)
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda match: day(match[0]), sentence)
