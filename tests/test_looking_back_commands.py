"""What may be asked about: an item, or a link that a report shows; and only days that have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import cli
from connectors.errors import BadInput
from people.own_report import items_about

LINK = "https://github.example/acme/api/pull/7"


def test_a_link_is_found_in_every_item_that_shows_it_also_beside_the_rule() -> None:
    body = {"items": [item("tested", LINK, None), item("learns", None, LINK), item("ships", None, None)]}
    assert [each["item"] for each in items_about(body, LINK)] == ["tested", "learns"]
    assert [each["item"] for each in items_about(body, "ships")] == ["ships"]


def test_what_is_neither_item_nor_link_is_answered_with_the_nearest_item() -> None:
    with pytest.raises(BadInput) as error:
        items_about({"items": [item("learns", None, None)]}, "learn")
    assert error.value.mistakes == [
        "no item and no evidence of yours is named 'learn'; did you mean 'learns'?"
    ]


@pytest.mark.parametrize("command", [["me", "--as-of"], ["explain", "level-scope", "--since"]])
def test_nobody_looks_back_from_a_day_that_has_not_come(command: list[str]) -> None:
    later = datetime.now(UTC).date() + timedelta(days=3)
    ran = CliRunner().invoke(cli, [*command, later.isoformat()])
    assert ran.exit_code == 2
    assert f"{later} has not come yet" in ran.output


def item(name: str, url: str | None, beside: str | None) -> dict[str, Any]:
    rows = [[{"url": each}] if each else [] for each in (url, beside)]
    return {"item": name, "evidence": rows[0], "beside": {"evidence": rows[1]}}
