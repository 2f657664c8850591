"""What `sightline signals` prints: the list, one signal's card, and whether its page holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

from config.settings import SHIPPED, load_settings
from connectors.errors import BadInput
from signals.catalog import Catalog, Signal, load_catalog

_SEEN_BY = {
    "band": "the person, with links; a trace may count in a band of the team",
    "person": "the person, with links; never a band",
    "self": "the person alone; never a band",
    "team": "a team, as one word about how it works; nothing about anybody",
}


def catalog_of(config: Path | None, folder: Path | None = None) -> Catalog:
    """The shipped signals, those of the settings if there are any, and of `folder`. Raises BadInput."""
    own = load_settings(config).signals if config and config.exists() else ()
    return load_catalog(own=[*own, *([folder.resolve()] if folder else [])])


def list_signals(config: Path, form: str) -> str:
    """Every signal with its question, the organisation's own among them."""
    rows = [
        {"signal": name, "kind": signal.kind, "answers": signal.answers, "sensitivity": signal.sensitivity}
        | {"own": signal.is_own}
        for name, signal in catalog_of(config).items()
    ]
    if form == "json":
        return json.dumps({"signals": rows}, indent=1, ensure_ascii=False)
    return "\n".join(f"{row['signal']:28} {row['sensitivity']:7} {row['answers']}" for row in rows)


def show_signal(config: Path | None, name: str, folder: Path | None = None) -> str:
    """One signal's card, and below it the file it comes from. Raises BadInput with the nearest name."""
    return "\n".join(_card(_named(name, catalog_of(config, folder)), datetime.now(UTC).date()))


def test_signals(
    config: Path | None, names: Sequence[str], folder: Path | None, pages: Path | None
) -> tuple[list[str], str]:
    """A sentence for every example that does not hold, and one for when all do. Raises BadInput.

    Without names these are all signals, or those of `folder`. Pages of one's own are in `specs` beside them.
    """
    from signals.spec import failures, read_page

    catalog = catalog_of(config, folder)
    asked = [_named(name, catalog) for name in names] or [
        each for each in catalog.values() if folder is None or each.path.parent == folder.resolve()
    ]
    wrong, held, mistakes = [], 0, []
    for signal in asked:
        beside = signal.path.parent / "specs" if signal.is_own else SHIPPED / "tests" / "specs"
        page = (pages or beside) / f"{signal.signal}.md"
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
