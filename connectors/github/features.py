"""What paths and texts say, as yes or no. The texts themselves end here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from connectors.records import Reverted

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
    touches_team_tools: bool


def is_generated(path: str) -> bool:
    """Whether nobody wrote this by hand: lock files, vendored and generated paths."""
    return path.rsplit("/", 1)[-1].casefold() in LOCK_FILES or GENERATED.search(path) is not None


def path_features(files: Iterable[tuple[str, int]] | None, team_tools: Collection[str] = ()) -> PathFeatures:
    """Features of changed files, given as (path, changed lines); None where the source does not tell them.

    Generated paths count for nothing but `is_generated_only`. A test, a document or a notebook is not code.
    `team_tools` are the folders of what the team built for its own use: to change them alone is to build
    them, to change them together with other code is to use them.
    """
    if files is None:
        return PathFeatures(False, False, False, False, False, False, "unknown", False)
    changed = list(files)
    by_hand = [(path, lines) for path, lines in changed if not is_generated(path)]
    tests = {path for path, _ in by_hand if TESTS.search(path)}
    docs = {path for path, _ in by_hand if DOCS.search(path) and path not in tests}
    experiments = {path for path, _ in by_hand if EXPERIMENTS.search(path) and path not in tests}
    code = {path for path, _ in by_hand if CODE.search(path)} - tests - docs
    folders = [f"/{folder.strip('/')}/" for folder in team_tools]
    tools = {path for path in code if any(folder in f"/{path}" for folder in folders)}
    return PathFeatures(
        touches_code=bool(code),
        touches_tests=bool(tests),
        touches_docs=bool(docs),
        touches_experiments=bool(experiments),
        touches_designs=any(DESIGNS.search(path) for path, _ in by_hand),
        is_generated_only=bool(changed) and not by_hand,
        size_band=size_band(sum(lines for _, lines in by_hand)) if changed else "unknown",
        touches_team_tools=bool(tools) and bool(code - tools),
    )


def size_band(lines: int) -> Literal["small", "medium", "large"]:
    """The band of so many changed lines."""
    if lines <= SMALL_LINES:
        return "small"
    return "medium" if lines <= MEDIUM_LINES else "large"


# Bodies come with 60,000 characters, some of them hostile: nothing below looks at a character more than a few
# times, so repetitions are bounded or possessive, and blocks are told line by line.
HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
FENCE = re.compile(r"[ \t]{0,3}(`{3,}+|~{3,}+)(.*)")
LINK_TARGET = re.compile(r"\]\([^)\s]{0,500}\)")
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://\S+|\bwww\.\S+", re.IGNORECASE)
QUESTION = re.compile(r"[^\W_][^\w\s?]{0,3}\s?\?[!?]*+(?=$|[^\w&=/])|[\uff1f\u061f]")
QUESTION_MARKS = frozenset("?\uff1f\u061f")
SUGGESTION = re.compile(r"^[ \t]{0,3}(`{3,}+|~{3,}+)[ \t]*suggestion\b", re.MULTILINE)


def own_words(text: str | None) -> str:
    """The text without quotes, code, HTML comments and addresses: what its author says in it."""
    words = (text or "").replace("\r\n", "\n").replace("\x00", "")
    # Comments first: a fence inside an HTML comment opens nothing.
    words = _without_code_spans("\n".join(_prose_lines(HTML_COMMENT.sub(" ", words))))
    return LINK_TARGET.sub("]", URL.sub(" ", words))


def asks_question(text: str | None) -> bool:
    """Whether the author asks something in their own words. Rhetoric is not told apart."""
    # Most texts hold no question mark at all, and to strip them takes long.
    if not text or QUESTION_MARKS.isdisjoint(text):
        return False
    return QUESTION.search(own_words(text)) is not None


def has_suggestion(text: str | None) -> bool:
    """Whether the comment proposes a change the author can apply with one click."""
    return SUGGESTION.search((text or "").replace("\r\n", "\n")) is not None


def has_words(text: str | None) -> bool:
    """Whether anything was written at all; template comments are not writing."""
    return bool(HTML_COMMENT.sub("", text or "").strip())


def _prose_lines(text: str) -> Iterator[str]:
    """The lines that are neither fenced or indented code nor quoted; an empty line stands for each block."""
    fence = ""
    before = ""
    for line in text.split("\n"):
        opening = FENCE.fullmatch(line)
        if fence:
            closing = line.strip()
            if len(closing) >= len(fence) and not closing.strip(fence[0]):
                fence = ""
            yield ""
        elif opening and not (opening[1][0] == "`" and "`" in opening[2]):
            fence = opening[1]
            yield ""
        elif line.lstrip(" ").startswith(">"):
            yield ""
        elif line.startswith(("    ", "\t")) and not before.strip():
            # Indented code follows an empty line, or code; elsewhere it is a list or a paragraph going on.
            yield ""
            continue
        else:
            yield line
        before = line


def _without_code_spans(text: str) -> str:
    """The text without what stands between two runs of equally many backticks."""
    runs = [(match.start(), match.end()) for match in re.finditer(r"`+", text)]
    later: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        later.setdefault(runs[index][1] - runs[index][0], []).append(index)
    kept: list[str] = []
    index, place = 0, 0
    while index < len(runs):
        start, end = runs[index]
        same = later[end - start]
        while same and same[-1] <= index:
            same.pop()
        if same:
            kept.append(text[place:start])
            index, place = same[-1], runs[same[-1]][1]
        index += 1
    return " ".join([*kept, text[place:]])


CONTEXT_TITLES = re.compile(
    r"\b(why|context|motivation|background|rationale|reason(s|ing)?|problem|trade-?offs?|alternatives?"
    r"|considered|test plan|testing|tested|validation|verification|risks?|design|approach|impact|root cause"
    r"|how to test)\b",
    re.IGNORECASE,
)
CONTEXT_WORDS = re.compile(
    r"\b(because|so that|in order to|trade-?offs?|alternatively|instead of|rather than|the reason"
    r"|motivat(ed|ion)|we (could|considered|chose|decided)|i (considered|chose|decided)"
    r"|tested (with|by|on|against|locally)|downsides?|drawbacks?|root cause)\b",
    re.IGNORECASE,
)
EMPTY_SECTION = re.compile(r"[\s\-*_.\[\]xX/]*+(n/?a|none|tbd|todo)?[\s\-*_.\[\]]*+", re.IGNORECASE)
HEADING = re.compile(r"[ \t]{0,3}(#{1,6}[ \t]|\*\*)(.*)")


def has_context(body: str | None) -> bool:
    """Whether a description says why, or names a trade-off, an alternative or a test.

    A heading counts only with something written under it: an unfilled template gives no context.
    """
    title = ""
    section: list[str] = []
    loose: list[str] = []
    for line in [*own_words(body).split("\n"), "# "]:
        heading = HEADING.fullmatch(line)
        if heading and (heading[1] != "**" or heading[2].rstrip(" \t:").endswith("**")):
            if CONTEXT_TITLES.search(title) and not EMPTY_SECTION.fullmatch("\n".join(section)):
                return True
            title, section = heading[2], []
        else:
            section.append(line)
            loose.append(line)
    return CONTEXT_WORDS.search("\n".join(loose)) is not None


REVERT_TITLE = re.compile(r"^[^\w\n]{0,20}revert\b", re.IGNORECASE)
REVERT_OF_REVERT = re.compile(
    r"^[^\w\n]{0,20}(reapply|reland)\b|^[^\w\n]{0,20}revert\W{1,5}revert\b", re.IGNORECASE
)
REVERT_BODY = re.compile(
    r"^[ \t]{0,20}(this )?reverts? (commit|pull request|[\w.-]{1,100}/[\w.-]{1,100}#\d+|#\d+|https?://)",
    re.IGNORECASE | re.MULTILINE,
)
BACKPORT_TITLE = re.compile(
    r"^[^\w\n]{0,20}(auto(mated|matic)?[^\w\n]{1,5})?(back-?port(ed)?|cherry-?\s?pick(ed)?|uplift)\b"
    r"|\[back-?port[^\]]{0,80}\]|\((back-?port|cherry-?pick)[^)]{0,80}\)"
    r"|^[ \t]{0,20}\[(release-|stable-|v)?\d+(\.(\d+|x))+\]",
    re.IGNORECASE,
)
BACKPORT_BODY = re.compile(
    r"\(cherry[- ]picked from commit"
    r"|^[^\w\n]{0,20}(this is an? )?(automat\w{1,10} )?(back-?port|cherry-?pick)(s|ed)? (of|from) ",
    re.IGNORECASE | re.MULTILINE,
)


def is_revert(title: str | None, body: str | None) -> bool:
    """Whether the change takes back an earlier one."""
    # A revert of a revert brings the work back: it takes nothing back that was still there.
    if REVERT_OF_REVERT.search(title or ""):
        return False
    return REVERT_TITLE.search(title or "") is not None or REVERT_BODY.search(body or "") is not None


def is_backport(title: str | None, body: str | None) -> bool:
    """Whether the change carries a merged one to another branch."""
    return BACKPORT_TITLE.search(title or "") is not None or BACKPORT_BODY.search(body or "") is not None


ADDRESS = re.compile(r"https?://[^\s)>\]]++|(?<=\]\()[^)\s]++", re.IGNORECASE)
DOCUMENTATION = re.compile(
    r"^https?://(docs?|developers?|wiki|handbook|learn|peps|datatracker|man\d?|\w\w\.wikipedia)\."
    r"|[./](readthedocs|rfc-?\d*|rfcs|adrs?|docs?|documentation|wiki|handbook|runbooks?|style-?guides?|guides?"
    r"|manual|reference|tutorials?)([./#?]|$)"
    r"|\.(md|rst|adoc)([#?]|$)",
    re.IGNORECASE,
)


def links_documentation(text: str | None) -> bool:
    """Whether the comment points to something written down, by the look of the address."""
    if not text or ("](" not in text and "://" not in text):
        return False
    prose = "\n".join(_prose_lines(text.replace("\r\n", "\n")))
    return any(DOCUMENTATION.search(address[0].rstrip(".,;:")) for address in ADDRESS.finditer(prose))


REVERTED = re.compile(
    r"^[ \t]{0,20}(?:this )?reverts? (?:pull request )?(?:"
    r"(?:(?P<name>[\w.-]{1,100}/[\w.-]{1,100})?#|https?://[^\s/]{1,100}/(?P<linked>[\w.-]{1,100}/[\w.-]{1,100})/pull/)"
    r"(?P<number>\d{1,9})\b|commit (?:\S{1,200}[/@])?(?P<commit>[0-9a-f]{7,40})\b)",
    re.IGNORECASE | re.MULTILINE,
)


def reverted(title: str | None, body: str | None, repository: str) -> tuple[Reverted, ...]:
    """What a revert says that it takes back, as far as it is of the same repository (`owner/name`)."""
    if not is_revert(title, body):
        return ()
    changes: dict[Reverted, None] = {}
    for match in REVERTED.finditer(body or ""):
        named = match["name"] or match["linked"] or repository
        if match["commit"]:
            changes[Reverted(None, match["commit"].lower())] = None
        elif named.casefold() == repository.casefold():
            changes[Reverted(int(match["number"]), None)] = None
    return tuple(changes)
