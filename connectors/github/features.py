"""What paths and texts say, as yes or no. The texts themselves end here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SMALL_LINES = 50
MEDIUM_LINES = 400

LOCK_FILES = frozenset(
    {
        ".terraform.lock.hcl",
        "bun.lockb",
        "cargo.lock",
        "composer.lock",
        "conda-lock.yml",
        "flake.lock",
        "gemfile.lock",
        "go.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "pdm.lock",
        "pipfile.lock",
        "pnpm-lock.yaml",
        "podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "requirements.lock",
        "uv.lock",
        "yarn.lock",
    }
)
GENERATED = re.compile(
    r"(^|/)(vendor|vendored|third_party|third-party|node_modules|__generated__|generated|dist)/"
    r"|\.min\.(js|css)$|\.(pb|pb2|generated|gen|g)\.\w+$|_pb2(_grpc)?\.pyi?$|\.(js|css)\.map$|\.snap$"
)
TESTS = re.compile(
    r"(^|/)(tests?|__tests__|testing|testdata|spec|specs|e2e|fixtures)/"
    r"|(^|/)(test_[^/]+|tests?|conftest)\.\w+$|[._-](test|tests|spec)\.\w+$|(?<=[a-z0-9])(Test|Tests|IT)\.\w+$"
)
DOCS = re.compile(
    r"(^|/)(docs?|documentation|runbooks?|playbooks?|adrs?|rfcs?|wiki)/|\.(md|mdx|rst|adoc|asciidoc|org)$"
    r"|(^|/)(readme|changelog|changes|contributing|authors|license|security|runbook)(\.\w+)?$",
    re.IGNORECASE,
)
DESIGNS = re.compile(
    r"(^|/)(designs?|design[-_]docs?|rfcs?|adrs?|proposals?|decisions?|decision[-_]records?|keps?|peps?)/"
    r"[^/].*\.(md|mdx|rst|adoc|txt|ipynb|pdf|html)$"
    r"|(^|/)([\w.-]*[-_.])?(design|rfc|proposal|adr)([-_.][\w.-]*)?\.(md|mdx|rst|adoc)$",
    re.IGNORECASE,
)
EXPERIMENTS = re.compile(
    r"\.ipynb$|(^|/)(experiments?|notebooks?|mlruns|sweeps?|ablations?|model[-_]cards?)/"
    r"|(^|/)(train(ing)?|models?|hparams|hyperparameters?)/([^/]+/)*[^/]+\.(ya?ml|toml|json|gin|jsonnet)$"
    r"|(^|/)(configs?|conf)/([^/]+/)*(train|model|optim|sweep|hparams|experiment)[^/]*"
    r"(/[^/]+)*\.(ya?ml|toml|json|gin)$"
    r"|(^|/)(dvc\.ya?ml|params\.ya?ml|mlproject|model_card\.md|experiment[-_][^/]*\.(md|rst))$",
    re.IGNORECASE,
)
CODE = re.compile(
    r"\.(py|pyi|pyx|c|cc|cpp|cxx|h|hh|hpp|cu|cuh|m|mm|rs|go|java|kt|kts|scala|groovy|clj|cljs|cs|fs|vb|swift"
    r"|js|jsx|mjs|cjs|ts|tsx|vue|svelte|rb|php|pl|pm|lua|r|jl|hs|ml|mli|ex|exs|erl|elm|dart|zig|nim|v|sv|vhd"
    r"|sh|bash|zsh|fish|ps1|sql|proto|thrift|graphql|tf|s|asm|sage|css|scss|less|html|j2|tmpl|cmake|bzl|nix)$"
    r"|(^|/)(makefile|dockerfile|cmakelists\.txt|build|build\.bazel|jenkinsfile|rakefile|gemfile)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PathFeatures:
    """What a change's paths say about it."""

    touches_code: bool
    touches_tests: bool
    touches_docs: bool
    touches_experiments: bool
    touches_designs: bool
    is_generated_only: bool
    size_band: Literal["small", "medium", "large", "unknown"]


def is_generated(path: str) -> bool:
    """Whether nobody wrote this by hand: lock files, vendored and generated paths."""
    return path.rsplit("/", 1)[-1].casefold() in LOCK_FILES or GENERATED.search(path) is not None


def path_features(files: Iterable[tuple[str, int]] | None) -> PathFeatures:
    """Features of changed files, given as (path, changed lines); None where the source does not tell them.

    Generated paths count for nothing but `is_generated_only`. A test, a document or a notebook is not code.
    """
    if files is None:
        return PathFeatures(False, False, False, False, False, False, "unknown")
    changed = list(files)
    by_hand = [(path, lines) for path, lines in changed if not is_generated(path)]
    tests = {path for path, _ in by_hand if TESTS.search(path)}
    docs = {path for path, _ in by_hand if DOCS.search(path) and path not in tests}
    experiments = {path for path, _ in by_hand if EXPERIMENTS.search(path) and path not in tests}
    code = {path for path, _ in by_hand if CODE.search(path)} - tests - docs
    return PathFeatures(
        touches_code=bool(code),
        touches_tests=bool(tests),
        touches_docs=bool(docs),
        touches_experiments=bool(experiments),
        touches_designs=any(DESIGNS.search(path) for path, _ in by_hand),
        is_generated_only=bool(changed) and not by_hand,
        size_band=size_band(sum(lines for _, lines in by_hand)) if changed else "unknown",
    )


def size_band(lines: int) -> Literal["small", "medium", "large"]:
    """The band of so many changed lines."""
    if lines <= SMALL_LINES:
        return "small"
    return "medium" if lines <= MEDIUM_LINES else "large"


FENCE = re.compile(
    r"^[ \t]{0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]{0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
QUOTED_LINE = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
INDENTED_CODE = re.compile(r"^(?: {4}|\t).*$", re.MULTILINE)
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
LINK_TARGET = re.compile(r"\]\([^)\s]*\)")
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+", re.IGNORECASE)
QUESTION = re.compile(r"[^\W_][^\w\s?]{0,3}\s?\?+[!?]*(?=$|[^\w?&=/])|[\uff1f\u061f]")
QUESTION_MARKS = frozenset("?\uff1f\u061f")
SUGGESTION = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*suggestion\b", re.MULTILINE)


def own_words(text: str | None) -> str:
    """The text without quotes, code, HTML comments and addresses: what its author says in it."""
    words = (text or "").replace("\r\n", "\n").replace("\x00", "")
    # Comments first: a fence inside an HTML comment opens nothing.
    for pattern in (HTML_COMMENT, FENCE, QUOTED_LINE, INDENTED_CODE, INLINE_CODE, URL):
        words = pattern.sub(" ", words)
    return LINK_TARGET.sub("]", words)


def asks_question(text: str | None) -> bool:
    """Whether the author asks something in their own words. Rhetoric is not told apart."""
    # Most texts hold no question mark at all, and to strip them takes long.
    if not text or not QUESTION_MARKS.intersection(text):
        return False
    return QUESTION.search(own_words(text)) is not None


def has_suggestion(text: str | None) -> bool:
    """Whether the comment proposes a change the author can apply with one click."""
    return SUGGESTION.search((text or "").replace("\r\n", "\n")) is not None


def has_words(text: str | None) -> bool:
    """Whether anything was written at all; template comments are not writing."""
    return bool(HTML_COMMENT.sub("", text or "").strip())


HEADING = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|\*\*)(?P<title>[^\n]+?)\**:?[ \t]*#*[ \t]*$", re.MULTILINE)
CONTEXT_TITLES = re.compile(
    r"\b(why|context|motivation|background|rationale|reason(s|ing)?|problem|trade-?offs?|alternatives?"
    r"|considered|test plan|testing|tested|how (was|has|to) (this|it|test)\w*|validation|verification|risks?"
    r"|design|approach|impact|root cause)\b",
    re.IGNORECASE,
)
CONTEXT_WORDS = re.compile(
    r"\b(because|so that|in order to|trade-?offs?|alternatively|instead of|rather than|the reason"
    r"|motivat(ed|ion)"
    r"|we (could|considered|chose|decided)|i (considered|chose|decided)|tested (with|by|on|against|locally)"
    r"|downsides?|drawbacks?|root cause)\b",
    re.IGNORECASE,
)
EMPTY_SECTION = re.compile(r"^[\s\-*_.\[\]xX/]*(n/?a|none|tbd|todo)?[\s\-*_.\[\]]*$", re.IGNORECASE)


def has_context(body: str | None) -> bool:
    """Whether a description says why, or names a trade-off, an alternative or a test.

    A heading counts only with something written under it: an unfilled template gives no context.
    """
    words = own_words(body)
    headings = list(HEADING.finditer(words))
    ends = [heading.start() for heading in headings[1:]] + [len(words)]
    for heading, end in zip(headings, ends, strict=False):
        if CONTEXT_TITLES.search(heading["title"]) and not EMPTY_SECTION.match(words[heading.end() : end]):
            return True
    return CONTEXT_WORDS.search(HEADING.sub(" ", words)) is not None


REVERT_TITLE = re.compile(r"^\W*(revert|reapply|reland)\b\W*[\"“'(:]|^\W*revert\b", re.IGNORECASE)
REVERT_BODY = re.compile(
    r"^\s*(this )?reverts? (commit|pull request|[\w.-]+/[\w.-]+#\d+|#\d+|https?://)",
    re.IGNORECASE | re.MULTILINE,
)
BACKPORT_TITLE = re.compile(
    r"^\W*(auto(mated|matic)?\W+)?(back-?port(ed)?|cherry-?\s?pick(ed)?|uplift)\b|\[back-?port[^\]]*\]"
    r"|\((back-?port|cherry-?pick)[^)]*\)|^\s*\[(release-|stable-|v)?\d+(\.(\d+|x))+\]",
    re.IGNORECASE,
)
BACKPORT_BODY = re.compile(
    r"\((cherry[- ]picked) from commit"
    r"|^\W*(this is an? )?(automat\w+ )?(back-?port|cherry-?pick)(s|ed)? (of|from) ",
    re.IGNORECASE | re.MULTILINE,
)


def is_revert(title: str | None, body: str | None) -> bool:
    """Whether the change takes back an earlier one."""
    title = title or ""
    # A revert of a revert brings the work back: it takes nothing back that was still there.
    if re.match(r"^\W*(reapply|reland)\b|^\W*revert\W+revert\b", title, re.IGNORECASE):
        return False
    return REVERT_TITLE.search(title) is not None or REVERT_BODY.search(body or "") is not None


def is_backport(title: str | None, body: str | None) -> bool:
    """Whether the change carries a merged one to another branch."""
    return BACKPORT_TITLE.search(title or "") is not None or BACKPORT_BODY.search(body or "") is not None
