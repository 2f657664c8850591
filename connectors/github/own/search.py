"""Searches of the token's own account, to their end, whatever search leaves out.

Search never gives more than a thousand results, pages by place while the results move, and now and then
gives fewer than it counts without a word. So every search is cut by the day of creation into slices that fit,
ordered by the same day, and each slice is held against the count that came with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.github.api.client import Client, PageSize
from connectors.github.api.documents import counts, document
from connectors.github.cursor import iso
from connectors.github.payloads import nodes
from connectors.github.query_batches import Kind
from connectors.github.settings import FIRST_DAY
from connectors.records import Gap

MOST_RESULTS = 1_000
COUNTS_AT_ONCE = 20
RESULTS_AT_ONCE = 100
TRIES = 3
PAUSE_SECONDS = 2.0

OWN: tuple[tuple[Kind, str], ...] = (
    ("pull_requests", "is:pr author:@me"),
    ("pull_requests", "is:pr reviewed-by:@me -author:@me"),
    ("pull_requests", "is:pr commenter:@me -author:@me -reviewed-by:@me"),
    ("issues", "is:issue author:@me"),
    ("issues", "is:issue assignee:@me -author:@me"),
    ("issues", "is:issue commenter:@me -author:@me -assignee:@me"),
    ("discussions", "author:{login}"),
    ("discussions", "answered-by:{login} -author:{login}"),
)
"""What somebody did, in searches that share no result: so their counts add up.

Of a discussion no comment is kept but the marked answer, so those one only commented on are not asked for.
`@me` is documented for pull requests and issues alone.
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """One search over what was created between two moments, both included."""

    kind: Kind
    words: str
    since: date
    """Nothing last updated before this day is wanted."""
    first: datetime
    last: datetime

    @property
    def query(self) -> str:
        span = f"created:{iso(self.first)}..{iso(self.last)}"
        return f"{self.words} updated:>={self.since} {span} sort:created-asc"

    @property
    def type(self) -> str:
        """What GraphQL calls it; to search, a pull request is an issue."""
        return "DISCUSSION" if self.kind == "discussions" else "ISSUE"

    def count(self, results: Mapping[str, Any]) -> int:
        """How many there are, as the answer counts them."""
        return int(results["discussionCount" if self.kind == "discussions" else "issueCount"])

    @property
    def is_own_work(self) -> bool:
        return self.words == OWN[0][1]

    def halves(self) -> tuple[Slice, Slice]:
        middle = self.first + (self.last - self.first) // 2
        middle = middle.replace(microsecond=0)
        second = timedelta(seconds=1)
        return (
            Slice(self.kind, self.words, self.since, self.first, middle),
            Slice(self.kind, self.words, self.since, middle + second, self.last),
        )


@dataclass(frozen=True, slots=True)
class SliceResult:
    """What a slice holds."""

    slice: Slice
    nodes: tuple[dict[str, Any], ...]
    gaps: tuple[Gap, ...] = ()


class Search:
    """Everything the token's own account did, as far as search knows it."""

    def __init__(
        self, client: Client, pause: Callable[[float], None], login: str, kinds: Sequence[Kind]
    ) -> None:
        self._client = client
        self._pause = pause
        self._searches = [(kind, words.format(login=login)) for kind, words in OWN if kind in kinds]
        self._page = PageSize(RESULTS_AT_ONCE)
        self.answered_at: datetime | None = None
        """When the first of the answers was given, by GitHub's clock."""

    def own(self, since: date) -> Iterator[SliceResult]:
        """All that was updated since a day, slice by slice."""
        begin = datetime.combine(FIRST_DAY, time(), UTC)
        middle = datetime.combine(max(since, FIRST_DAY), time(), UTC)
        end = datetime.combine(datetime.now(UTC).date() + timedelta(days=2), time(), UTC)
        spans = [(middle, end)]
        if middle > begin:
            spans.append((begin, middle - timedelta(seconds=1)))
        slices = [Slice(kind, words, since, *span) for kind, words in self._searches for span in spans]
        for one in self._cut_to_fit(slices):
            yield from self._listed(one)

    def _cut_to_fit(self, slices: Sequence[Slice]) -> Iterator[Slice]:
        """Slices within reach of search that cover the same; empty ones are left out."""
        waiting = list(slices)
        while waiting:
            chunk, waiting = waiting[:COUNTS_AT_ONCE], waiting[COUNTS_AT_ONCE:]
            variables = {f"query{index}": one.query for index, one in enumerate(chunk)}
            variables |= {f"type{index}": one.type for index, one in enumerate(chunk)}
            answer = self._client.graphql(counts(len(chunk)), variables)
            self.answered_at = self.answered_at or answer.answered_at
            for index, one in enumerate(chunk):
                count = one.count(answer.data[f"s{index}"])
                if count > MOST_RESULTS and one.first < one.last:
                    waiting += one.halves()
                elif count:
                    yield one

    def _listed(self, one: Slice) -> Iterator[SliceResult]:
        for turn in range(TRIES):
            results, refused, count = self._pages(one)
            if count > MOST_RESULTS and one.first < one.last:
                # it has grown since it was counted
                for half in self._cut_to_fit(one.halves()):
                    yield from self._listed(half)
                return
            if len(results) + len(refused) == count:
                yield SliceResult(
                    one, tuple(results.values()), tuple(self._gap(one, code) for code in refused)
                )
                return
            if turn < TRIES - 1:
                self._pause(PAUSE_SECONDS)
        code = "search_wall" if count > MOST_RESULTS else "search_incomplete"
        yield SliceResult(
            one, tuple(results.values()), tuple(self._gap(one, each) for each in [*refused, code])
        )

    def _pages(self, one: Slice) -> tuple[dict[str, dict[str, Any]], list[str], int]:
        """The results by id, the codes of those that were refused, and how many search counts."""
        objects: dict[str, dict[str, Any]] = {}
        refused: list[str] = []
        after: str | None = None
        while True:
            variables = {
                "type": one.type, "query": one.query, "after": after, "withClosing": one.is_own_work
            }  # fmt: skip
            answer = self._client.graphql(document("search"), variables, self._page)
            results = answer.data["search"]
            objects |= {node["id"]: node for node in nodes({"it": results}, "it") if node.get("id")}
            refused += [
                code for where, code in answer.refused_below("search", "nodes").items() if len(where) == 1
            ]
            info = results["pageInfo"]
            if not info["hasNextPage"] or not results["nodes"]:
                return objects, refused, one.count(results)
            after = info["endCursor"]

    def _gap(self, one: Slice, code: str) -> Gap:
        """What is missing may have been touched on any day since it was created."""
        starts_on = max(one.since, one.first.date())
        return Gap(one.kind, starts_on, datetime.now(UTC).date() + timedelta(days=1), code)
