"""Requests to GitHub: retries, rate limits, smaller pages, and what a partial answer means.

An answer with errors is never read as an empty page. What is refused of one object is kept by its path; any
other error is retried, smaller where that helps, and raised in the end.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from connectors.errors import PayloadBroken, RateLimited, Refused
from connectors.github.api.credentials import Credentials, Interrupted, configured_credentials
from connectors.github.api.documents import document
from connectors.github.api.rate_limits import Limited, Token, TokenPool
from connectors.github.api.transport import Reply, TooHeavy, Transport
from connectors.github.settings import GitHubSettings

Path = tuple[str | int, ...]
Result = TypeVar("Result")

MOST_IDS = 100
"""GitHub takes no more ids in one list."""
TRIES = 5
TRIES_PAGED = 8
"""Enough to halve a page of a hundred to one and to ask for that one twice."""
MOST_WAITS = 10
"""For one request and token."""
WELL_UNTIL_GROWTH = 8
"""Pages that must go well before a halved page is doubled again."""

ABOUT_ONE_OBJECT = frozenset({"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES", "SAML", "UNPROCESSABLE"})
ABOUT_SIZE = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"})


class NothingThere(Refused):
    """What was asked for does not exist, or the token may not see it."""


class CursorRefused(PayloadBroken):
    """GitHub no longer knows the page to go on from: start at the top."""


@dataclass(frozen=True, slots=True)
class GraphQLAnswer:
    """The answer to a query."""

    data: Mapping[str, Any]
    refused: Mapping[Path, str]
    """The paths that GitHub left empty, and why: a code in lower case."""
    answered_at: datetime
    """GitHub's own clock, which is what its timestamps are in."""

    def refused_below(self, *path: str | int) -> dict[Path, str]:
        """What was refused at or below a path, by the rest of its path."""
        return {
            where[len(path) :]: code for where, code in self.refused.items() if where[: len(path)] == path
        }


@dataclass(slots=True)
class PageSize:
    """How many objects to ask for at once: halved when GitHub cannot give them, slowly doubled again.

    A size that failed twice is not tried a third time: it is the data that is heavy.
    """

    most: int
    size: int = field(init=False)
    went_well: int = 0
    failed: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.size = self.most

    def halve(self) -> None:
        self.failed[self.size] += 1
        self.size = max(1, self.size // 2)
        self.went_well = 0

    def keep(self) -> None:
        self.went_well += 1
        larger = min(self.most, self.size * 2)
        if self.went_well >= WELL_UNTIL_GROWTH and self.failed[larger] < 2:
            self.size = larger
            self.went_well = 0


class Client:
    """One GitHub, read with one token or several that see the same; safe to share between threads.

    `pool` None: the tokens of the settings.
    """

    def __init__(
        self,
        settings: GitHubSettings,
        pause: Callable[[float], None] = time.sleep,
        pool: TokenPool | None = None,
    ) -> None:
        self._pool = pool or TokenPool(
            [pool_token(settings, each) for each in configured_credentials(settings)], pause
        )
        first = self._pool.tokens[0].transport
        self.host = first.host
        self.whose = first.credentials.whose if pool else "these credentials"
        """The credentials, in a sentence about what they may not see."""
        self.at_once = settings.requests_at_once * len(self._pool.tokens)
        """Requests that may be on their way over all tokens."""
        self._most_waits = MOST_WAITS * len(self._pool.tokens)
        self._wait_limit_seconds = settings.wait_limit_seconds
        self._pause = pause
        self._counting = threading.Lock()
        self._was_let_in = False
        self.ids = PageSize(MOST_IDS)
        """How many objects to ask for by id at once."""
        self.requests = 0
        self.points = 0

    @property
    def tokens(self) -> frozenset[Token]:
        return frozenset(self._pool.tokens)

    def close(self) -> None:
        self._pool.close()

    def budget(self) -> tuple[int, int] | None:
        """Points left this hour, of how many, as far as GitHub has said; None where it does not count."""
        return self._pool.budget()

    def graphql(
        self,
        query: str,
        variables: Mapping[str, Any],
        page: PageSize | None = None,
        *,
        tries: int | None = None,
        is_last_resort: bool = False,
    ) -> GraphQLAnswer:
        """The answer to a query; `page` sets `$first` and is halved when no answer comes.

        As a last resort objects may be missing without a reason, as `truncated`. Raises TooHeavy when only a
        smaller request would help, otherwise Refused, Unreachable, RateLimited or PayloadBroken.
        """

        def ask() -> GraphQLAnswer:
            values = {**variables, "first": page.size} if page else variables
            try:
                answer = self._within_limits(
                    lambda transport: transport.graphql(query, values),
                    lambda reply: self._answer(reply, is_last_resort),
                )
            except Interrupted as interrupted:
                if page and interrupted.is_heavy:
                    page.halve()
                raise
            if page:
                page.keep()
            return answer

        return self._again(ask, tries or (TRIES_PAGED if page else TRIES))

    def check_alive(self) -> None:
        """Raises unless GitHub answers the lightest question; if it does, another one was too heavy."""
        try:
            self.graphql(document("alive"), {}, tries=4)
        except TooHeavy as error:
            raise PayloadBroken(str(error)) from None

    def get(self, path: str) -> Any:
        """The JSON a REST path holds. Raises Refused, Unreachable, RateLimited or PayloadBroken."""
        return self.reply(path)[0]

    def reply(self, path: str) -> tuple[Any, Mapping[str, str]]:
        """The JSON a REST path holds and its headers (names in lower case). Raises like `get`."""

        def read(reply: Reply) -> tuple[Any, Mapping[str, str]]:
            with self._counting:
                self.points += 1
            return _json(self._checked(reply), self.host), reply.headers

        return self._again(lambda: self._within_limits(lambda transport: transport.get(path), read), TRIES)

    def _again(self, ask: Callable[[], Result], tries: int) -> Result:
        def is_enough(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            if not isinstance(error, Interrupted):
                return True
            # Few tries are for what a smaller question helps against; a cut line is worth all of them.
            most = tries if error.is_heavy else max(tries, TRIES)
            return state.attempt_number >= min(most, error.tries or most)

        patiently = Retrying(
            retry=retry_if_exception_type(Interrupted),
            wait=wait_exponential_jitter(multiplier=0.25, max=4, jitter=0.25),
            stop=is_enough,
            sleep=self._pause,
            reraise=True,
        )
        try:
            return patiently(ask)
        except Interrupted as interrupted:
            raise interrupted.gives_up_as from None

    def _within_limits(self, send: Callable[[Transport], Reply], read: Callable[[Reply], Result]) -> Result:
        """What `read` makes of the reply to the first token that is free; waits up to a limit."""
        waited = 0.0
        for _ in range(self._most_waits):
            with self._pool.free_token(self._wait_limit_seconds - waited) as turn:
                if turn is None:
                    break
                token, wait = turn
                waited += wait
                with self._counting:
                    self.requests += 1
                reply = send(token.transport)
                try:
                    self._let_in(reply, token.transport.credentials)
                    result = read(reply)
                except Limited as limited:
                    self._pool.refused(token, limited)
                else:
                    self._pool.went_well(token, reply)
                    return result
        raise RateLimited(
            f"{self.host} asks to wait for its rate limit, longer than wait_limit_seconds "
            f"({self._wait_limit_seconds}) allows; the next run goes on from here"
        )

    def _let_in(self, reply: Reply, credentials: Credentials) -> None:
        if reply.status == 401:
            refused = Refused(f"{self.host} does not accept {credentials.whose}; {credentials.check}")
            # It happens that good credentials are refused once.
            raise Interrupted(refused, tries=4 if self._was_let_in else 2)

    def _checked(self, reply: Reply) -> Reply:
        """The reply, if it is one. Raises Limited, Interrupted or Refused for what its status says."""
        if reply.status < 300:
            self._was_let_in = True
            return reply
        if reply.status in (403, 429):
            if reply.status == 429 or _is_limit(reply):
                raise Limited(_wait_seconds(reply))
            raise Refused(f"{self.host} forbids this; check what the token may read, and single sign-on")
        if reply.status >= 500:
            is_heavy = reply.status in (500, 502, 504)
            broken = f"{self.host} keeps answering with status {reply.status}; try again later"
            raise Interrupted(TooHeavy(broken) if is_heavy else PayloadBroken(broken), is_heavy=is_heavy)
        if reply.status in (404, 410):
            raise Interrupted(
                NothingThere(
                    f"{self.host} has nothing at this address; check base_url and what the token may read"
                ),
                tries=2,
            )
        raise PayloadBroken(f"{self.host} answered with status {reply.status}, which nothing here expects")

    def _answer(self, reply: Reply, is_last_resort: bool) -> GraphQLAnswer:
        body = _json(self._checked(reply), self.host)
        if not isinstance(body, dict) or not ("data" in body or "errors" in body):
            raise Interrupted(PayloadBroken(f"{self.host} answered something that is no GraphQL answer"))
        data = body.get("data")
        with self._counting:
            self.points += ((data or {}).get("rateLimit") or {}).get("cost") or 0
        refused: dict[Path, str] = {}
        for error in body.get("errors") or ():
            where, code = tuple(error.get("path") or ()), _code(error)
            if code == "INVALID_CURSOR_ARGUMENTS" or "valid cursor" in str(error.get("message")):
                raise CursorRefused(f"{self.host} no longer knows the page to go on from")
            if code == "RATE_LIMITED":
                raise Limited(_wait_seconds(reply))
            self._raise_unless_about_one_object(code, where, data)
            refused[where] = code.lower()
        if data is None:
            raise Interrupted(PayloadBroken(f"{self.host} answered without data"))
        for where in _nulls(data):
            # An error in a field that may not be null empties the object that the field stands in.
            if not any(known[: len(where)] == where[: len(known)] for known in refused):
                if not is_last_resort:
                    raise Interrupted(TooHeavy(f"{self.host} left objects out of its answer"), is_heavy=True)
                refused[where] = "truncated"
        return GraphQLAnswer(data, refused, _answered_at(reply))

    def _raise_unless_about_one_object(self, code: str, where: Path, data: object) -> None:
        if code in ABOUT_ONE_OBJECT and where and data is not None:
            return
        if code in ("FORBIDDEN", "INSUFFICIENT_SCOPES", "SAML"):
            raise Refused(
                f"{self.host} says {code.lower()}; check what the token may read, and single sign-on"
            )
        if data is None and code and code not in ABOUT_SIZE and code != "INTERNAL":
            raise PayloadBroken(
                f"{self.host} does not take the query ({code}); its GitHub Enterprise Server may be too old"
            )
        raise Interrupted(
            TooHeavy(f"{self.host} gave up on a query ({code or 'no reason given'})"), is_heavy=True
        )


def pool_token(settings: GitHubSettings, credentials: Credentials) -> Token:
    """Somebody to ask as, with as many requests at once as the settings allow each."""
    return Token(Transport(settings.base_url, credentials), settings.requests_at_once)


def _json(reply: Reply, host: str) -> Any:
    try:
        return json.loads(reply.text)
    except json.JSONDecodeError:
        raise Interrupted(TooHeavy(f"{host} sent something that is not whole JSON"), is_heavy=True) from None


def _code(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions") or {}
    if extensions.get("saml_failure"):
        return "SAML"
    return str(error.get("type") or extensions.get("code") or "")


def _is_limit(reply: Reply) -> bool:
    if "retry-after" in reply.headers or reply.headers.get("x-ratelimit-remaining") == "0":
        return True
    words = reply.text.casefold()
    return "rate limit" in words or "abuse detection" in words


def _wait_seconds(reply: Reply) -> float | None:
    """How long GitHub says to wait: `Retry-After` first, then the reset of a spent budget."""
    headers = reply.headers
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        # Against GitHub's clock, not ours; and a second more, for it does not say when in that second.
        return int(headers["x-ratelimit-reset"]) - _answered_at(reply).timestamp() + 1
    return None


def _answered_at(reply: Reply) -> datetime:
    try:
        return parsedate_to_datetime(reply.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)


def _nulls(data: object, where: Path = ()) -> Iterator[Path]:
    """Where a list of the answer has null instead of an object."""
    if isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, dict | list):
                yield from _nulls(value, (*where, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            if value is None:
                yield (*where, index)
            elif isinstance(value, dict | list):
                yield from _nulls(value, (*where, index))
