"""Who may do what: one table, and the one check that goes by it.

A role says who may call a function at all. What it shows them is then their own, or what the function says:
a resolver decides no contest of their own or of somebody they manage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar

from app.request import UNKNOWN, Asker
from config.settings import Settings
from connectors.errors import BadInput, Refused

Role = Literal["anybody", "enrolled", "resolver", "officer", "keeper", "operator"]

ANYBODY: tuple[Role, ...] = ("anybody",)
"""Whoever has proven to hold a GitHub account."""
ENROLLED: tuple[Role, ...] = ("enrolled",)
"""Whom the vault knows; for what is their own."""
RESOLVER: tuple[Role, ...] = ("resolver",)
OFFICER: tuple[Role, ...] = ("officer",)
KEEPER: tuple[Role, ...] = ("keeper",)
OPERATOR: tuple[Role, ...] = ("operator",)
"""Whoever can read the files of the home. A team's manager reads what the operator gives them."""

WHO_MAY: Mapping[str, tuple[Role, ...]] = {
    "break_glass.accept_broken_log": OFFICER,
    "break_glass.break_glass": OFFICER,
    "contests.decide_contest": RESOLVER,
    "contests.list_contests": RESOLVER,
    "contests.open_contest": ENROLLED,
    "contests.take_back_contest": ENROLLED,
    "delivery.deliver_reports": OPERATOR,
    "delivery.own_delivery": ENROLLED,
    "export.access_log": ENROLLED,
    "export.export_everything": ENROLLED,
    "leave.change_leave": ENROLLED,
    "leave.days_left_out": ENROLLED,
    "links.everybodys_log": KEEPER,
    "links.link_accounts": ENROLLED + KEEPER,
    "links.lock_account": ENROLLED + KEEPER,
    "links.own_log": ENROLLED,
    "links.suggest_links": ENROLLED + KEEPER,
    "links.unlink_account": ENROLLED + KEEPER,
    "notes.delete_note": ENROLLED,
    "notes.write_note": ENROLLED,
    "opting_out.opt_in": ENROLLED,
    "opting_out.opt_out": ENROLLED,
    "published.query_releases": OPERATOR,
    "published.verify_log": OPERATOR,
    "published.verify_published": OPERATOR,
    "published.withdraw_item": OPERATOR,
    "reports.explain_items": ENROLLED,
    "reports.last_night": OPERATOR,
    "reports.organisation_reports": OPERATOR,
    "reports.own_report": ENROLLED,
    "reports.own_report_as_of": ENROLLED,
    "reports.team_report": OPERATOR,
    "reports.team_reports": OPERATOR,
    "rubric_impact.band_changes": OPERATOR,
    "sharing.end_share": ENROLLED,
    "sharing.list_shares": ENROLLED,
    "sharing.make_share": ENROLLED,
    "sharing.open_share": ANYBODY,
}

_REFUSALS: Mapping[Role, str] = {
    "anybody": "prove first who you are",
    "enrolled": UNKNOWN,
    "resolver": "the settings do not name the account of this token as one that decides contests",
    "officer": "only a privacy officer may; list their logins under `officers:` in the settings",
    "keeper": "only a keeper may read everybody's; see `keepers` in the settings",
    "operator": "only whoever runs Sightline may, where it runs",
}

SettingsT = TypeVar("SettingsT", bound=Settings)
P = ParamSpec("P")
R = TypeVar("R")


def checked(
    function: Callable[Concatenate[SettingsT, Asker, P], R],
) -> Callable[Concatenate[SettingsT, Asker, P], R]:
    """A function of this room that refuses whoever has none of its roles."""
    allowed = WHO_MAY[f"{function.__module__.removeprefix('app.')}.{function.__name__}"]

    @wraps(function)
    def only_for_some(settings: SettingsT, asker: Asker, /, *args: P.args, **named: P.kwargs) -> R:
        check(allowed, settings, asker)
        return function(settings, asker, *args, **named)

    return only_for_some


def check(allowed: tuple[Role, ...], settings: Settings, asker: Asker) -> None:
    """Nothing, for somebody with one of these roles. Raises Refused; BadInput where nobody can have it."""
    if not roles_of(settings, asker).intersection(allowed):
        if allowed == RESOLVER and not settings.resolvers:
            raise BadInput(
                ["nobody is named who decides contests; list logins under `resolvers:` in the settings"]
            )
        raise Refused(_REFUSALS[allowed[0]])


def roles_of(settings: Settings, asker: Asker) -> set[Role]:
    """Every role of whoever asks. Whom the settings name, they name by login."""
    if asker.account is None:
        return {"operator"}
    named: Mapping[Role, tuple[str, ...]] = {
        "resolver": settings.resolvers,
        "officer": settings.officers,
        "keeper": settings.keepers,
    }
    login = asker.account.login.casefold()
    roles: set[Role] = {"anybody"}
    roles.update(role for role, logins in named.items() if login in map(str.casefold, logins))
    if asker.known_as:
        roles.add("enrolled")
    return roles
