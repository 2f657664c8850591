"""A person's own report as Markdown, to write a self-review from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from privacy.released import Released
from reports import plots, view, words
from reports.neutral import markdown_text, markdown_url


def me_markdown(released: Released, titles: Mapping[str, str] | None = None) -> str:
    """The whole report, every trace a link. Raises TypeError for a team's release.

    `titles` by source id, where they were asked for.
    """
    return "\n".join(_lines(view.titled(view.body_for(released, "self"), titles))) + "\n"


def _lines(body: dict[str, Any]) -> Iterator[str]:
    yield f"# Your signals, {markdown_text(body['window'])}"
    yield ""
    for sentence in body.get("looks", ()):
        yield f"**{markdown_text(sentence)}**"
        yield ""
    yield f"> {words.HEADER}"
    yield f"> {words.NONE_SEEN_IS_ABOUT_INSTRUMENTS} What left no trace here is for you to tell."
    yield ""
    still_open = " The window is still open." if body["window_is_open"] else ""
    yield (
        f"{words.window_dates(body)}. {markdown_text(body['rubric']['title'])}. "
        f"Computed {words.day(body['computed_on'])}.{still_open}"
    )
    yield ""
    yield "## Sources"
    yield ""
    for source in view.sources(body):
        sentences = ". ".join([f"{source.word}, {source.reach}", *plots.missing(source, body)])
        sentences = sentences.replace("..", ".").rstrip(" .")
        yield f"- {markdown_text(source.name)}: {markdown_text(sentences)}."
    pillars = view.pillars(body)
    items = [item for pillar in pillars for group in pillar.groups for item in group.items]
    left = [item for item in items if item.question and item.mark.word != "seen"]
    for pillar in pillars:
        yield ""
        yield f"## {markdown_text(pillar.name)}"
        for group in pillar.groups:
            yield ""
            yield f"### {markdown_text(group.name)}"
            for item in group.items:
                yield ""
                yield from _item(item, left)
    yield from _left_to_tell(left)


def _left_to_tell(left: Sequence[view.Item]) -> Iterator[str]:
    """The questions that are left, in one place: a self-review is written from its answers."""
    if not left:
        return
    yield ""
    yield "## For you to tell"
    yield ""
    yield "What tools cannot show, or did not show whole."
    yield ""
    for item in left:
        yield f"- **{markdown_text(item.says)}** {markdown_text(item.question or '')}"


def _item(item: view.Item, left: Sequence[view.Item]) -> Iterator[str]:
    yield f"#### {markdown_text(item.says)}"
    yield ""
    yield f"{item.mark.symbol} **{markdown_text(item.mark.word)}** ({markdown_text(item.slug)})"
    if item.because and item.mark.word != "ask":
        yield ""
        yield markdown_text(item.because)
    if item.contest:
        yield ""
        yield markdown_text(item.contest)
    if item.note:
        yield ""
        yield f"*Own note:* {markdown_text(item.note)}"
    if item.rule:
        yield ""
        yield f"Rule: {markdown_text(item.rule)}"
    yield from _trails(item.trails)
    if item.beside:
        yield ""
        yield f"*{markdown_text(words.BESIDE)}:*"
        yield from _trails(item.beside)
    if item.question and item not in left:
        yield ""
        yield f"*Ask:* {markdown_text(item.question)}"
    if item.misleads:
        yield ""
        yield f"*Misses:* {markdown_text(' '.join(item.misleads))}"


def _trails(trails: Sequence[view.Trail]) -> Iterator[str]:
    for trail in trails:
        if trail.traces:
            yield ""
            yield f"{markdown_text(trail.amount)}: {markdown_text(trail.answers or trail.signal)}"
            yield ""
            for trace in trail.traces:
                label = markdown_text(trace.label)
                where = f"[{label}]({markdown_url(trace.url)})" if trace.url else f"{label} (no link)"
                days = ", ".join(words.day(each) for each in trace.days)
                called = f" {markdown_text(trace.title)}" if trace.title else ""
                yield f"- {markdown_text(days)}, {markdown_text(trace.kind)}: {where}{called}"
            if trail.guard:
                yield ""
                yield f"*{markdown_text(trail.guard)}*"
