"""A person's own report as Markdown, to write a self-review from."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.released import Released
from reports import plots, view, words
from reports.neutral import markdown_text, markdown_url


def me_markdown(released: Released) -> str:
    """The whole report, every trace a link. Raises TypeError for a team's release."""
    return "\n".join(_lines(released)) + "\n"


def _lines(released: Released) -> Iterator[str]:
    body = view.body_for(released, "self")
    yield f"# Your signals, {markdown_text(body['window'])}"
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
        told = ". ".join([f"{source.word}, {source.reach}", *plots.missing(source, body)])
        told = told.replace("..", ".").rstrip(" .")
        yield f"- {markdown_text(source.name)}: {markdown_text(told)}."
    for pillar in view.pillars(body):
        yield ""
        yield f"## {markdown_text(pillar.name)}"
        for group in pillar.groups:
            yield ""
            yield f"### {markdown_text(group.name)}"
            for item in group.items:
                yield ""
                yield from _item(item)


def _item(item: view.Item) -> Iterator[str]:
    yield f"#### {markdown_text(item.says)}"
    yield ""
    yield f"{item.mark.symbol} **{markdown_text(item.mark.word)}** ({markdown_text(item.slug)})"
    if item.because:
        yield ""
        yield markdown_text(item.because)
    if item.rule:
        yield ""
        yield f"Rule: {markdown_text(item.rule)}"
    for trail in item.trails:
        if trail.traces:
            yield ""
            yield f"{markdown_text(trail.amount)}: {markdown_text(trail.answers or trail.signal)}"
            yield ""
            for trace in trail.traces:
                label = markdown_text(trace.label)
                where = f"[{label}]({markdown_url(trace.url)})" if trace.url else f"{label} (no link)"
                days = ", ".join(words.day(each) for each in trace.days)
                yield f"- {markdown_text(days)}, {markdown_text(trace.kind)}: {where}"
    if item.question:
        yield ""
        yield f"*Ask:* {markdown_text(item.question)}"
    for sentence in item.misleads:
        yield ""
        yield f"*Misses:* {markdown_text(sentence)}"
