"""Released, and the operator's status, as words on a terminal.

A report comes in two lengths: every item in two or three lines, or with every rule, reason and trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from privacy.released import Released
from reports import plots, receipt, view, words
from reports.lines import NARROW_COLUMN, Page, captured
from reports.neutral import plain
from reports.words import Mark

_ROOM_FOR_A_SENTENCE = 44

_MORE = "Every item with its rule, its question, its traces, and what they miss"

TRACES_LISTED = 5
"""Of each signal on a terminal; the rest is counted, and is all there in the other formats."""


def coverage_text(released: Released, *, full: bool = True) -> str:
    """What `sightline coverage` prints."""
    return captured(lambda console: coverage(released, console, full=full))


def me_text(released: Released, titles: Mapping[str, str] | None = None, *, full: bool = True) -> str:
    """What `sightline me` prints. `titles` by source id, where they were asked for."""
    return captured(lambda console: me(released, console, titles, full=full))


def shared_text(released: Released) -> str:
    """What `sightline shared` prints."""
    return captured(lambda console: shared(released, console))


def status_text(state: Mapping[str, Any]) -> str:
    """What `sightline status` prints."""
    return captured(lambda console: status(state, console))


def explain_text(explained: Mapping[str, Any]) -> str:
    """What `sightline explain` prints."""
    return captured(lambda console: explain(explained, console))


def coverage(released: Released, console: Console, *, full: bool = True) -> None:
    """The coverage of a team. Raises TypeError for anything the door did not let out for a team."""
    body = view.body_for(released, "team")
    page = Page(console)
    page.line(f"Coverage of {plain(body['team'])}, {plain(body['window'])}", style="bold")
    page.line(
        f"{words.window_dates(body)}. {plain(body['rubric']['title'])}. "
        f"Published {words.day(body['published_on'])}, once, then frozen."
    )
    _notice(page, words.BANDS_HIDE_COUNTS)
    _sources(page, body)
    page.heading("What the tools can see")
    page.line(_counted(view.class_counts(body)))
    _items(page, body, full=full)
    _processes(page, body, full=full)
    if full:
        _legend(page, [*words.CLASSES.values(), *words.BANDS])
        return
    _legend(page, [*(mark for _, mark in view.class_counts(body)), *words.BANDS])
    page.gap()
    page.line(f"{_MORE}: --full, or --format html for a page to read and print.")


def me(
    released: Released, console: Console, titles: Mapping[str, str] | None = None, *, full: bool = True
) -> None:
    """A person's own report. Raises TypeError for a team's release."""
    body = view.titled(view.body_for(released, "self"), titles)
    page = Page(console)
    page.line(f"Your signals, {plain(body['window'])}", style="bold")
    still_open = " The window is still open." if body["window_is_open"] else ""
    page.line(
        f"{words.window_dates(body)}. {plain(body['rubric']['title'])}. "
        f"Computed {words.day(body['computed_on'])}.{still_open}"
    )
    for sentence in body.get("looks", ()):
        page.line(plain(sentence), style="bold")
    _notice(page, "What left no trace here is for you to tell.")
    _sources(page, body)
    page.heading("Item by item")
    _items(page, body, full=full)
    if full:
        _legend(page, words.STATES.values())
        return
    _legend(page, view.states(body))
    page.gap()
    page.line(f"{_MORE}: --full, or for one of them `sightline explain ITEM`.")
    page.line("To keep and to write from: --format html, or --format md --titles.")


def shared(released: Released, console: Console) -> None:
    """What somebody chose to show to one reader. Raises TypeError for anything else."""
    body = view.body_for(released, "share")
    page = Page(console)
    page.line(f"Shared by {plain(body['shared_by'])}, {plain(body['window'])}", style="bold")
    page.line(
        f"{words.window_dates(body)}. {plain(body['rubric']['title'])}. "
        f"Computed {words.day(body['computed_on'])}. Opens until {words.day(body['opens_until'])}, and they "
        "see that you opened it."
    )
    _notice(page, "They chose these items; nothing follows from those that are not here.")
    _sources(page, body)
    page.heading("Item by item")
    _items(page, body, full=True)
    _legend(page, words.STATES.values())


def status(state: Mapping[str, Any], console: Console) -> None:
    """Whether last night can be trusted: how it ended, then every source with what it holds and misses."""
    page = Page(console)
    run = state.get("last_run")
    if run:
        _run(page, run)
    else:
        page.line("No night has run yet.", style="bold")
    _collected(page, state.get("sources") or [])


def receipt_of(state: Mapping[str, Any], console: Console) -> None:
    """The receipt of one run: `last_run` and `sources` as in the status, or a run with its sources inside."""
    run = state.get("last_run") or state
    page = Page(console)
    _run(page, run)
    _collected(page, state.get("sources") or [])


def explain(explained: Mapping[str, Any], console: Console) -> None:
    """Why items stand as they do: `items` of a person's own report, with every rule, file and trace."""
    page = Page(console)
    page.line(words.HEADER, style="dim")
    for raw in explained["items"]:
        item = view.item(raw, explained)
        page.gap()
        page.lead(_state(page, item), item.says, NARROW_COLUMN)
        if raw.get("map"):
            page.line(f"Declared in {plain(raw['map'])}, as {item.observability.word}.", indent=4)
        for signal in raw.get("signals") or []:
            page.line(_signal(signal), indent=4, hang=2)
        _item_rest(page, item, indent=4, most=None)
    for change in explained.get("changes") or []:
        page.gap()
        since, was = words.day(change["since"]), plain(change["was"] or "no such item")
        page.line(f"{plain(change['item'])}, since {since}: {was} -> {plain(change['is'])}", style="bold")
        for reason in change["reasons"]:
            page.line(f"{plain(reason['cause'])}: {plain(reason['says'])}", indent=4, hang=2)
        if not change["reasons"]:
            page.line("Nothing about it has changed.", indent=4)


def _notice(page: Page, more: str) -> None:
    page.gap()
    page.line(words.HEADER)
    page.line(f"{words.NONE_SEEN_IS_ABOUT_INSTRUMENTS} {more}")


def _sources(page: Page, body: Mapping[str, Any]) -> None:
    page.heading("Sources")
    sources = view.sources(body)
    name_width = max((len(source.name) for source in sources), default=0)
    for source in sources:
        line = f"{source.name:{name_width}}  {source.word:8}  {source.reach}"
        page.line(line, indent=2, hang=name_width + 2)
        for sentence in plots.missing(source, body):
            page.line(sentence, indent=name_width + 4, style="dim")


def _items(page: Page, body: Mapping[str, Any], *, full: bool) -> None:
    pillars = view.pillars(body)
    headings = [_state(page, item) for pillar in pillars for group in pillar.groups for item in group.items]
    column = max((len(each) for each in headings), default=0) + 5
    if page.console.width - column < _ROOM_FOR_A_SENTENCE:
        column = NARROW_COLUMN
    reasons: set[str] = set()
    for pillar in pillars:
        page.heading(pillar.name)
        for group in pillar.groups:
            if full:
                page.gap()
            if group.name:
                page.line(group.name, indent=2, style="dim")
            for item in group.items:
                page.lead(_state(page, item), item.says, column)
                if full:
                    _item_rest(page, item, indent=column)
                else:
                    _item_in_brief(page, item, body, reasons, indent=column)


def _item_in_brief(
    page: Page, item: view.Item, body: Mapping[str, Any], reasons: set[str], *, indent: int
) -> None:
    """What was found, or why nothing stands here. A reason that several items share is told once."""
    if "published_on" not in body:
        amounts = [f"{words.spoken(trail.signal)}: {trail.amount}" for trail in item.trails if trail.traces]
        page.line(f"[{item.slug}] {'; '.join(amounts)}".rstrip(), indent=indent, hang=2, style="dim")
    if item.mark.word == "ask":
        page.line(f"Ask: {item.question}", indent=indent, hang=5)
    elif item.because and item.because not in reasons:
        page.line(item.because, indent=indent)
        reasons.add(item.because)
    _own_words(page, item, indent=indent)


def _own_words(page: Page, item: view.Item, *, indent: int) -> None:
    if item.contest:
        page.line(item.contest, indent=indent, hang=2)
    if item.note:
        page.line(f"Own note: {item.note}", indent=indent, hang=10)


def _processes(page: Page, body: Mapping[str, Any], *, full: bool) -> None:
    processes = view.processes(body)
    if not processes:
        return
    page.heading(words.PROCESSES)
    page.line(words.PROCESSES_SAY)
    column = max(len(process.mark.word) for process in processes) + 5
    for process in processes:
        if full:
            page.gap()
        page.lead(process.mark.word, process.asks, column)
        if process.because:
            page.line(process.because, indent=column)
        if full:
            page.line(f"from {process.sources}", indent=column, style="dim")
            page.line(f"Misses: {' '.join(process.misleads)}", indent=column, hang=2, style="dim")


def _state(page: Page, item: view.Item) -> str:
    """`● seen` on a person's report; `◧ partly, some` on a team's, where the symbol tells the class alone."""
    if item.is_band:
        return f"{page.symbol(item.observability)} {item.observability.word}, {item.mark.word}"
    return f"{page.symbol(item.mark)} {item.mark.word}"


def _signal(signal: Mapping[str, Any]) -> str:
    """A signal with the file and the version that answered."""
    made = [plain(signal["file"])] if signal.get("file") else []
    made += [f"version {plain(signal['version'])}"] if signal.get("version") else []
    return f"{plain(signal['signal'])}: {plain(signal['answers'])} {', '.join(made)}".rstrip()


def _item_rest(page: Page, item: view.Item, *, indent: int, most: int | None = TRACES_LISTED) -> None:
    page.line(
        f"[{item.slug}]" + (f" from {item.sources}" if item.sources else ""), indent=indent, style="dim"
    )
    if item.because:
        page.line(item.because, indent=indent)
    _own_words(page, item, indent=indent)
    if item.rule:
        page.line(f"Rule: {item.rule}", indent=indent, hang=6)
    _trails(page, item.trails, indent=indent, most=most)
    if item.beside:
        page.line(f"{words.BESIDE}:", indent=indent, style="dim")
        _trails(page, item.beside, indent=indent + 2, most=most)
    if item.question:
        page.line(f"Ask: {item.question}", indent=indent, hang=5)
    if item.misleads:
        page.line(f"Misses: {' '.join(item.misleads)}", indent=indent, hang=2, style="dim")


def _trails(page: Page, trails: Sequence[view.Trail], *, indent: int, most: int | None) -> None:
    for trail in trails:
        if not trail.traces:
            continue
        page.line(f"{trail.amount}: {trail.answers or trail.signal}", indent=indent, hang=2)
        for trace in trail.traces[:most]:
            days = ", ".join(words.day(each) for each in trace.days)
            page.address(
                f"{days:>11}  {trace.url or f'{trace.kind} {trace.label} (no link)'}", indent=indent + 2
            )
            if trace.title:
                page.line(trace.title, indent=indent + 15)
            if most is None and trace.seen_on:
                page.line(f"seen by the night of {words.day(trace.seen_on)}", indent=indent + 15, style="dim")
        if most is not None and len(trail.traces) > most:
            page.line(f"and {len(trail.traces) - most} more: --format json", indent=indent + 2, style="dim")
        if trail.guard:
            page.line(trail.guard, indent=indent + 2, hang=2, style="dim")


def _counted(counts: Sequence[tuple[int, Mark]]) -> str:
    return ", ".join(f"{count} {mark.word}" for count, mark in counts) + "."


def _legend(page: Page, marks: Iterable[Mark]) -> None:
    page.heading("What the words mean")
    for mark in marks:
        page.line(f"{page.symbol(mark)} {mark.word}: {mark.says}", indent=2, hang=2)


def _run(page: Page, run: Mapping[str, Any]) -> None:
    page.line(f"Last night {receipt.outcome(run)}", style="bold")
    for message in receipt.messages(run):
        page.line(f"! {message}", indent=2, hang=2)
    facts = receipt.run_facts(run)
    name_width = max(len(name) for name, _ in facts) if facts else 0
    for name, value in facts:
        page.line(f"{name:{name_width}}  {value}", indent=2, hang=name_width + 2)


def _collected(page: Page, sources: Sequence[Mapping[str, Any]]) -> None:
    page.heading("Sources")
    if not sources:
        page.line("None is connected; name one in the settings.", indent=2)
    for source in receipt.at_a_glance(sources):
        line = f"{receipt.source_title(source)}: {receipt.verdict(source)}"
        page.line(line, indent=2, hang=2, style="bold")
        if counts := receipt.record_counts(source):
            page.line(counts, indent=4)
        for sentence in receipt.gap_sentences(source):
            page.line(f"missing: {sentence}", indent=4, hang=2)
        spent = (
            f"{words.how_many(source.get('requests') or 0, 'requests')}, "
            f"{words.how_many(source.get('points') or 0, 'points')}"
        )
        page.line(f"last event {words.day(source.get('last_event'))}; {spent}", indent=4, style="dim")
