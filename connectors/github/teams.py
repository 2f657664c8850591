"""GitHub's own teams, as an alternative to a roster file.

Source: the teams of one organisation, through GraphQL; the token needs to read the organisation (`read:org`).
Cursor: none; all teams are read, every night, and held against what was known before.
Yields: memberships.
Never: names, e-mail addresses, roles in a team.
Raises: BadInput for teams that are not as declared, Refused, Unreachable, RateLimited, PayloadBroken.

GitHub tells who is in a team now and not since when, so a membership begins on the day it was first seen and
ends on the first day it is not. GitHub's teams overlap and a home team may not: the first team of `order`
that a person is in is theirs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from connectors.errors import BadInput, PayloadBroken, Refused
from connectors.github.api.access import Access
from connectors.github.api.client import Client, PageSize
from connectors.github.api.documents import document
from connectors.github.payloads import account, nodes
from connectors.github.settings import GitHubSettings, GitHubTeamsSettings
from connectors.records import Account, Membership

TEAMS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Team:
    """One team of GitHub as it is now, the members of teams below it included."""

    slug: str
    above: str | None
    members: tuple[Account, ...]


def teams_now(settings: GitHubSettings, organisation: str) -> list[Team]:
    """Every team that the token can see. Raises Refused, Unreachable, RateLimited or PayloadBroken."""
    with closing(Access(settings)) as access:
        return [*_teams(access.of(organisation), organisation)]


def memberships(
    teams: Sequence[Team], declared: GitHubTeamsSettings, before: Sequence[Membership], today: date
) -> tuple[tuple[Membership, ...], list[str]]:
    """Everybody's memberships until today, and sentences about people in several teams.

    `before` is what the last night knew. Raises BadInput where a declared team is not there, or where teams
    overlap and nothing says which comes first.
    """
    order = _order(teams, declared)
    homes: dict[str, tuple[str, Account]] = {}
    shared: Counter[tuple[str, str]] = Counter()
    for team in order:
        for who in team.members:
            if who.is_bot:
                continue
            if who.account_id in homes:
                shared[homes[who.account_id][0], team.slug] += 1
            else:
                homes[who.account_id] = (team.slug, who)
    lines = _overlaps(shared, order, declared)
    first_day = declared.since if declared.since and not before else today
    members = [*_kept(before, homes, declared, today)]
    still_there = {member.account.account_id for member in members if member.ends_on is None}
    members += [
        _membership(who, team, declared, first_day)
        for account_id, (team, who) in homes.items()
        if account_id not in still_there
    ]
    return tuple(sorted(members, key=lambda one: (one.starts_on, one.team, one.account.account_id))), lines


def team_name(slug: str) -> str:
    """A slug in the letters a team has in Sightline."""
    return re.sub(r"[^a-z0-9]+", "-", slug.casefold()).strip("-")


def _kept(
    before: Sequence[Membership],
    homes: Mapping[str, tuple[str, Account]],
    declared: GitHubTeamsSettings,
    today: date,
) -> Iterator[Membership]:
    """What was known before, with today as the end of what no longer holds."""
    for member in before:
        if member.ends_on is not None:
            yield member
            continue
        slug, who = homes.get(member.account.account_id, ("", member.account))
        if slug and team_name(slug) == member.team:
            yield _membership(who, slug, declared, member.starts_on)
        elif member.starts_on < today:
            yield replace(member, ends_on=today)


def _membership(who: Account, slug: str, declared: GitHubTeamsSettings, starts_on: date) -> Membership:
    manager = declared.managers.get(slug)
    return Membership(
        account=who,
        other_accounts=(),
        team=team_name(slug),
        manager=Account("github", "", manager) if manager else None,
        starts_on=starts_on,
        ends_on=None,
        rubric=declared.rubric,
    )


def _order(teams: Sequence[Team], declared: GitHubTeamsSettings) -> list[Team]:
    """The teams that count, the one that wins first."""
    known = {team.slug: team for team in teams}
    mistakes = [
        f"github_teams.{key}: {declared.organisation} has no team '{slug}' that this token can see"
        + (f"; did you mean '{near[0]}'?" if (near := get_close_matches(slug, known, n=1)) else "")
        for key, slugs in (("order", declared.order), ("managers", declared.managers))
        for slug in slugs
        if slug not in known
    ]
    names = Counter(team_name(slug) for slug in declared.order or known)
    mistakes += [
        f"github_teams: two teams of {declared.organisation} are called '{name}' here; leave one out of order"
        for name, count in names.items()
        if count > 1
    ]
    if not known:
        mistakes.append(
            f"github_teams: {declared.organisation} shows no team to this token; it needs to read the "
            "organisation (`read:org`)"
        )
    if mistakes:
        raise BadInput(mistakes)
    if declared.order:
        return [known[slug] for slug in declared.order]

    def depth(team: Team) -> int:
        return 0 if team.above is None or team.above not in known else 1 + depth(known[team.above])

    return sorted(teams, key=lambda team: (-depth(team), team.slug))


def _overlaps(
    shared: Counter[tuple[str, str]], order: Sequence[Team], declared: GitHubTeamsSettings
) -> list[str]:
    """A sentence for every two teams that share people. Raises BadInput where nothing says which is first."""
    above = {team.slug: team.above for team in order}

    def is_below(slug: str, other: str) -> bool:
        over = above.get(slug)
        return over is not None and (over == other or is_below(over, other))

    sentences, undecided = [], []
    for (first, second), count in sorted(shared.items()):
        if is_below(first, second):
            continue  # a member of a team is also one of the teams above it
        people = "1 person is" if count == 1 else f"{count} people are"
        if declared.order:
            sentences.append(
                f"github_teams: {people} in '{first}' and in '{second}'; their home is '{first}'"
            )
        else:
            undecided.append(
                f"github_teams.order: is missing, and {people} in '{first}' and in '{second}'; "
                "list the teams that count, the one that wins first"
            )
    if undecided:
        raise BadInput(undecided)
    return sentences


def _teams(client: Client, organisation: str) -> Iterator[Team]:
    page = PageSize(TEAMS_AT_ONCE)
    after: str | None = None
    while True:
        answer = client.graphql(document("teams"), {"organisation": organisation, "after": after}, page)
        organization = answer.data["organization"]
        if organization is None or organization.get("teams") is None:
            code = next(iter(answer.refused.values()), "not_found")
            raise Refused(
                f"{client.host} gives no teams of {organisation!r} to these credentials ({code}); check "
                "github_teams.organisation, and that the token may read the organisation (`read:org`)"
            )
        for payload in nodes(organization, "teams"):
            members = [*_members(client, organisation, payload)]
            accounts = [one for member in members if (one := account(member)) is not None]
            yield Team(payload["slug"], (payload["parentTeam"] or {}).get("slug"), tuple(accounts))
        info = organization["teams"]["pageInfo"]
        if not info["hasNextPage"]:
            return
        after = info["endCursor"]


def _members(client: Client, organisation: str, payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    connection = payload["members"]
    while True:
        yield from nodes({"it": connection}, "it")
        info = connection["pageInfo"]
        if not info["hasNextPage"]:
            return
        variables = {"organisation": organisation, "team": payload["slug"], "after": info["endCursor"]}
        answer = client.graphql(document("team_members"), variables)
        team = (answer.data["organization"] or {}).get("team")
        if team is None:
            raise PayloadBroken(f"{client.host} no longer gives the team {payload['slug']!r}; run again")
        connection = team["members"]
