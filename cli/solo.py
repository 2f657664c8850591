"""`sightline me --solo`: one person's own report, from their own token, kept on their own machine.

The same pipeline as a night, with one connector, one member and no door to anybody else. What it cannot know
it leaves open: search finds a person's own traces, and not what others did beside them, so "none seen" needs
more here than an empty search.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import click

from cli.exit_codes import REFUSED
from config.settings import PERSONAL_AGREEMENT, SHIPPED, Settings, solo_settings, token
from connectors.errors import BadInput, Refused, SourceError, Unreachable
from connectors.github.accounts import whoami
from connectors.github.connector import GitHub
from connectors.github.own.connector import COMPLETE_TABLES, SCOPE, GitHubOwn
from connectors.github.settings import FIRST_DAY
from connectors.records import Account, Membership
from flows import assess, collect, evidence, reconcile, roster
from flows.context import Busy, Night, hold
from flows.run_log import Message
from flows.run_log import Refusal as SourceRefusal
from people.titles import titles_of
from privacy import door
from privacy.personal import load_personal_policy
from privacy.policy import Policy
from reports.formats import own_report_as
from rubric.map import load_map
from signals.catalog import Catalog, Signal, load_catalog
from warehouse import ledger, reading
from warehouse.completeness import SourceWindow
from warehouse.statuses import statuses
from warehouse.windows import Window, parse_window, today, window_of, windows_until

QUARTERS_BACK = 4

OTHERS = "the work of others"
_BEYOND = "work_of_others"
"""Stands for the rows of which search tells only those that the person has a part in."""

UNSEEN = SourceWindow(
    OTHERS,
    frozenset({_BEYOND}),
    None,
    None,
    False,
    "personal mode sees it where you took part, and nothing that your token may not read",
)


def show_solo(
    window: str | None,
    form: str,
    *,
    since: date | None,
    home: Path | None,
    full: bool = False,
    with_titles: bool,
) -> tuple[str, int]:
    """The report of whoever holds the token, and an exit code: 1 with gaps, 3 where GitHub refused midway.

    Raises BadInput, SourceError or DoorError where there is nothing to report.
    """
    secret = token("GITHUB_TOKEN")
    if secret is None:
        raise BadInput(
            ["GITHUB_TOKEN is not set; make a token of your own that can read your repositories, and set it"]
        )
    on = today()
    quarter = _window(window) or window_of(on)
    policy = load_personal_policy(PERSONAL_AGREEMENT, SHIPPED / "agreement.yaml")
    oldest = _oldest(policy, on)
    if quarter.starts_on > on:
        raise BadInput([f"{quarter.name} has not begun; the running quarter is {window_of(on).name}"])
    if quarter < oldest:
        raise BadInput([f"{quarter.name} is too long ago; reports go back to {oldest.name}"])
    if since and since > quarter.starts_on:
        raise BadInput(
            [f"--since {since} is after {quarter.name} began; begin on {quarter.starts_on} or before"]
        )
    settings = solo_settings(secret)
    assert settings.github is not None
    host = urlsplit(settings.github.base_url).netloc
    owner = whoami(settings.github.base_url, secret)
    default = windows_until(on, QUARTERS_BACK + 1)[0]
    # a rule may look back one quarter further than the window
    since = since or min(default, quarter.previous()).starts_on
    settings = settings.model_copy(
        update={
            "home": home or settings.home / host.replace(":", "-") / owner.login.casefold(),
            "github": settings.github.model_copy(update={"since": since}),
        }
    )
    if settings.recorded_file.exists():
        raise BadInput(
            [f"{settings.home}: is the home of a service, not of one person; name another with --home"]
        )
    _tell(f"{host}: what {owner.login} did, in everything updated since {since}")
    try:
        code = _collect(settings, owner, policy)
    except Busy:
        raise BadInput([f"{settings.home}: another run is writing here; wait for its end"]) from None
    except OSError as error:
        raise BadInput(
            [f"{settings.home}: cannot be written ({error.strerror}); make room, or name another with --home"]
        ) from None
    _tell(f"kept in {settings.home}; delete that folder and nothing is left")
    _tell("under the agreement that `sightline privacy agreement --solo` prints")
    released = door.read_self(settings.published, _person(settings, owner), quarter.name)
    titles: dict[str, str] = {}
    if with_titles:
        try:
            titles = titles_of(released, settings, secret)
        except SourceError as error:
            _tell(f"without titles: {error}")
    if released.body["window_is_open"] and window is None:
        _tell(
            f"{quarter.name} is still running; the last whole quarter is --window {quarter.previous().name}"
        )
    return own_report_as(released, form, titles, full=full), code


def _oldest(policy: Policy, on: date) -> Window:
    """The first quarter that a report is still made of."""
    kept = windows_until(on, policy.retention.releases_quarters + 1)
    return next(window for window in kept if policy.kept_since(on) <= window.starts_on or window is kept[-1])


def _collect(settings: Settings, owner: Account, policy: Policy) -> int:
    """Fetches, computes and writes the reports; says on standard error what is missing."""
    assert settings.github is not None
    catalog = load_catalog()
    rubric = load_map(settings.rubric_map, catalog)
    member = Membership(owner, (), "personal", None, FIRST_DAY, None, rubric.id)
    with hold(
        settings,
        None,
        policy=policy,
        catalog=catalog,
        maps={rubric.id: rubric},
        roster=(member,),
        connectors=(connector := GitHubOwn(settings.github, owner),),
        unseen=(UNSEEN,),
    ) as night:
        _refuse_other_homes(night, owner)
        roster.import_roster(night)
        code = _fetch(night, connector)
        evidence.compute_evidence(night, "solo")
        assess.write_self_reports(replace(night, signals=as_seen_alone(catalog)))
        [state] = statuses(night.store, connector.source, [SCOPE])
        requests, points = connector.spent()
        objects = [f"{count} {kind.replace('_', ' ')}" for kind, count in state["records"].items() if count]
        _tell(f"{', '.join(objects) or 'nothing found'}; {requests} requests, {points} points")
        for gap in state["gaps"]:
            _tell(f"missing: {gap['kind'].replace('_', ' ')}, {_REASONS.get(gap['reason'], gap['reason'])}")
        for sentence in dict.fromkeys(night.log.texts(SourceRefusal) + night.log.texts(Message)):
            _tell(sentence)
        return code or (0 if state["complete"] else 1)


def _fetch(night: Night, connector: GitHubOwn) -> int:
    """Reads and counts everything; an error leaves it open, and what is here already is reported."""
    try:
        [scope] = collect.list_scopes(night, connector)
        with _progress(connector) as progress:
            collect.fetch_scope(night, connector, scope, progress)
            progress("counting")
            reconcile.reconcile_scope(night, connector, scope)
    except SourceError as error:
        if not ledger.holds_anything(night.store, connector.source, SCOPE):
            raise
        night.log.list_scopes(connector.source, [SCOPE])
        collect.leave_scope_open(night, connector, SCOPE, error)
        return REFUSED if isinstance(error, Refused | Unreachable) else 1
    return 0


def as_seen_alone(catalog: Catalog) -> Catalog:
    """The same signals, each reading the work of others where its answer depends on it.

    An occasion is somebody else's pull request or issue, and what search cannot find whole is what others
    wrote. Finding nothing then leaves the item open; what is found is found.
    """
    in_part = set(GitHub.yields) - COMPLETE_TABLES

    def alone(signal: Signal) -> Signal:
        reads = set(signal.reads)
        if signal.kind not in ("opportunity", "step") and not reads & in_part:
            return signal
        return signal.model_copy(update={"reads": tuple(sorted(reads - in_part | {_BEYOND}))})

    return Catalog({name: alone(signal) for name, signal in catalog.items()})


def _refuse_other_homes(night: Night, owner: Account) -> None:
    """Raises BadInput where this folder holds a service's home, or another account's."""
    there = {row.person_id for row in reading.memberships(night.store)}
    if there and there != {night.vault.person_of(owner)}:
        raise BadInput(
            [f"{night.settings.home}: holds the home of somebody else; name another folder with --home"]
        )


def _person(settings: Settings, owner: Account) -> str:
    from warehouse.vault_lookup import find_person_waiting

    person_id = find_person_waiting(settings.vault_file, owner)
    assert person_id is not None  # the roster of one was written
    return person_id


def _window(text: str | None) -> Window | None:
    try:
        return parse_window(text) if text else None
    except ValueError as error:
        raise BadInput([str(error)]) from None


def _tell(sentence: str) -> None:
    """On standard error: standard output is the report alone."""
    click.echo(sentence, err=True)


@contextmanager
def _progress(connector: GitHubOwn) -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.status import Status

    with Status("searching", console=Console(stderr=True)) as status:

        def show(text: str) -> None:
            planned = f" of {connector.planned:,}" if connector.planned else ""
            with suppress(ValueError):
                status.update(f"{text.rpartition(': ')[2]}{planned}")

        yield show


_REASONS = {
    "search_wall": "more than a thousand at the same second, beyond which search does not reach",
    "search_incomplete": "search gave fewer than it counted, again and again; run again later",
    "single_sign_on_missing": "an organisation asks for single sign-on; authorise the token for it",
    "token_without_repo_scope": "the token sees public repositories only; give it the scope `repo`",
    "forbidden": "the token may not read them; give it the right to, and run again",
    "rate_limited": "GitHub's rate limit; run again later, it goes on from here",
}
