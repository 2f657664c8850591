"""A released body as pages need it: items under their pillars, evidence under its signals, rubric order kept.

Everything in here has been made neutral; renderers only decide how it looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from privacy.released import Released
from reports import words
from reports.neutral import plain, safe_url
from reports.words import Mark


@dataclass(frozen=True, slots=True)
class Trace:
    """One source object that counted, with every day it counted on."""

    kind: str
    label: str
    title: str | None
    """What its source calls it, for whoever asked to be told; a report itself holds no titles."""
    url: str | None
    days: tuple[str, ...]
    """ISO dates, oldest first."""
    seen_on: str | None
    """The ISO date of the night that first saw it; None where that was before history was kept."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What one signal found: the question it answers and the traces that answer it, oldest first."""

    signal: str
    answers: str
    amount: str
    """`14 pull requests`: the number of traces listed, so the number opens into links."""
    traces: tuple[Trace, ...]
    guard: str | None = None
    """The signal that keeps this one honest, with what the same report lists of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of the rubric, ready to be drawn."""

    anchor: str
    slug: str
    says: str
    observability: Mark
    mark: Mark
    """The state on a person's own report; the band, or why there is none, on a team's."""
    is_band: bool
    """Whether `mark` says something of a team that `observability` does not say already."""
    rule: str | None
    because: str | None
    question: str | None
    sources: str
    misleads: tuple[str, ...]
    trails: tuple[Trail, ...]
    beside: tuple[Trail, ...] = ()
    """Traces that decide nothing, for the person alone; those without any are left out."""
    note: str | None = None
    """What its person wrote beside it."""
    contest: str | None = None
    """That its person contests it, and what became of that."""


@dataclass(frozen=True, slots=True)
class Group:
    """The items under one heading of a pillar."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Pillar:
    """One pillar of the rubric."""

    anchor: str
    name: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """How a team works together, in one word."""

    name: str
    asks: str
    mark: Mark
    because: str | None
    sources: str
    misleads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """How far one source reaches, and what is missing from it."""

    name: str
    starts_on: str | None
    ends_on: str | None
    is_complete: bool
    because: str | None

    @property
    def word(self) -> str:
        return "complete" if self.is_complete else "has gaps"

    @property
    def reach(self) -> str:
        if self.starts_on is None or self.ends_on is None:
            return "nothing collected yet"
        return f"{words.day(self.starts_on)} to {words.day(self.ends_on)}"


def body_for(
    released: Released, audience: Literal["team", "self", "share", "organisation"]
) -> dict[str, Any]:
    """The body, if the door let it out for this audience. Raises TypeError for anything else."""
    if not isinstance(released, Released):
        raise TypeError(f"a report is made from what the door released, not from {type(released).__name__}")
    if released.audience != audience:
        raise TypeError(
            f"this report is for the {audience} audience; the door released it for {released.audience}"
        )
    return released.body


def for_programs(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body that opens, as every page does, with what it is not."""
    return {"about_this_report": words.HEADER, **body}


def titled(body: dict[str, Any], titles: Mapping[str, str] | None) -> dict[str, Any]:
    """The same body with what each source object is called, by its id. For showing now, not for keeping."""
    if not titles:
        return body

    def with_titles(entry: Mapping[str, Any]) -> dict[str, Any]:
        return {"evidence": [row | {"title": titles.get(row["source_id"])} for row in entry["evidence"]]}

    items = [raw | with_titles(raw) for raw in body["items"]]
    items = [
        raw | {"beside": raw["beside"] | with_titles(raw["beside"])} if raw.get("beside") else raw
        for raw in items
    ]
    return body | {"items": items}


def pillars(body: Mapping[str, Any]) -> list[Pillar]:
    """The items under pillars and groups, in the order they came in, which is the rubric's."""
    taken: set[str] = set()
    shaped = [
        (_heading(raw, "pillar"), _heading(raw, "group"), item(raw, body, taken)) for raw in body["items"]
    ]
    sections = []
    for pillar, members in groupby(shaped, key=lambda each: each[0]):
        groups = tuple(
            Group(name, tuple(each[2] for each in inside))
            for name, inside in groupby(members, key=lambda each: each[1])
        )
        sections.append(Pillar(_anchor("pillar", pillar, taken), pillar, groups))
    return sections


def item(raw: Mapping[str, Any], body: Mapping[str, Any], taken: set[str] | None = None) -> Item:
    """One item of a body. `taken` collects the anchors of a page, so that no two are the same."""
    misleads = [plain(sentence) for sentence in dict.fromkeys(raw.get("misleads") or [])]
    because = _without(misleads, words.because(raw, body))
    observability = words.observability(raw["class"])
    mark = words.state(raw["state"]) if "state" in raw else _band(raw)
    return Item(
        anchor=_anchor("item", plain(raw["item"]), taken if taken is not None else set()),
        slug=plain(raw["item"]),
        says=plain(raw["says"]),
        observability=observability,
        mark=mark,
        is_band="state" not in raw and mark != observability,
        rule=words.spoken(plain(raw["rule"])) if raw.get("rule") else None,
        because=because,
        question=_optional(raw.get("question")),
        sources=words.source_names(raw.get("sources") or []),
        misleads=tuple(misleads),
        trails=tuple(_trails(raw, body)),
        beside=tuple(trail for trail in _trails(raw.get("beside") or {}, body) if trail.traces),
        note=plain(raw["note"]["said"]) if raw.get("note") else None,
        contest=words.contest(raw["contest"]) if raw.get("contest") else None,
    )


def processes(body: Mapping[str, Any]) -> list[Process]:
    """How the team works together, in the order the door gave it."""
    return [
        Process(
            name=plain(raw["process"]),
            asks=plain(raw["asks"]),
            mark=_band({"class": "partly", **raw}),
            because=_optional(raw["because"]),
            sources=words.source_names(raw["sources"]),
            misleads=tuple(plain(sentence) for sentence in raw["misleads"]),
        )
        for raw in body["processes"]
    ]


def states(body: Mapping[str, Any]) -> list[Mark]:
    """The states on a person's report, in the order of the legend. How many of each would be a score."""
    marks = [words.state(raw["state"]) for raw in body["items"]]
    return [mark for mark in dict.fromkeys([*words.STATES.values(), *marks]) if mark in marks]


def class_counts(body: Mapping[str, Any]) -> list[tuple[int, Mark]]:
    """How many items are of which class. A fact about the map, the same for every team."""
    marks = [words.observability(raw["class"]) for raw in body["items"]]
    return [
        (marks.count(mark), mark)
        for mark in dict.fromkeys([*words.CLASSES.values(), *marks])
        if mark in marks
    ]


def sources(body: Mapping[str, Any]) -> list[Source]:
    """The sources behind the report, in the order the door gave them."""
    return [
        Source(
            name=words.source_name(raw["source"]),
            starts_on=_iso(raw.get("from")),
            ends_on=_iso(raw.get("through")),
            is_complete=bool(raw["complete"]),
            because=_optional(raw.get("because")),
        )
        for raw in body["sources"]
    ]


def _band(raw: Mapping[str, Any]) -> Mark:
    """The band's word beside the symbol of the class: a band has no symbol, so that none looks like more."""
    mark = words.observability(raw["class"])
    if mark.word in ("ask", "withheld"):
        return mark
    if raw["shown"] and raw.get("band"):
        return Mark(mark.key, plain(raw["band"]), mark.symbol, mark.ascii, mark.says)
    return words.NOT_SHOWN


def _trails(raw: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Trail]:
    """One trail a signal: the declared ones first, in the map's order, then any other with evidence."""
    evidence: Sequence[Mapping[str, Any]] = raw.get("evidence") or []
    declared = {str(signal["signal"]): signal for signal in raw.get("signals") or []}
    for name in dict.fromkeys([*declared, *(str(row["signal"]) for row in evidence)]):
        signal = declared.get(name, {"answers": "", "unit": "traces"})
        traces = tuple(_traces([row for row in evidence if str(row["signal"]) == name]))
        yield Trail(
            signal=plain(name),
            answers=plain(signal["answers"]),
            amount=words.how_many(len(traces), signal["unit"]),
            traces=traces,
            guard=_guard(signal["guard"], body) if traces and signal.get("guard") else None,
        )


def _guard(name: str, body: Mapping[str, Any]) -> str:
    """The guard of a signal, with what the report lists of it. An empty list is no absence."""
    items = [each for raw in body["items"] for each in (raw, raw.get("beside") or {})]
    listed = {
        (row["source_kind"], row["source_id"])
        for each in items
        for row in each.get("evidence") or ()
        if row["signal"] == name
    }
    guards = [signal for each in items for signal in each.get("signals") or () if signal["signal"] == name]
    if not listed or not guards:
        return f"Kept honest by {plain(name)}, of which nothing is listed here."
    amount = words.how_many(len(listed), guards[0]["unit"])
    return f"Kept honest by {plain(name)}, {amount} here: {plain(guards[0]['answers'])}"


def _traces(rows: Sequence[Mapping[str, Any]]) -> Iterator[Trace]:
    by_object: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda each: (str(each["occurred_on"]), str(each["source_id"]))):
        by_object.setdefault((str(row["source_kind"]), str(row["source_id"])), []).append(row)
    for (kind, source_id), same in by_object.items():
        url = next((safe for row in same if (safe := safe_url(row.get("url")))), None)
        yield Trace(
            kind=words.kind_name(kind),
            label=_label(url) if url else plain(source_id),
            title=_optional(same[0].get("title")),
            url=url,
            days=tuple(dict.fromkeys(plain(row["occurred_on"]) for row in same)),
            seen_on=min((each for row in same if (each := _iso(row.get("seen_on")))), default=None),
        )


def _label(url: str) -> str:
    """A short name for an address: `acme/api #12` for what GitHub numbers, else host and path."""
    parts = urlsplit(url)
    numbered = re.fullmatch(r"/([^/]+/[^/]+)/(?:pull|issues|discussions)/(\d+)(?:/.*)?", parts.path)
    if numbered:
        return plain(f"{unquote(numbered[1])} #{numbered[2]}")
    return plain(f"{parts.netloc}{unquote(parts.path).rstrip('/')}")


def _anchor(prefix: str, name: str, taken: set[str]) -> str:
    stem = f"{prefix}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'unnamed'}"
    anchor, copy = stem, 1
    while anchor in taken:
        copy += 1
        anchor = f"{stem}-{copy}"
    taken.add(anchor)
    return anchor


def _without(misleads: Sequence[str], because: str | None) -> str | None:
    """The reason, less what stands below it anyway as what the traces miss."""
    for sentence in misleads:
        because = (because or "").replace(sentence, "")
    return " ".join((because or "").split()) or None


def _heading(raw: Mapping[str, Any], key: str) -> str:
    return plain(raw.get(key) or "")


def _iso(value: object) -> str | None:
    known = words.parsed_day(value)
    return known.isoformat() if known else None


def _optional(value: object) -> str | None:
    return plain(value) if value else None
