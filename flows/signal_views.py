"""What `sightline signals` prints about one signal: its card, and whether its page holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

from connectors.errors import BadInput
from flows.settings import SHIPPED
from signals.catalog import FOLDER, Catalog, Signal, load_catalog

_SEEN_BY = {
    "band": "the person, with links; a trace may count in a band of the team",
    "person": "the person, with links; never a band",
    "self": "the person alone; never a band",
    "team": "a team, as one word about how it works; nothing about anybody",
}


def show_signal(name: str, folder: Path | None = None) -> str:
    """One signal's card, and below it the file it comes from. Raises BadInput with the nearest name."""
    catalog = load_catalog(folder or FOLDER)
    return "\n".join(_card(_named(name, catalog), datetime.now(UTC).date()))


def test_signals(names: Sequence[str], folder: Path | None, pages: Path | None) -> tuple[list[str], str]:
    """A sentence for every example that does not hold, and one for when all do. Raises BadInput."""
    from signals.spec import failures, read_page

    catalog = load_catalog(folder or FOLDER)
    asked = [_named(name, catalog) for name in names] or list(catalog.values())
    pages = pages or (folder / "specs" if folder else SHIPPED / "tests" / "specs")
    wrong, held, mistakes = [], 0, []
    for signal in asked:
        page = pages / f"{signal.signal}.md"
        if not page.exists():
            wrong.append(f"{page}: is missing; a signal has a page of examples, tables in and tables out")
            continue
        try:
            for example in read_page(page):
                found = failures(example, signal)
                held += not found
                wrong += [f"{page}:{example.line}: {each}" for each in found]
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    return wrong, f"{held} examples of {len(asked)} {'signal' if len(asked) == 1 else 'signals'} hold"


def _named(name: str, catalog: Catalog) -> Signal:
    if name not in catalog:
        near = get_close_matches(name, catalog, n=1)
        raise BadInput([f"no signal is named '{name}'" + (f"; did you mean '{near[0]}'?" if near else "")])
    return catalog[name]


def _card(signal: Signal, today: date) -> Iterator[str]:
    yield f"{signal.signal} ({signal.kind}), version {signal.sha256[:12]}"
    yield f"  {' '.join(signal.answers.split())}"
    yield ""
    facts = {
        "counts": f"distinct {signal.unit}" if signal.kind == "evidence" else signal.unit,
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
