"""evidence x map x completeness x opportunity -> Cell. Pure: no clock, no store, no file.

The order of the questions is the promise. What was seen is said first and is never taken back by leave, by a
gap or by a missing source. "None seen" comes last, when everything else that could explain an empty cell has
been ruled out: it is a fact about instruments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, Protocol

from rubric.map import Item
from rubric.rule import Indicator, is_met, part_is_met, rule_text
from rubric.rule_reading import SignalLike
from warehouse.windows import Window

State = Literal["seen", "partly seen", "none seen", "no opportunity", "not collected", "ask", "withheld"]

# Tables of our own making: all sources' accounts and the roster fill them, no one source answers for them.
OURS = frozenset({"persons", "memberships"})

_NO_OPPORTUNITY = (
    "The connected tools hold no occasion in this window on which the item could have come up."
    " Why not is not recorded, and it says nothing about the person."
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """This person, this day, this signal, this object at the source."""

    person_id: str
    signal: str
    occurred_on: date
    source_kind: str
    source_id: str


class SourceLike(Protocol):
    """How far one source can be trusted for a window; `warehouse.completeness.SourceWindow` says it."""

    @property
    def source(self) -> str: ...
    @property
    def kinds(self) -> frozenset[str]: ...
    @property
    def from_day(self) -> date | None: ...
    @property
    def through_day(self) -> date | None: ...
    @property
    def complete(self) -> bool: ...
    @property
    def because(self) -> str | None: ...
    @property
    def lacks(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source's word about itself: it is whole from `from_day` until before `through_day`."""

    source: str
    kinds: frozenset[str]
    """The tables it fills, each by name: a source of incidents may know nothing of their fixes."""
    from_day: date | None
    through_day: date | None
    complete: bool
    because: str | None = None
    """Why it is not complete, as a sentence without its full stop."""
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Tables that miss something, and why. Empty where it is not complete: then none of `kinds` is sure."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Person x item x window, in exactly one state."""

    person_id: str
    item: str
    window: Window
    state: State
    because: str | None
    """Why the state is what it is; None where the evidence speaks for itself."""
    evidence: tuple[Evidence, ...]


def evaluate(
    item: Item,
    catalog: Mapping[str, SignalLike],
    *,
    person_id: str,
    window: Window,
    as_of: date,
    evidence: Iterable[Evidence],
    opportunities: Collection[str],
    memberships: Sequence[tuple[date, date | None]],
    sources: Sequence[SourceLike],
) -> Cell:
    """The cell of this person and item as it stood on `as_of`.

    `evidence` is this person's, for every window in `windows_read`; rows of other signals and days are left
    out. `opportunities` names the opportunity signals that had a day in the window for this person.
    `memberships` are half-open ranges of enrolment (None: still). `sources` speak for all of `windows_read`.
    Raises ValueError for another person's evidence and for a window that has not begun.
    """
    if as_of < window.starts_on:
        raise ValueError(f"window {window.name} has not begun on {as_of}")

    def cell(state: State, because: str | None, rows: Sequence[Evidence] = ()) -> Cell:
        return Cell(person_id, item.slug, window, state, because, tuple(rows))

    if item.item_class == "ask":
        nobody = (
            "No connected source can show this item, and nobody on any team will show evidence for it. Ask."
        )
        return cell("ask", _joined(item.because, nobody))
    if item.item_class == "withheld":
        return cell("withheld", _joined("This could be measured, and Sightline declines to.", item.because))

    rows = _of_this_item(item, person_id, window, as_of, evidence)
    holding = {each for each in item.indicators if _holds(each, rows)}
    if is_met(item.parts, item.seen_when, holding.__contains__):
        return cell("seen", None, rows)

    gaps = open_reasons(
        item, catalog, window=window, as_of=as_of, sources=sources, opportunities=opportunities
    )
    if rows:
        unmet = [part for part in item.parts if not part_is_met(part, holding.__contains__)]
        asks = rule_text(unmet, item.seen_when)
        more = f"Some of it was seen, and the rule asks for more: {asks}."
        return cell("partly seen", _joined(more, *gaps), rows)
    if enrolled_share(memberships, window, as_of) < Fraction(1, 2):
        return cell("no opportunity", _NO_OPPORTUNITY)
    if gaps:
        return cell("not collected", _joined(*gaps))
    if not _could_come_up(item, catalog, opportunities):
        return cell("no opportunity", _NO_OPPORTUNITY)
    return cell("none seen", _nothing_matched(item, catalog, window, as_of, sources))


def beside(item: Item, evidence: Iterable[Evidence], window: Window, as_of: date) -> list[Evidence]:
    """What is shown below the item to its person: it decides nothing, and no band has heard of it."""
    rows = {
        row
        for row in evidence
        if row.signal in item.beside
        and window.starts_on <= row.occurred_on <= as_of
        and row.occurred_on < window.ends_on
    }
    return sorted(rows, key=lambda row: (row.occurred_on, row.signal, row.source_kind, row.source_id))


def trace(
    item: Item,
    catalog: Mapping[str, SignalLike],
    evidence: Iterable[Evidence],
    *,
    window: Window | None = None,
) -> bool:
    """The one bit per person and item that the door may band: whether anything bandable is there at all.

    With a `window`, only its own days count, however far back the rule looks: two bands that shared a
    quarter would give people away around whoever joined or left between them.
    """
    signals = band_signals(item, catalog)
    starts_on, ends_on = (window.starts_on, window.ends_on) if window else (date.min, date.max)
    return any(row.signal in signals and starts_on <= row.occurred_on < ends_on for row in evidence)


def bandable(item: Item, catalog: Mapping[str, SignalLike]) -> bool:
    """Whether the item has a signal that may feed a band. A fact about the map, never about people."""
    return bool(band_signals(item, catalog))


def band_signals(item: Item, catalog: Mapping[str, SignalLike]) -> frozenset[str]:
    """The signals of the item that may feed a band: all that its band rests on."""
    named = {indicator.signal for indicator in item.indicators}
    return frozenset(name for name in named if catalog[name].sensitivity == "band")


def as_item(name: str, signal: SignalLike) -> Item:
    """An item that rests on one signal alone: what can be asked of an item can then be asked of it."""
    rule = Indicator(name, 1, signal.unit)
    return Item(name, "", "", "", "partly", None, None, (rule,), "all", "", 0)


def windows_read(item: Item, window: Window) -> list[Window]:
    """The windows an item's rule looks at, oldest first: more than one for `over: 2 quarters`."""
    read = [window]
    for _ in range(max((indicator.over_quarters for indicator in item.indicators), default=1) - 1):
        read.append(read[-1].previous())
    return read[::-1]


def sources_of(
    item: Item, catalog: Mapping[str, SignalLike], sources: Iterable[SourceLike]
) -> tuple[str, ...]:
    """Names of the connected sources that feed the item's evidence, in alphabetical order."""
    tables = {*tables_read(item, catalog)}
    return tuple(sorted({each.source for each in sources if tables & each.kinds}))


def tables_read(item: Item, catalog: Mapping[str, SignalLike]) -> list[str]:
    """What of sources the item's evidence is looked for in, as one may lack it, in alphabetical order."""
    signals = [indicator.signal for indicator in item.indicators]
    apart = {name for signal in signals for name in catalog[signal].apart}
    return sorted(_read_tables(catalog, signals) | apart)


def open_reasons(
    item: Item,
    catalog: Mapping[str, SignalLike],
    *,
    window: Window,
    as_of: date,
    sources: Sequence[SourceLike],
    opportunities: Collection[str] | None = None,
) -> list[str]:
    """One sentence for every reason why finding nothing would prove nothing; empty when it would.

    Without `opportunities` these are the reasons that hold for everybody, and depend on no person.
    """
    if not item.indicators:
        return []
    starts_on = windows_read(item, window)[0].starts_on
    end = min(window.ends_on, as_of)
    if end <= window.starts_on:
        return ["The window began today and no day of it is whole yet."]
    signals = [indicator.signal for indicator in item.indicators]
    tables = _read_tables(catalog, signals)
    if not tables:
        return ["No signal of this item reads from a source; it is left open rather than guessed."]
    if opportunities is not None:
        # An occasion that was found proves itself; one that was not needs whole tables, like any absence.
        signals += [
            _first_missing(name, catalog, opportunities)
            for name in _opportunities_of(signals, catalog)
            if name not in opportunities
        ]
        tables = _read_tables(catalog, signals)
    apart = {name for signal in signals for name in catalog[signal].apart}
    refused = (catalog[name].open_because for name in dict.fromkeys(signals))
    sentences = [sentence for sentence in refused if sentence is not None]
    unfed = sorted(_needed_tables(catalog, signals).difference(*(source.kinds for source in sources)))
    if unfed:
        named = _listed([table.replace("_", " ") for table in unfed])
        sentences.append(f"No connected source collects {named}; this item is left open rather than guessed.")
    for source in sorted(sources, key=lambda each: each.source):
        if fed := tables & source.kinds | apart & source.lacks.keys():
            sentence = _incomplete(source, fed, starts_on, end)
            if sentence is not None:
                sentences.append(sentence)
    return sentences


def enrolled_share(memberships: Iterable[tuple[date, date | None]], window: Window, as_of: date) -> Fraction:
    """Which part of the window's days so far the person was enrolled; overlapping ranges count once."""
    first = window.starts_on.toordinal()
    end = min(window.ends_on, as_of + timedelta(days=1)).toordinal()
    days: set[int] = set()
    for starts_on, ends_on in memberships:
        stop = end if ends_on is None else min(end, ends_on.toordinal())
        days.update(range(max(first, starts_on.toordinal()), stop))
    return Fraction(len(days), end - first)


# --- the rule -------------------------------------------------------------------------------------------


def _of_this_item(
    item: Item, person_id: str, window: Window, as_of: date, evidence: Iterable[Evidence]
) -> list[Evidence]:
    """Distinct rows of the item's signals within their spans, by day."""
    starts_on = {each.signal: _starts_on(each, window) for each in item.indicators}
    kept = set()
    for row in evidence:
        if row.person_id != person_id:
            raise ValueError("evidence of another person was handed in for this cell")
        begins = starts_on.get(row.signal)
        if begins is not None and begins <= row.occurred_on <= as_of and row.occurred_on < window.ends_on:
            kept.add(row)
    return sorted(kept, key=lambda row: (row.occurred_on, row.signal, row.source_kind, row.source_id))


def _holds(indicator: Indicator, rows: Iterable[Evidence]) -> bool:
    """Enough distinct source objects, in enough distinct ISO weeks."""
    mine = [row for row in rows if row.signal == indicator.signal]
    objects = {(row.source_kind, row.source_id) for row in mine}
    weeks = {row.occurred_on.isocalendar()[:2] for row in mine}
    return len(objects) >= indicator.at_least and len(weeks) >= (indicator.in_weeks or 0)


def _starts_on(indicator: Indicator, window: Window) -> date:
    for _ in range(indicator.over_quarters - 1):
        window = window.previous()
    return window.starts_on


# --- what could explain an empty cell -------------------------------------------------------------------


def _incomplete(source: SourceLike, tables: Collection[str], starts_on: date, end: date) -> str | None:
    """Why it does not answer in these tables for every day from `starts_on` until before `end`, or None."""
    covered_from = max(source.from_day or end, starts_on)
    covered_until = min(source.through_day or starts_on, end)
    missing = (end - starts_on).days - max(0, (covered_until - covered_from).days)
    lacking: dict[str, list[str]] = {}
    for table in sorted(source.lacks.keys() & tables):
        lacking.setdefault(source.lacks[table], []).append(table.replace("_", " "))
    if not missing and not lacking and (source.complete or source.lacks):
        return None
    if lacking and not missing:
        named = "; ".join(f"{_listed(those)} ({why})" for why, those in lacking.items())
        return (
            f"{source.source} lacks {named} for some days between {starts_on} and {_last_day(end)};"
            " this item is left open rather than guessed."
        )
    days = f"{missing} of {(end - starts_on).days} days" if missing else "some days"
    why = f" ({source.because.rstrip('. ')})" if source.because else ""
    return (
        f"{source.source} was incomplete for {days} between {starts_on} and {_last_day(end)}{why};"
        " this item is left open rather than guessed."
    )


def _could_come_up(item: Item, catalog: Mapping[str, SignalLike], opportunities: Collection[str]) -> bool:
    """False only when every indicator waits for an occasion and none of the occasions came."""
    waits_for = [catalog[indicator.signal].opportunity for indicator in item.indicators]
    return any(name is None or name in opportunities for name in waits_for)


def _nothing_matched(
    item: Item,
    catalog: Mapping[str, SignalLike],
    window: Window,
    as_of: date,
    sources: Sequence[SourceLike],
) -> str:
    starts_on = windows_read(item, window)[0].starts_on
    names = _listed(sources_of(item, catalog, sources))
    last = _last_day(min(window.ends_on, as_of))
    misleads = [" ".join(catalog[indicator.signal].misleads.split()) for indicator in item.indicators]
    return _joined(
        f"No matching activity in {names} between {starts_on} and {last}.",
        "That does not mean it did not happen: much of it leaves no trace here.",
        item.because,
        *dict.fromkeys(misleads),
    )


def _opportunities_of(signals: Iterable[str], catalog: Mapping[str, SignalLike]) -> list[str]:
    named = (catalog[signal].opportunity for signal in signals)
    return list(dict.fromkeys(name for name in named if name is not None))


def _first_missing(name: str, catalog: Mapping[str, SignalLike], opportunities: Collection[str]) -> str:
    """The occasion that this one waits for itself, if that did not come: then this one could not either."""
    before = catalog[name].opportunity
    return before if before is not None and before not in opportunities else name


def _read_tables(catalog: Mapping[str, SignalLike], signals: Iterable[str]) -> set[str]:
    return {table for signal in signals for table in catalog[signal].reads} - OURS


def _needed_tables(catalog: Mapping[str, SignalLike], signals: Iterable[str]) -> set[str]:
    """Those that some signal cannot do without, be they optional to another."""
    named = [catalog[signal] for signal in signals]
    return {table for each in named for table in {*each.reads} - {*each.optional}} - OURS


# --- words ----------------------------------------------------------------------------------------------


def _last_day(end: date) -> date:
    return end - timedelta(days=1)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _joined(*sentences: str | None) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
