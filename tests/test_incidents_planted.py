"""The pages in `planted/`: what happened in an incident tool, and all the evidence that follows of it.

Nothing is stood in for: the rows become an account in the sandbox, the connector reads it over HTTP, the
warehouse stores it, and the signals are computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from connectors.contract import Connector
from connectors.github.payloads import incidents_named
from connectors.incident_io.connector import IncidentIo
from connectors.incident_io.settings import IncidentIoSettings
from connectors.pagerduty.connector import PagerDuty
from connectors.pagerduty.settings import PagerDutySettings
from connectors.records import Account, Batch, Membership, PullRequest, Repository
from sandbox.app import Holding
from sandbox.incident_io import model as io
from sandbox.pagerduty import model as pd
from sandbox.server import Running, running
from sandbox.world import World
from signals.catalog import load_catalog
from signals.run import refresh
from warehouse.ledger import close_books, differences
from warehouse.people import enrol
from warehouse.store import Store
from warehouse.vault import Vault

PAGES = Path(__file__).parent / "planted"
TODAY = date(2026, 11, 22)
SINCE = date(2026, 1, 1)
PEOPLE = ("ada", "ben", "cleo")
CATALOG = load_catalog()
EVERYBODYS = {"incidents_at_all"}
"""Opportunities that only prepare others, and are left out of the pages."""


@dataclass
class Example:
    page: str
    title: str
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def rows(self, name: str) -> list[dict[str, str]]:
        return self.tables.get(name, [])


def examples() -> Iterator[Example]:
    for path in sorted(PAGES.glob("*.md")):
        for section in re.split(r"^## ", path.read_text(), flags=re.M)[1:]:
            example = Example(path.stem, section.partition("\n")[0])
            for name, below in re.findall(r"^`([^`]+)`(?:: none)?\n((?:\n|\|.*\n?)*)", section, flags=re.M):
                lines = [
                    [cell.strip() for cell in line.strip().strip("|").split("|")]
                    for line in below.splitlines()
                    if line.startswith("|")
                ]
                example.tables[name] = [dict(zip(lines[0], row, strict=True)) for row in lines[2:]]
            yield example


EXAMPLES = list(examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.page}: {one.title}" for one in EXAMPLES])
def test_what_was_planted_is_the_evidence_that_follows(example: Example, tmp_path: Path) -> None:
    holding = Holding(World())
    PLANT[example.page](holding, example)
    with running(holding) as server:
        connectors = [connect(server) for connect in CONNECT[example.page]]
        found = read_and_computed(connectors, example, tmp_path)
    assert found["evidence"] == {tuple(row.values()) for row in example.rows("evidence")}
    for name in ("shifts", "opportunities", "resolved", "steps"):
        if name in example.tables:
            assert found[name] == {tuple(row.values()) for row in example.rows(name)}


def test_the_pages_cover_every_signal_about_incidents_and_shifts() -> None:
    shown = {row["signal"] for example in EXAMPLES for row in example.rows("evidence")}
    tied = {row["signal"] for example in EXAMPLES for row in example.rows("steps")}
    about = {
        name for name, signal in CATALOG.items() if {"incident_actions", "oncall_shifts"} & {*signal.reads}
    }
    assert {name for name in about if CATALOG[name].kind == "evidence"} <= shown
    assert {signal.signal for signal in CATALOG.of_kind("step")} == tied


# --- the whole way ------------------------------------------------------------------------------------


def read_and_computed(
    connectors: Sequence[Connector], example: Example, folder: Path
) -> dict[str, set[tuple[str, ...]]]:
    vault, store = Vault(folder / "vault.duckdb"), Store(folder / "warehouse.duckdb")
    try:
        sources = [connector.source for connector in connectors]
        enrol(store, vault, [member(name, sources) for name in PEOPLE], TODAY)
        pulls = [pull_request(row) for row in example.rows("pull requests")]
        repository = Repository("R1", "acme/engine", "https://github.example/acme/engine")
        store.write("github", "acme/engine", [Batch((repository, *pulls), "")], vault)
        for connector in connectors:
            (scope,) = connector.scopes()
            store.write(connector.source, scope, list(connector.fetch(scope, None)), vault)
            listed = list(connector.inventory(scope))
            assert differences(store, connector.source, scope, listed) == []
            span = (SINCE, TODAY)
            assert (
                close_books(store, connector.source, scope, listed, [], [], span, was_read_completely=True)
                == []
            )
        refresh(store.con, CATALOG)
        return answers(store, vault, sources)
    finally:
        store.close()


def answers(store: Store, vault: Vault, sources: Sequence[str]) -> dict[str, set[tuple[str, ...]]]:
    # rows hold the id of the account, and evidence that of the person
    names: dict[str | None, str] = {person(vault, name, sources[0]): name for name in PEOPLE}
    names |= {vault.own_id_of(account(name, source)): name for name in PEOPLE for source in sources}

    def asked(sql: str) -> set[tuple[str, ...]]:
        rows = store.con.execute(sql).fetchall()
        return {tuple(names.get(str(value), str(value)) for value in row) for row in rows}

    called = "coalesce(repository || '#' || number, source_id)"
    pulls = "(select 'acme/engine' as repository, pull_request_id, number from pull_requests)"
    quiet = ", ".join(f"'{name}'" for name in (*EVERYBODYS, "merged_work", "team_pull_requests_open"))
    return {
        "evidence": asked(
            f"select signal, person_id, occurred_on, {called} from evidence "
            f"left join {pulls} on source_kind = 'pull_request' and pull_request_id = source_id "
            "where signal like 'incident%' or signal in ('oncall_shifts', 'postmortems')"
        ),
        "opportunities": asked(
            "select signal, person_id, occurred_on from opportunities "
            f"where signal not in ({quiet}) and (signal like 'incident%' or signal = 'enrolled_on_rota')"
        ),
        "shifts": asked("select shift_id, person_id, starts_on, ends_on from oncall_shifts"),
        "steps": asked(
            f"select signal, person_id, occurred_on, {called}, incident_id from steps "
            f"left join {pulls} on source_kind = 'pull_request' and pull_request_id = source_id"
        ),
        "resolved": asked("select incident_id, resolved_on from incidents where resolved_on is not null"),
    }


def person(vault: Vault, name: str, source: str) -> str:
    found = vault.person_of(account(name, source))
    assert found is not None
    return found


def account(name: str, source: str) -> Account:
    return Account(source, f"U{name.upper()}", f"U{name.upper()}")


def member(name: str, sources: Sequence[str]) -> Membership:
    github = Account("github", f"U_{name}", name)
    return Membership(
        github, tuple(account(name, source) for source in sources), "search", None, SINCE, None, "ic1"
    )


def pull_request(row: dict[str, str]) -> PullRequest:
    merged_on = date.fromisoformat(row["merged"])
    return PullRequest(
        pull_request_id=f"PR_{row['number']}", repository_id="R1", number=int(row["number"]),
        author=Account("github", f"U_{row['author']}", row["author"]), state="merged", is_draft=False,
        created_on=merged_on, merged_on=merged_on, closed_on=merged_on, touches_code=True,
        touches_tests=False, touches_docs=False, touches_experiments=False, touches_designs=False,
        is_generated_only=False, is_backport=False, is_revert=False, has_description=bool(row["body"]),
        has_context=False, size_band="small", closes_issue_ids=(), commits=(), reviews=(), threads=(),
        comments=(), reviews_total=0, reviews_left_out=0, threads_total=0, review_comments_total=0,
        comments_total=0, incident_references=incidents_named(row["body"]),
    )  # fmt: skip


# --- PagerDuty ----------------------------------------------------------------------------------------


def plant_pagerduty(holding: Holding, example: Example) -> None:
    account_ = holding.pagerduty
    users = {name: pd.User(f"U{name.upper()}", name, f"{name}@tidewater.example") for name in PEOPLE}
    team = pd.Team("PT1", "search", list(users.values()))
    schedules = {name: pd.Schedule(name, name, "UTC", team) for name in ("rota", "web-rota")}
    policies = [
        pd.EscalationPolicy(f"PE{name}", name, schedule, team) for name, schedule in schedules.items()
    ]
    services = {
        name: pd.Service(name, name, policy) for name, policy in zip(("api", "web"), policies, strict=True)
    }
    account_.users += users.values()
    account_.teams.append(team)
    account_.schedules += schedules.values()
    account_.policies += policies
    account_.services += services.values()
    for row in example.rows("rota"):
        schedule = schedules[row["schedule"]]
        shift = pd.Shift(moment(row["start"]), moment(row["end"]), users[row["who"]])
        (schedule.shifts if row["layer"] == "rotation" else schedule.overrides).append(shift)
    incidents: dict[str, pd.Incident] = {}
    for row in example.rows("log"):
        _log_row(row, incidents, users, services[row.get("service") or "api"])
    account_.incidents += sorted(incidents.values(), key=lambda one: one.created_at)


def _log_row(
    row: dict[str, str], incidents: dict[str, pd.Incident], users: dict[str, pd.User], service: pd.Service
) -> None:
    at, who = moment(row["at"]), users.get(row["who"])
    known = incidents.get(row["incident"])
    found = known or pd.Incident(row["incident"], len(incidents) + 1, "Queue is not drained", at, service)
    incidents[row["incident"]] = found
    what, _, into = row["what"].partition(" into ")
    match what:
        case "asked" | "joined":
            assert who is not None
            asked = [one for one in found.responders if one.user is who]
            if not asked:
                found.responders.append(pd.Responder(who, who, at))
            else:
                asked[0].joined_at = at
        case _:
            number = sum(len(one.entries) for one in incidents.values())
            kind = f"{what}_log_entry"
            called = tuple(users[name] for name in row.get("called", "").split(", ") if name in users)
            entry = pd.LogEntry(f"R{number}", kind, at, who, row["channel"], row.get("text", ""), called)
            found.entries.append(entry)
    if into:
        found.merged_into = incidents[into]


# --- incident.io --------------------------------------------------------------------------------------


def plant_incident_io(holding: Holding, example: Example) -> None:
    users = {name: io.User(f"U{name.upper()}", name, f"{name}@tidewater.example") for name in PEOPLE}
    incidents: dict[str, io.Incident] = {}
    for nth, row in enumerate(example.rows("happened")):
        at, who, detail = moment(row["at"]), users.get(row["who"]), row["detail"]
        key, number = row["incident"], int(row["incident"])
        what, _, to = row["what"].partition(" to ")
        match what.split(" into ")[0]:
            case "declare":
                mode = detail or "standard"
                incidents[key] = io.Incident(key, number, "Queue is not drained", at, who, mode)
                incidents[key].updates.append(io.Update(f"N{nth}", at, who, "live"))
            case "role":
                held = incidents[key].holders().get(detail)
                incidents[key].roles.append(io.RoleChange(f"N{nth}", at, detail, who, held))
            case "page":
                incidents[key].escalations.append(io.Escalation(f"N{nth}", at, [who] if who else []))
            case "acknowledge":
                incidents[key].acknowledgements.append(io.Acknowledgement(f"N{nth}", at, who))
            case "update":
                status = to or incidents[key].status
                incidents[key].updates.append(io.Update(f"N{nth}", at, who, status, detail or None))
            case "merge":
                into = incidents[what.split(" into ")[1]]
                incidents[key].updates.append(io.Update(f"N{nth}", at, who, "merged", None, into))
            case "follow-up":
                state, _, done = detail.partition(" ")
                done_at = moment(done) if done else None
                incidents[key].follow_ups.append(io.FollowUp(f"N{nth}", at, who, state, done_at))
            case "postmortem":
                assert who is not None
                incidents[key].postmortems.append(io.Postmortem(f"N{nth}", at, [who]))
            case "attach" if not detail.startswith("https://"):
                incidents[key].pagerduty_ids.append(detail)
            case "attach":
                incidents[key].pull_requests.append(detail)
    holding.incident_io.incidents += incidents.values()
    schedules: dict[str, io.Schedule] = {}
    for row in example.rows("schedules"):
        one = schedules.setdefault(row["schedule"], io.Schedule(row["schedule"], row["schedule"]))
        shift = io.Shift(moment(row["start"]), moment(row["end"]), users.get(row["who"]), row["rotation"])
        (one.overrides if row["layer"] == "override" else one.shifts).append(shift)
    holding.incident_io.schedules += schedules.values()


def plant_two_tools(holding: Holding, example: Example) -> None:
    plant_pagerduty(holding, example)
    plant_incident_io(holding, example)


def moment(text: str) -> str:
    """`2026-10-26 09:00 Europe/Berlin`, in UTC where no zone stands behind it, as the APIs write it."""
    day, hour, *zone = text.split()
    local = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZoneInfo(zone[0]) if zone else UTC)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pagerduty(server: Running) -> Connector:
    settings = PagerDutySettings(base_url=server.pagerduty, since=SINCE, token=SecretStr("sandbox-pagerduty"))
    return PagerDuty(settings, TODAY)


def incident_io(server: Running) -> Connector:
    settings = IncidentIoSettings(
        base_url=f"{server.base}/incident-io", since=SINCE, token=SecretStr("sandbox-incident-io")
    )
    return IncidentIo(settings, datetime(2026, 11, 22, 12, tzinfo=UTC))


PLANT: dict[str, Callable[[Holding, Example], None]] = {
    "pagerduty": plant_pagerduty,
    "incident_io": plant_incident_io,
    "two_tools": plant_two_tools,
}
CONNECT: dict[str, tuple[Callable[[Running], Connector], ...]] = {
    "pagerduty": (pagerduty,),
    "incident_io": (incident_io,),
    "two_tools": (pagerduty, incident_io),
}
