"""The whole organisation: people, repositories, work, incidents and traps, until a given day."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.app import Holding
from sandbox.model import PullRequest
from sandbox.organisation import traps
from sandbox.organisation.hiding import visible
from sandbox.organisation.incidents import keep_incidents_as_issues
from sandbox.organisation.maker import Maker
from sandbox.organisation.oncall import paged_quarter, pagerduty_account, pagerduty_until
from sandbox.organisation.people import staff
from sandbox.organisation.places import ORGANIZATION, places
from sandbox.organisation.quarters import moment, quarters_until
from sandbox.organisation.work import do_ordinary_work
from sandbox.world import World


def organisation(
    seed: str,
    *,
    until: date,
    teams: int = 6,
    people: int = 48,
    quarters: int = 2,
    repositories: int = 6,
) -> Holding:
    """The organisation of this seed as it stood at the end of `until`.

    `quarters` closed ones and the running one; each depends on the seed and itself only.
    """
    shown = quarters_until(until, quarters)
    everybody = staff(seed, teams, people, shown[-1])
    end = moment(until + timedelta(days=1), 0)
    world = World()
    here = places(world, everybody, repositories)
    account = pagerduty_account(here)
    planted: dict[str, list[str]] = {}
    items = []
    for quarter in shown:
        maker = Maker(world, seed, quarter)
        do_ordinary_work(maker, here)
        keep_incidents_as_issues(maker, here)
        paged_quarter(maker, here, account)
        for name, ids in traps.plant(maker, here, account).items():
            planted.setdefault(name, []).extend(ids)
        items += maker.finish()
    for item in sorted(visible(items, end), key=lambda each: (each.created_at, each.number)):
        listed = item.repository.pull_requests if isinstance(item, PullRequest) else item.repository.issues
        listed.append(item)  # type: ignore[arg-type]  # the list of its own kind
        world.index(item)
    pagerduty_until(account, end)
    known = world.nodes.keys() | account.ids()
    return Holding(
        world,
        account,
        everybody.roster_csv(shown[0].starts_on, until),
        {name: [each for each in ids if each in known] for name, ids in planted.items()},
        ORGANIZATION,
    )
