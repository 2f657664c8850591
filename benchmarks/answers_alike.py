"""How long it takes to be told nothing: for a share that never was, and for one that opens no more.

    .venv/bin/python benchmarks/answers_alike.py [CALLS]

Everything after the reader's identity is proven, in one process, the kinds taking turns. `told apart` is how
often a call of that kind took longer than one of the first kind: one half is chance.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

sys.path[0] = str(Path(__file__).parents[1])  # beside this file, `signals` would be another benchmark

from app.request import Asker  # noqa: E402
from app.sharing import open_share  # noqa: E402
from config.recorded_settings import RecordedSettings  # noqa: E402
from config.settings import Settings, load_settings  # noqa: E402
from connectors.records import Account  # noqa: E402
from people.rights import rights_of  # noqa: E402
from privacy import door, shares  # noqa: E402
from privacy.errors import NoReport  # noqa: E402
from privacy.policy import load_policy  # noqa: E402
from warehouse.vault import Vault  # noqa: E402
from warehouse.windows import parse_window, today  # noqa: E402

CALLS = 200
PEOPLE = 500
QUARTER = "2026Q3"


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with home() as (settings, people, tokens):
        reader = people[0]

        def opened(token: str, by: str | None) -> Callable[[], object]:
            asker = Asker(Account("github", "U0", "user-0"), by, None)
            return lambda: open_share(RecordedSettings(settings), asker, token)

        def read(person_id: str) -> Callable[[], object]:
            return lambda: door.read_self(settings.published, person_id, QUARTER)

        table(
            calls,
            {
                "a token that never was": opened(shares.new_token(), reader),
                "guessed, of another length": opened("guess", reader),
                "revoked": opened(tokens["revoked"], reader),
                "expired": opened(tokens["expired"], reader),
                "for somebody else": opened(tokens["for somebody else"], reader),
                "open, asked for by nobody who is known": opened(tokens["open"], None),
            },
        )
        table(
            calls * 10,
            {
                "a person's id that never was": read("f" * 32),
                "a person's, who has no report": read(people[1]),
                "what can be no id": read("../teams"),
            },
        )


def table(calls: int, kinds: dict[str, Callable[[], object]]) -> None:
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(calls):
        for kind, ask in kinds.items():
            started = perf_counter()
            with suppress(NoReport):
                ask()
                raise AssertionError(f"{kind}: opened something")
            taken[kind].append(perf_counter() - started)
    first = next(iter(taken.values()))
    print(f"\n| {calls} calls each | median, ms | 9 of 10 within, ms | told apart |\n|---|---|---|---|")
    for kind, found in taken.items():
        deciles = statistics.quantiles(found, n=20)
        print(
            f"| {kind} | {statistics.median(found) * 1000:.2f} | "
            f"{deciles[0] * 1000:.2f} to {deciles[-1] * 1000:.2f} | {longer(found, first):.2f} |"
        )


def longer(one: list[float], other: list[float]) -> float:
    """How often a call of the one took longer than a call of the other."""
    return sum((a > b) + (a == b) / 2 for a in one for b in other) / (len(one) * len(other))


@contextmanager
def home() -> Iterator[tuple[Settings, list[str], dict[str, str]]]:
    """People in a vault, with shares of every fate between them."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "sightline.yaml"
        config.write_text("home: home\nroster: roster.csv\n")
        settings = load_settings(config)
        settings.home.mkdir()
        accounts = [Account("github", f"U{number}", f"user-{number}") for number in range(PEOPLE)]
        people = [str(own_id) for own_id in Vault(settings.vault_file).own_ids(accounts).values()]
        on = today()
        fates = {
            "open": (people[0], on, on + timedelta(days=14)),
            "revoked": (people[0], on, on + timedelta(days=14)),
            "expired": (people[0], on - timedelta(days=20), on - timedelta(days=6)),
            "for somebody else": (people[2], on, on + timedelta(days=14)),
        }
        tokens = {}
        with rights_of(settings) as own:
            for fate, (recipient, starts_on, ends_on) in fates.items():
                tokens[fate] = shares.new_token()
                sha256, span = shares.token_sha256(tokens[fate]), (starts_on, ends_on)
                made = own.share(people[3], recipient, sha256, QUARTER, ["item"], False, span)
                if fate == "revoked":
                    own.revoke(people[3], made.share_id, on)
        door.write_self(settings.published, people[3], report(settings))
        yield settings, people, tokens


def report(settings: Settings) -> door.Released:
    return door.release_self(
        window=parse_window(QUARTER),
        as_of=date(2026, 10, 15),
        team="payments",
        rubric={"id": "ic1", "title": "Engineer"},
        sources=[],
        items=[],
        policy=load_policy(settings.agreement),
    )


if __name__ == "__main__":
    main()
