"""What a released body may hold, key by key. Anything else is refused before it can leave.

A team's body has no place for a number, a name or a date that belongs to a person: what cannot be written
down cannot leak.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from privacy.errors import RefusedBody

ABOUT = ("item", "pillar", "group", "says", "class", "question", "sources", "misleads")
"""What the map says of an item; the same for everybody."""

_WINDOW = ("kind", "team", "window", "window_starts_on", "window_ends_on", "rubric", "agreement_sha256")
_TEAM = {*_WINDOW, "published_on", "sources", "items", "processes"}
_SELF = {*_WINDOW, "window_is_open", "computed_on", "sources", "items"}
_SOURCE = {"source", "complete", "from", "through", "because"}
_TEAM_ITEM = {*ABOUT, "shown", "band", "because"}
_PROCESS = {"process", "asks", "sources", "misleads", "shown", "band", "because"}
_SELF_ITEM = {*ABOUT, "state", "because", "rule", "map", "evidence", "signals"}
_SHARE = {*(_SELF - {"team", "kind"}), "kind", "shared_by", "shared_on", "opens_until"}
_OWN = {"note", "contest"}
"""What its person says of an item; never part of the file that a night writes."""
_NOTE = {"said", "written_on"}
_CONTEST = {"because", "opened_on", "state", "resolved_on", "resolved_by", "said"}
_NOTHING: Mapping[str, Any] = {"evidence": (), "signals": ()}
_STEP = {"signal", "occurred_on", "source_kind", "source_id", "url", "incident_id", "incident_url"}
"""What somebody did in an incident, was called to, or was on call for: for that person, and in no share."""
_EVIDENCE = {"signal", "occurred_on", "source_kind", "source_id", "url", "seen_on"}
_SIGNAL = {"signal", "answers", "unit", "guard", "file", "version"}

_CLASSES = {"observable", "partly", "ask", "withheld"}
_BANDS = {"fewer than half", "about half or more", "few", "some", "most"}
_STATES = {
    "seen",
    "partly seen",
    "none seen",
    "no opportunity",
    "not collected",
    "ask",
    "withheld",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CODES = re.compile(r"[a-z][a-z_ ,]*")


def about(item: Mapping[str, Any]) -> dict[str, Any]:
    """What the map says of an item, and no more."""
    return {key: list(item[key]) if key in ("sources", "misleads") else item[key] for key in ABOUT}


def sources(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is public about the sources, by name."""
    public = [
        {
            "source": str(row["source"]),
            "complete": row["complete"] is True,
            "from": _day(row["from"]),
            "through": _day(row["through"]),
            "because": row["because"],
            "lacks": _lacks(row.get("lacks") or {}),
        }
        for row in rows
    ]
    return sorted(public, key=lambda row: str(row["source"]))


def self_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """One item of somebody's own report, with days as days and links only where they are web addresses."""
    if extra := set(item) - _SELF_ITEM - {"beside"}:
        raise RefusedBody(f"item {item.get('item')!r}: {_named(extra)} is nothing a report may hold")
    state = {key: item[key] for key in ("state", "because", "rule", "map")}
    return about(item) | state | _traces(item) | {"beside": _traces(item.get("beside") or _NOTHING)}


def steps(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What ties traces to incidents, with days as days and links only where they are web addresses."""
    return [
        dict(row)
        | {
            "occurred_on": _day(row["occurred_on"]),
            "url": _link(row["url"]),
            "incident_url": _link(row["incident_url"]),
        }
        for row in rows
    ]


def _traces(item: Mapping[str, Any]) -> dict[str, Any]:
    evidence = [
        dict(row)
        | {"occurred_on": _day(row["occurred_on"]), "url": _link(row["url"]), "seen_on": _day(row["seen_on"])}
        for row in item["evidence"]
    ]
    return {"evidence": evidence, "signals": [dict(row) for row in item["signals"]]}


def with_own_words(
    body: dict[str, Any], words: Mapping[str, Mapping[str, Any]], looks: Sequence[str]
) -> dict[str, Any]:
    """The report with each item's note and contest, None where there is none. Raises RefusedBody.

    `looks` are sentences about who else read it.
    """
    wrong: list[str] = []
    body["looks"] = [str(sentence) for sentence in looks]
    for item in body["items"]:
        own_words = words.get(item["item"], {})
        item |= {"note": own_words.get("note"), "contest": own_words.get("contest")}
        for key, wanted in (("note", _NOTE), ("contest", _CONTEST)):
            if item[key] is not None:
                wrong += _wrong_keys(f"item {item['item']!r}: its {key}", item[key], wanted)
    _refuse(wrong)
    return body


def shared(
    body: Mapping[str, Any], items: Collection[str], *, shared_by: str, span: tuple[date, date], notes: bool
) -> dict[str, Any]:
    """What a share shows: the chosen items of a report with its window and sources, and who shares them."""
    heading = {key: value for key, value in body.items() if key in _SHARE}
    # what stands beside an item is for its person to think about: no share has it
    chosen = [
        {key: value for key, value in item.items() if key != "beside"} | ({} if notes else _wordless(item))
        for item in body["items"]
        if item["item"] in items
    ]
    named = {name for item in chosen for name in item["sources"]}
    shown = heading | {
        "kind": "share",
        "shared_by": shared_by,
        "shared_on": span[0].isoformat(),
        "opens_until": span[1].isoformat(),
        "items": chosen,
        "sources": [row for row in body["sources"] if row["source"] in named],
    }
    _refuse([*_wrong_keys("the share", shown, _SHARE)])
    return shown


def _wordless(item: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the place of what its person wrote; that they contest it stays."""
    return {"note": None, "contest": item["contest"] and item["contest"] | {"said": None}}


def check_team(body: Any) -> None:
    """Raises RefusedBody with every mistake in a body for a team."""
    _refuse([*_wrong_keys("the release", body, _TEAM), *_wrong_team(body)])


def check_self(body: Any) -> None:
    """Raises RefusedBody with every mistake in a body for its person."""
    # a report of the days before steps were kept is whole all the same
    complete = {"steps": [], **body} if isinstance(body, Mapping) else body
    _refuse([*_wrong_keys("the report", complete, _SELF | {"steps"}), *_wrong_self(body)])


def _wrong_team(body: Any) -> Iterator[str]:
    match body:
        case {"kind": "team", "sources": list(rows), "items": list(items), "processes": list(processes)}:
            for row in rows:
                yield from _wrong_source(row)
            for item in items:
                wrong = list(_wrong_keys("an item", item, _TEAM_ITEM))
                yield from wrong or _wrong_team_item(item)
            for process in processes:
                wrong = list(_wrong_keys("a process", process, _PROCESS))
                yield from wrong or _wrong_band(f"process {process['process']!r}", process)
        case _:
            yield "it is not a team's release"


def _wrong_source(row: Any) -> Iterator[str]:
    # what was frozen before gaps were told table by table is whole all the same
    yield from _wrong_keys("a source", row, _SOURCE | ({*row} & {"lacks"}))


def _wrong_team_item(item: Mapping[str, Any]) -> Iterator[str]:
    name = f"item {item['item']!r}"
    if item["class"] not in _CLASSES:
        yield f"{name}: {item['class']!r} is no class of items"
    if item["shown"] is True and item["class"] not in ("observable", "partly"):
        yield f"{name}: is shown, and its class is {item['class']!r}"
    yield from _wrong_band(name, item)


def _wrong_band(name: str, row: Mapping[str, Any]) -> Iterator[str]:
    if row["shown"] is True:
        if row["band"] not in _BANDS:
            yield f"{name}: {row['band']!r} is no band"
    elif row["shown"] is not False or row["band"] is not None:
        yield f"{name}: is neither shown with a band nor hidden without one"
    elif not row["because"]:
        yield f"{name}: is not shown and does not say why"


def _wrong_self(body: Any) -> Iterator[str]:
    match body:
        case {"kind": "self", "sources": list(rows), "items": list(items)}:
            for row in rows:
                yield from _wrong_source(row)
            for item in items:
                # a report of the days before anything stood beside its items is whole all the same
                wrong = list(_wrong_keys("an item", {"beside": _NOTHING} | item, _SELF_ITEM | {"beside"}))
                yield from wrong or _wrong_self_item(item)
            for step in body.get("steps", ()):
                yield from _wrong_keys("a step", step, _STEP)
        case _:
            yield "it is not a report of one's own"


def _wrong_self_item(item: Mapping[str, Any]) -> Iterator[str]:
    name = f"item {item['item']!r}"
    if item["state"] not in _STATES:
        yield f"{name}: {item['state']!r} is no state"
    if item["state"] in ("seen", "partly seen") and not item["evidence"]:
        yield f"{name}: is {item['state']} without any evidence"
    for part in (item, item.get("beside", _NOTHING)):
        for row in part["evidence"]:
            yield from _wrong_keys(f"{name}: evidence", row, _EVIDENCE)
        for row in part["signals"]:
            yield from _wrong_keys(f"{name}: a signal", row, _SIGNAL)


def _wrong_keys(what: str, body: Any, wanted: set[str]) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield f"{what} is no object"
        return
    if extra := set(body) - wanted:
        yield f"{what} may not hold {_named(extra)}"
    if missing := wanted - set(body):
        yield f"{what} lacks {_named(missing)}"


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise RefusedBody("; ".join(wrong))


def _lacks(reasons: Mapping[str, Any]) -> dict[str, str]:
    """Table -> reasons. Raises RefusedBody for anything but the words of our own code."""
    for words in (*reasons, *reasons.values()):
        if not isinstance(words, str) or not _CODES.fullmatch(words):
            raise RefusedBody("what a source lacks is told by the names of tables and by codes alone")
    return dict(sorted(reasons.items()))


def _named(keys: set[str]) -> str:
    return ", ".join(repr(key) for key in sorted(keys))


def _day(value: Any) -> str | None:
    """A date as text. Raises RefusedBody for a time of day."""
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    raise RefusedBody(
        f"a {type(value).__name__} stands where a day belongs; days are written like 2026-09-30"
    )


def _link(url: Any) -> str | None:
    """The address, if it leads to a web page. Incidents carry addresses that other people typed."""
    try:
        is_web = isinstance(url, str) and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return None
    return str(url) if is_web else None
