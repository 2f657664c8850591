"""The whole organisation: people, repositories, work, incidents and traps, until a given day."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.app import Holding
from sandbox.discussions import Discussion
from sandbox.incident_io.model import IncidentIo
from sandbox.model import Identity, IdentityProvider, PullRequest
from sandbox.organisation import traps
from sandbox.organisation.discussing import discuss
from sandbox.organisation.hiding import visible
from sandbox.organisation.incident_io import incident_io_quarter, incident_io_until
from sandbox.organisation.incidents import keep_incidents_as_issues
from sandbox.organisation.maker import Maker
from sandbox.organisation.oncall import paged_quarter, pagerduty_account, pagerduty_until
from sandbox.organisation.people import staff
from sandbox.organisation.places import ORGANIZATION, places
from sandbox.organisation.quarters import moment, quarters_until
from sandbox.organisation.work import do_ordinary_work
from sandbox.world import World

PEOPLE_A_TEAM = 5


class ImpossibleSize(ValueError):
    """The organisation cannot have these sizes; the message says which can be had."""


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
    Raises ImpossibleSize.
    """
    _check_sizes(teams, people, quarters, repositories)
    shown = quarters_until(until, quarters)
    everybody = staff(seed, teams, people, shown[-1])
    end = moment(until + timedelta(days=1), 0)
    world = World()
    here = places(world, everybody, repositories)
    for name, team in here.teams.items():
        team.members = [here.account(who) for who in everybody.on(until, name, managers=True)]
    world.identity_providers[ORGANIZATION] = IdentityProvider(
        "OIP_kwDO000001",
        [
            Identity(f"EI_kwDO{who.number:06d}", f"{who.login}@tidewater.example", here.account(who))
            for who in everybody.on(until, managers=True)
        ],
    )
    account = pagerduty_account(here)
    incidents = IncidentIo()
    planted: dict[str, list[str]] = {}
    items = []
    discussions: list[Discussion] = []
    for quarter in shown:
        maker = Maker(world, seed, quarter)
        do_ordinary_work(maker, here)
        discuss(maker, here)
        keep_incidents_as_issues(maker, here)
        paged_quarter(maker, here, account)
        incident_io_quarter(maker, here, incidents)
        for name, ids in traps.plant(maker, here, account).items():
            planted.setdefault(name, []).extend(ids)
        items += maker.finish()
        discussions += [each for each in maker.discussions if each.created_at < end]
    for item in sorted(visible(items, end), key=lambda each: (each.created_at, each.number)):
        listed = item.repository.pull_requests if isinstance(item, PullRequest) else item.repository.issues
        listed.append(item)  # type: ignore[arg-type]  # the list of its own kind
        world.index(item)
    for discussion in sorted(discussions, key=lambda each: (each.created_at, each.number)):
        discussion.as_of(end)
        world.add_discussion(discussion)
    pagerduty_until(account, end)
    incident_io_until(incidents, here, end)
    known = world.nodes.keys() | account.ids()
    return Holding(
        world,
        account,
        everybody.roster_csv(shown[0].starts_on, until),
        {name: [each for each in ids if each in known] for name, ids in planted.items()},
        ORGANIZATION,
        incidents,
    )


def _check_sizes(teams: int, people: int, quarters: int, repositories: int) -> None:
    mistakes = []
    if teams < 1:
        mistakes.append("at least one team")
    if people < PEOPLE_A_TEAM * max(teams, 1):
        # the traps need three people of one team who stay for a quarter in which two others leave
        mistakes.append(f"at least {PEOPLE_A_TEAM} people a team")
    if quarters < 0:
        mistakes.append("no fewer than 0 closed quarters")
    if repositories < 1:
        mistakes.append("at least one repository")
    if mistakes:
        raise ImpossibleSize(f"an organisation has {', '.join(mistakes)}")
