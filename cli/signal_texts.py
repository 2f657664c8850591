"""The card of a signal, in lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from signals.catalog import Signal
from signals.shared_views import SHARED, read_by

_SEEN_BY = {
    "band": "the person, with links; a trace may count in a band of the team",
    "person": "the person, with links; never a band",
    "self": "the person alone; never a band",
    "team": "a team, as one word about how it works; nothing about anybody",
}


def card(signal: Signal, today: date) -> Iterator[str]:
    """What the header of a signal says, and below it the file and the views that its query reads."""
    yield f"{signal.signal} ({signal.kind}), version {signal.sha256[:12]}"
    yield f"  {' '.join(signal.answers.split())}"
    yield ""
    facts = {
        "counts": {"evidence": f"distinct {signal.unit}", "step": "nothing"}.get(signal.kind, signal.unit),
        "shown to": _SEEN_BY[signal.sensitivity],
        "fair only with": signal.opportunity or "nothing: it can come up at any time",
        "kept honest by": signal.guard
        or (f"nothing, because {signal.unguarded}" if signal.unguarded else "nothing"),
        "reads": ", ".join(signal.reads),
        "misleads": " ".join(signal.misleads.split()),
        "basis": " ".join(signal.basis.split()),
        "owner": f"{signal.owner}, to be read again by {signal.review_by}",
    }
    width = max(map(len, facts))
    yield from (f"  {key:{width}}  {value}" for key, value in facts.items())
    for sentence in signal.overdue(today):
        yield f"  ! {sentence}"
    yield ""
    yield signal.path.read_text(encoding="utf-8").rstrip()
    for view in read_by(signal.sql):
        yield f"\n-- {view}\n{SHARED[view]}"
