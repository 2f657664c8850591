"""The receipt of a night and the state of the sources, in words an operator reads in one glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reports import words
from reports.neutral import markdown_text, plain

SCOPES_LISTED = 12
"""Of a source one by one; above that, those that are alike are told together."""

TEAMS_NAMED = 12
"""Of a window that was published; above that, how many they are."""

REASONS_NAMED = 2
"""Of a source in the few words that monitoring reads; above that, how many more there are."""

OUTCOMES = {
    "complete": "complete: everything the sources hold was collected",
    "gaps": "ended with gaps: what is missing is named below",
    "refused": "refused: a source wants something from you, named below",
    "running": "has not ended: it is running, or was killed; run it again if no night is writing",
    "failed": "failed: the reports of the night before still stand",
}


def outcome(run: Mapping[str, Any]) -> str:
    """How the night ended, in a sentence."""
    word = plain(run.get("outcome") or "unknown")
    return OUTCOMES.get(word, word)


def run_facts(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an operator asks about a night, in the order they ask it."""
    facts = [
        ("started", words.moment(run.get("started_at"))),
        ("took", _took(run)),
        ("as of", words.day(run["as_of"]) if run.get("as_of") else ""),
        ("planned", "; ".join(plain(each) for each in run.get("planned") or [])),
        ("cost", _cost(run)),
        ("counted", _counted_scopes(run)),
        ("evidence", words.how_many(run["evidence_rows"], "rows") if _counted(run, "evidence_rows") else ""),
        ("people", f"{run['people']:,}" if _counted(run, "people") else ""),
        ("own reports", f"{run['reports']:,} written" if _counted(run, "reports") else ""),
        ("published", "; ".join(_published(run)) or "nothing new"),
        ("past its time", ", ".join(_removed(run)) or "nothing"),
        ("run", plain(run.get("run_id") or "")),
    ]
    return [(name, value) for name, value in facts if value]


def messages(run: Mapping[str, Any]) -> list[str]:
    """What the night had to say, each sentence once."""
    return list(dict.fromkeys(plain(message) for message in run.get("messages") or []))


def at_a_glance(sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The sources; of one with many scopes the first with gaps, and the others told together.

    A thousand whole repositories must not hide the three that are not.
    """
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for source in sources:
        by_source.setdefault(source["source"], []).append(source)
    return [
        row
        for scopes in by_source.values()
        for row in (scopes if len(scopes) <= SCOPES_LISTED else _in_few(scopes))
    ]


def _in_few(scopes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    with_gaps = [scope for scope in scopes if scope.get("gaps")]
    yield from with_gaps[:SCOPES_LISTED]
    if rest := with_gaps[SCOPES_LISTED:]:
        yield _together(rest, "more with gaps, in --format json")
    alike: dict[str, list[Mapping[str, Any]]] = {}
    for scope in scopes:
        if not scope.get("gaps"):
            alike.setdefault(verdict(scope), []).append(scope)
    for same in alike.values():
        yield same[0] if len(same) == 1 else _together(same, "scopes")


def _together(sources: Sequence[Mapping[str, Any]], called: str) -> Mapping[str, Any]:
    """Several scopes of one source as one, with what they hold and took summed."""

    def summed(key: str) -> dict[str, int]:
        total: Counter[str] = Counter()
        for source in sources:
            total.update({kind: count or 0 for kind, count in (source.get(key) or {}).items()})
        return dict(total)

    events = [source["last_event"] for source in sources if source.get("last_event")]
    return {
        "source": sources[0]["source"],
        "scope": f"{len(sources):,} {called}",
        "records": summed("records"),
        "expected": summed("expected"),
        "complete": all(source.get("complete") for source in sources),
        "gaps": [],
        "requests": sum(source.get("requests") or 0 for source in sources),
        "points": sum(source.get("points") or 0 for source in sources),
        "last_event": max(events, default=None),
    }


def source_title(source: Mapping[str, Any]) -> str:
    """`GitHub acme/api`."""
    return f"{words.source_name(source['source'])} {plain(source['scope'])}".rstrip()


def verdict(source: Mapping[str, Any]) -> str:
    """`complete`, or how many gaps; complete and empty is said, because it is rarely what was meant."""
    gaps = source.get("gaps") or []
    if gaps:
        return words.how_many(len(gaps), "gaps")
    if not source.get("complete"):
        return "not reconciled"
    return "complete" if any((source.get("records") or {}).values()) else "complete, and empty"


def record_counts(source: Mapping[str, Any]) -> str:
    """`pull requests 12 of 12, reviews 30 of 31`: stored, of what the source says exists."""
    expected: Mapping[str, Any] = source.get("expected") or {}
    records: Mapping[str, Any] = source.get("records") or {}
    return ", ".join(
        f"{words.kind_name(kind)} {records.get(kind, 0):,}"
        + (f" of {expected[kind]:,}" if expected.get(kind) is not None else "")
        for kind in dict.fromkeys([*records, *expected])
    )


def gap_sentences(source: Mapping[str, Any]) -> list[str]:
    """What is missing, one sentence a gap."""
    return [_gap(gap) for gap in source.get("gaps") or []]


def missing_in_a_few_words(status: Mapping[str, Any]) -> str:
    """`GitHub acme/api (reviews: forbidden)`, or `nothing`: for one line of a log or of monitoring.

    Never a person or a count of people. A source with several incomplete scopes is told by their number.
    """
    run: Mapping[str, Any] = status.get("last_run") or {}
    if run.get("outcome") in ("running", "failed"):  # its sources are those of the night before
        return "not known, because the night did not end"
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for source in status.get("sources") or []:
        by_source.setdefault(source["source"], []).append(source)
    missing = ", ".join(filter(None, map(_missing_of_source, by_source.values())))
    if missing or run.get("outcome") == "complete":
        return missing or "nothing"
    return "see the messages of `sightline status`"


def _missing_of_source(scopes: Sequence[Mapping[str, Any]]) -> str:
    incomplete = [scope for scope in scopes if scope.get("gaps") or not scope.get("complete")]
    if not incomplete:
        return ""
    title = source_title(incomplete[0])
    if len(incomplete) > 1:
        title = f"{words.source_name(scopes[0]['source'])} {len(incomplete):,} of {len(scopes):,} scopes"
    gaps = [gap for scope in incomplete for gap in scope.get("gaps") or []]
    reasons = list(dict.fromkeys(f"{_gap_kind(gap)}: {_gap_reason(gap)}" for gap in gaps))
    more = len(reasons) - REASONS_NAMED
    named = [*reasons[:REASONS_NAMED], *([f"{more} more"] if more > 0 else [])] or ["not reconciled"]
    return f"{title} ({', '.join(named)})"


def receipt_markdown(status: Mapping[str, Any]) -> str:
    """The receipt for the orchestrator's artifact: numbers of runs and sources, never a person."""
    run: Mapping[str, Any] = status.get("last_run") or {}
    return "\n".join([*_markdown_lines(run, status.get("sources") or [])]) + "\n"


def _markdown_lines(run: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"# {markdown_text(outcome(run))}"
    yield ""
    for name, value in run_facts(run):
        yield f"- {name}: {markdown_text(value)}"
    for message in messages(run):
        yield f"- {markdown_text(message)}"
    yield ""
    yield "| source | state | records | requests | points |"
    yield "|---|---|---|---|---|"
    for source in sources:
        state = "; ".join([verdict(source), *gap_sentences(source)])
        cells = (source_title(source), state, record_counts(source))
        spent = (f"{source.get('requests') or 0:,}", f"{source.get('points') or 0:,}")
        yield f"| {' | '.join([*(markdown_text(cell) for cell in cells), *spent])} |"


def _gap(gap: Mapping[str, Any]) -> str:
    count = gap.get("count")
    times = f" ({count:,})" if isinstance(count, int) and count > 1 else ""
    span = f"{words.day(gap['from'])} until {words.day(gap['until'])}"
    return f"{_gap_kind(gap)}, {span}: {_gap_reason(gap)}{times}"


def _gap_kind(gap: Mapping[str, Any]) -> str:
    return "everything" if gap["kind"] == "*" else words.kind_name(gap["kind"])


def _gap_reason(gap: Mapping[str, Any]) -> str:
    return plain(gap["reason"]).replace("_", " ")


def _removed(run: Mapping[str, Any]) -> list[str]:
    """What was removed because the agreement keeps it no longer."""
    return [f"{count:,} {plain(kind)}" for kind, count in sorted((run.get("retention") or {}).items())]


def _published(run: Mapping[str, Any]) -> Iterator[str]:
    """`2026Q3: payments, search`, a window after the other; many teams by their number."""
    by_window: dict[str, list[str]] = {}
    for each in run.get("published") or []:
        team, _, window = plain(each).rpartition(" ")
        by_window.setdefault(window, []).append(team)
    for window, teams in by_window.items():
        few = len(teams) <= TEAMS_NAMED
        yield f"{window}: {', '.join(teams) if few else words.how_many(len(teams), 'teams')}"


def _cost(run: Mapping[str, Any]) -> str:
    counted = [
        words.how_many(run[key], key) for key in ("requests", "points") if isinstance(run.get(key), int)
    ]
    return ", ".join(counted)


def _counted_scopes(run: Mapping[str, Any]) -> str:
    """How far the sources' own counts were looked at; nothing where all of them were."""
    if not (_counted(run, "counted") and _counted(run, "scopes")) or run["counted"] >= run["scopes"]:
        return ""
    sampled = f", and {run['sampled']:,} objects of the others" if run.get("sampled") else ""
    return f"{run['counted']:,} of {run['scopes']:,} repositories and accounts{sampled}"


def _counted(run: Mapping[str, Any], key: str) -> bool:
    return isinstance(run.get(key), int)


def _took(run: Mapping[str, Any]) -> str:
    seconds = run.get("seconds")
    if seconds is None:
        try:
            begun = datetime.fromisoformat(str(run.get("started_at")))
            seconds = (datetime.fromisoformat(str(run.get("finished_at"))) - begun).total_seconds()
        except (ValueError, TypeError):  # a run that has not ended, or a clock with a zone and one without
            return ""
    return f"{seconds:,.1f} s" if seconds < 10 else f"{seconds:,.0f} s"
