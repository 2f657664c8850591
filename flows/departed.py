"""What the settings no longer name: what is still owed to the quarter it left in, and what is told of it."""

from __future__ import annotations

from flows.context import Night
from warehouse import completeness
from warehouse.as_of import former_sources
from warehouse.windows import window_of


def note(night: Night) -> None:
    """Names what left, in the quarter it left in and no later."""
    since = window_of(night.as_of).starts_on
    sources = [
        *night.log.scopes,
        *(source for source, *_ in former_sources(night.store, night.log.scopes)),
    ]
    for source in sorted(sources):
        scopes = completeness.former_scopes(night.store, source, night.log.scopes.get(source, ()), since)
        hint = _IF_GONE if source == "github" else ""
        for scope in scopes:
            if not is_left_out_on_purpose(night, source, scope):
                night.log.say(
                    f"{source}: {scope} is no longer in the settings: what it told stays, and this quarter "
                    f"is left open for what it feeds{hint}"
                )


_IF_GONE = "; if nothing happens there any more, name it under github.exclude"


def is_left_out_on_purpose(night: Night, source: str, scope: str) -> bool:
    """Whether the settings say that nothing can be missed there any more.

    `exclude` says so of a repository, and so does the rule about archived ones and forks. What merely fits
    `include` no longer, or is no longer listed, may well be worked in.
    """
    github = night.settings.github
    if source != "github" or github is None:
        return False
    by_rule: set[str] = set()
    for connector in night.connectors:
        by_rule |= connector.left_out
    return github.leaves_out(scope) or (github.lets_in(scope) and scope.casefold() in by_rule)
