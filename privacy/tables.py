"""What was published, as the rows that an analyst may ask SQL of: `warehouse/released.sql` has the tables.

Rows are made of what passed the door and of nothing else; what a release does not hold, no statement finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from privacy.door import WITHDRAWN
from privacy.released import Released
from privacy.team_words import NOT_SHOWN

Row = dict[str, Any]

_SIGNAL = ("signal", "kind", "asks", "repositories", "word", "because", "blind")


def rows(releases: Iterable[Released], organisation: Iterable[Released]) -> dict[str, list[Row]]:
    """The rows of every table. What the map says of an item is told once, and not for each team again."""
    tables: dict[str, list[Row]] = {
        name: [] for name in ("releases", "sources", "items", "answers", "processes", "signals")
    }
    items: dict[str, Row] = {}
    for released in releases:
        body = released.body
        of = {"team": body["team"], "quarter": body["window"], "rubric": body["rubric"]["id"]}
        tables["releases"].append(of | _release(body))
        tables["sources"] += [of | _source(row) for row in body["sources"]]
        tables["answers"] += [of | {"item": each["item"]} | _answer(each) for each in body["items"]]
        tables["processes"] += [of | _about_process(each) | _answer(each) for each in body["processes"]]
        for each in body["items"]:
            row = {"rubric": of["rubric"], "quarter": of["quarter"]} | _item(each)
            items[repr(row)] = row  # a map that changed within a quarter says two things of an item
    tables["items"] = list(items.values())
    for released in organisation:
        tables["signals"] += _signals(released.body)
    return tables


def _release(body: Mapping[str, Any]) -> Row:
    return {
        "starts_on": body["window_starts_on"],
        "ends_on": body["window_ends_on"],
        "published_on": body["published_on"],
        "rubric_title": body["rubric"]["title"],
        "agreement_sha256": body["agreement_sha256"],
    }


def _source(row: Mapping[str, Any]) -> Row:
    return {
        "source": row["source"],
        "complete": row["complete"],
        "covers_from": row["from"],
        "covers_through": row["through"],
        "because": row["because"],
    }


def _item(item: Mapping[str, Any]) -> Row:
    columns = {
        key: item[key] for key in ("item", "pillar", "says", "class", "question", "sources", "misleads")
    }
    return columns | {"item_group": item["group"]}


def _about_process(process: Mapping[str, Any]) -> Row:
    return {key: process[key] for key in ("process", "asks", "sources", "misleads")}


def _answer(item: Mapping[str, Any]) -> Row:
    """The band, or in one word why there is none."""
    if item["shown"]:
        word = "band"
    elif item.get("class") in ("ask", "withheld"):
        word = item["class"]
    else:
        word = {WITHDRAWN: "withdrawn", NOT_SHOWN: "not shown"}.get(item["because"], "left open")
    return {"answer": word, "band": item["band"], "because": item["because"]}


def _signals(body: Mapping[str, Any]) -> Iterator[Row]:
    for row in body["signals"]:
        yield {
            **{key: row[key] for key in _SIGNAL},
            "quarter": body["window"],
            "answer": "word" if row["shown"] else "not shown",
            "rests_with": row["overlaps"],
        }
