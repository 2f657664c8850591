"""What can go wrong with a source, as a tree: the class says what the reader does next.

Every message is one sentence that names the source, what it refused and the likely fix, and holds no
token, no payload and no person.
"""

from __future__ import annotations


class SourceError(Exception):
    """A source did not give what was asked of it."""

    code = "source_error"


class Refused(SourceError):
    """Bad or missing credentials, or no permission: a person has to change something."""

    code = "refused"


class Unreachable(SourceError):
    """No answer from the host, after retries: check the address and the network."""

    code = "unreachable"


class RateLimited(SourceError):
    """The budget is spent and the wait is longer than allowed: the next run goes on from here."""

    code = "rate_limited"


class PayloadBroken(SourceError):
    """An answer was cut, was not what the API promises, or stayed an error after retries."""

    code = "payload_broken"


class BadInput(Exception):
    """A file of the operator's is wrong. `mistakes` are whole sentences that start with `file:line:`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
