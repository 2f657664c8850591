"""Who may ask for what: the table has every function of `app`, and nobody without the role is let in."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from pydantic import SecretStr

import app
from app.request import OPERATOR, Asker
from app.roles import ENROLLED, WHO_MAY, Role, checked, roles_of
from config.recorded_settings import RecordedSettings
from config.settings import Settings
from connectors.errors import BadInput, Refused
from connectors.records import Account
from people.access_log import windows_reported

FOLDER = Path(app.__file__).parent
BEFORE_A_WISH = {"request", "roles"}
"""Modules in which nobody asks for anything yet."""
ARGUMENTS: dict[str, Any] = {
    "account": "github:ada",
    "action": "locked",
    "anchor": None,
    "as_of": date(2026, 9, 30),
    "because": "complaint",
    "catalog": {},
    "changed": (),
    "contest_id": "0",
    "days": 7,
    "decision": "upheld",
    "dry_run": True,
    "files_of": lambda _: {},
    "first": date(2026, 7, 1),
    "item": "item",
    "items": ("item",),
    "last": date(2026, 7, 2),
    "leave": True,
    "max_age": timedelta(hours=26),
    "name": "ada",
    "new": None,
    "reader": "ada",
    "rubric": None,
    "secret": "0",
    "share_id": "0",
    "since": None,
    "statement": "from answers",
    "team": "search",
    "teams": (),
    "text": "hello",
    "to": Path("nowhere"),
    "weak": False,
    "window": "2026Q3",
    "with_notes": False,
    "although": False,
}


def test_every_function_of_app_is_in_the_table_and_nothing_else_is() -> None:
    public = {
        f"{module}.{name}"
        for module in modules()
        for name, function in inspect.getmembers(importlib.import_module(f"app.{module}"), inspect.isfunction)
        if function.__module__ == f"app.{module}" and not name.startswith("_")
    }
    assert public == set(WHO_MAY)


@pytest.mark.parametrize("wish", WHO_MAY)
def test_nobody_without_the_role_is_let_in(wish: str, tmp_path: Path) -> None:
    """Refused before anything is looked at: there is no home behind these settings."""
    for role, asker in askers().items():
        if roles_of(settings_in(tmp_path), asker).intersection(WHO_MAY[wish]):
            continue
        with pytest.raises(Refused) as refusal:
            called(wish, settings_in(tmp_path), asker)
        assert refusal.traceback[-1].name == "check", f"{wish} for {role}"


@pytest.mark.parametrize("wish", WHO_MAY)
def test_whoever_has_the_role_is_not_turned_away_at_the_door(wish: str, tmp_path: Path) -> None:
    for role in WHO_MAY[wish]:
        raised: list[BaseException] = []
        try:
            called(wish, settings_in(tmp_path), askers()[role])
        except Exception as error:
            raised.append(error)
        for error in raised:
            raised_in = {entry.name for entry in pytest.ExceptionInfo.from_exception(error).traceback}
            assert "check" not in raised_in, f"{wish} for {role}: {error}"


def test_logins_of_roles_are_compared_without_regard_to_case(tmp_path: Path) -> None:
    named = roles_of(settings_in(tmp_path), Asker(Account("github", "U9", "OLGA"), None, None))
    assert named == {"anybody", "officer"}


def test_without_resolvers_in_the_settings_it_is_said_whom_to_name(tmp_path: Path) -> None:
    nobody = RecordedSettings(settings_in(tmp_path).model_copy(update={"resolvers": ()}))
    with pytest.raises(BadInput, match="nobody is named who decides contests"):
        called("contests.list_contests", nobody, askers()["resolver"])


def test_a_wish_is_added_as_a_function_and_a_row_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def own_quarters(settings: RecordedSettings, asker: Asker) -> list[str]:
        return windows_reported(settings, asker.person_id)

    own_quarters.__module__ = "app.quarters"
    with pytest.raises(KeyError, match="own_quarters"):
        checked(own_quarters)
    monkeypatch.setitem(cast(dict[str, Any], WHO_MAY), "quarters.own_quarters", ENROLLED)
    wish = checked(own_quarters)
    assert wish(settings_in(tmp_path), askers()["enrolled"]) == []
    with pytest.raises(Refused):
        wish(settings_in(tmp_path), askers()["anybody"])


# --- builders ---


def modules() -> Iterator[str]:
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in BEFORE_A_WISH | {"__init__"}:
            yield path.stem


def settings_in(folder: Path) -> RecordedSettings:
    roles = {"officers": ("olga",), "resolvers": ("rita",), "keepers": ("kim",)}
    return RecordedSettings(Settings(roster=folder / "roster.csv", home=folder / "home", **roles))


def askers() -> dict[Role, Asker]:
    """Somebody with each role, and with no other but that of anybody."""

    def somebody(login: str, known_as: str | None = None) -> Asker:
        return Asker(Account("github", login.upper(), login), known_as, SecretStr("a token"))

    found: dict[Role, Asker] = {
        "anybody": somebody("ada"),
        "enrolled": somebody("ben", "b" * 32),
        "resolver": somebody("rita"),
        "officer": somebody("olga"),
        "keeper": somebody("kim"),
        "operator": OPERATOR,
    }
    assert set(found) == {*get_args(Role)}
    return found


def called(wish: str, settings: RecordedSettings, asker: Asker) -> object:
    module, name = wish.split(".")
    function: Callable[..., object] = getattr(importlib.import_module(f"app.{module}"), name)
    parameters = [*inspect.signature(function).parameters.values()][2:]
    given = {each.name: ARGUMENTS[each.name] for each in parameters}
    return function(settings, asker, **given)
