"""Catalog -> the page about all signals: `python -m signals.manual > docs/signals.md`."""

from __future__ import annotations

import itertools
import sys

from signals.catalog import Catalog, Signal, load_catalog
from signals.shared_views import SHARED

_SEEN_BY = {
    "band": "links for the person; may feed a team's band",
    "person": "links for the person; never a band",
    "self": "the person alone; never a band, never shared unasked",
    "team": "the team, as one word; never a person, never a count",
}

_OPENING = """# Signals

Written from the headers in `signals/*.sql` by `python -m signals.manual > docs/signals.md`; change those,
not this page. The examples of each signal are in `tests/specs/`, and are run as tests.

A signal is a declared question. Its SQL answers with rows: this person, this day, this source object. What is
counted is distinct source objects, so splitting one thing into many comments adds nothing. Robots never have
evidence and are never "somebody else"; nobody is their own reviewer. An object whose author has deleted their
account is nobody's, and gives no evidence.

`sightline signals coverage` says for the whole organisation in how many repositories each can come up at all,
whether it came up often in a closed quarter and in those before, which others rest on most of its objects,
and what it cannot see. `privacy/organisation.py` says how coarse that is and why.

"""

_STEPS = """## Steps

What ties somebody's traces of one incident together, for `sightline me incidents`: links, for the person
alone. No rubric can name a step, and no signal of evidence may read what a machine did to somebody: a page
counts for nothing.

"""

_PROCESSES = """## Team processes

How a team works together, as one word for a whole team and a closed quarter, published once through the same
door and under the same rule as the bands of items. What holds for whom is worked out while a release is made
and is stored nowhere: nobody can look it up, not even about themselves. No day or hour of anybody is told.

"""

_VIEWS = """## Views

What many signals share, in `signals/views/`. A signal reads them like tables, also one of your own, and lists
under `reads` the tables behind them.

"""

_REFUSED = """## Refused

These are never computed, for anybody:

| measure | why |
|---|---|
| commits, lines of code | they reward the longer way, and measure the tool and the style before the person |
| hours, time of day, weekdays, streaks, presence | they watch a life, not work; only dates are stored |
| time to anything, per person | noise at best, and it punishes whoever takes the hard ones |
| sentiment, emotion, gender, any inferred trait | a guess about a person is not evidence |
| approval or rejection rates received, rounds of review | they differ by who is asked, not by what was done |
| scores, ranks, percentiles, quartiles | an order of people is what this is built not to be |
| use of AI tools, per person | how somebody writes is theirs; the work can be read |
| anything from private chat | it was said in private |
"""


def manual(catalog: Catalog) -> str:
    """The page about all signals, as Markdown."""
    parts = [_OPENING, "## Evidence\n\n"]
    parts += [_entry(signal) for signal in catalog.of_kind("evidence")]
    parts += [
        "## Opportunities\n\nDays on which something could have come up. "
        "Without one, finding nothing is `no opportunity` and says nothing.\n\n"
    ]
    parts += [_entry(signal) for signal in catalog.of_kind("opportunity")]
    parts += [_STEPS, *(_entry(signal) for signal in catalog.of_kind("step"))]
    parts += [_PROCESSES, *(_entry(signal) for signal in catalog.of_kind("process"))]
    return "".join([*parts, _VIEWS, *map(_view, SHARED), "\n", _REFUSED])


def _view(name: str) -> str:
    """One line: the comment that the view's query opens with."""
    comment = itertools.takewhile(lambda line: line.startswith("-- "), SHARED[name].splitlines())
    return f"* `{name}`: {' '.join(line.removeprefix('-- ') for line in comment)}\n"


def _entry(signal: Signal) -> str:
    facts = {
        "counts": signal.unit if signal.kind == "evidence" else None,
        "for": _SEEN_BY[signal.sensitivity] if signal.kind not in ("opportunity", "step") else None,
        "opportunity": f"`{signal.opportunity}`" if signal.opportunity else None,
        "kept honest by": f"`{signal.guard}`" if signal.guard else _nothing(signal),
        "reads": ", ".join(f"`{table}`" for table in signal.reads),
        "of these only where there are any": ", ".join(f"`{table}`" for table in signal.optional) or None,
        "basis": signal.basis,
        "owner": f"{signal.owner}, to be read again by {signal.review_by}",
    }
    listed = "".join(f"* {name}: {value}\n" for name, value in facts.items() if value)
    return f"### {signal.signal}\n\n{signal.answers}\n\n{listed}\nMisleads: {signal.misleads}\n\n"


def _nothing(signal: Signal) -> str | None:
    return f"nothing, because {signal.unguarded}" if signal.unguarded else None


if __name__ == "__main__":
    sys.stdout.write(manual(load_catalog()))
