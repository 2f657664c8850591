"""A PagerDuty account with 20,000 incidents, read whole and again: requests, memory, and whether all came.

    .venv/bin/python benchmarks/incidents_scale.py [--incidents 20000]

The account is served by the sandbox in a process of its own, with PagerDuty's pages of 100, its wall of
10,000 results and its 180 days. Another process reads it as a night does: connector, warehouse, counting and
evidence. Then a day passes, and it reads again; then nothing happens, and it reads a third time; then an
empty home reads everything, and has to hold what the first one holds. "least" are the pages of 100 that hold
every incident and every log entry once, a page of schedules for each quarter, and one of escalation policies.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sandbox.pagerduty.model import (
    EscalationPolicy,
    Incident,
    LogEntry,
    PagerDuty,
    Responder,
    Schedule,
    Service,
    Shift,
    Team,
    User,
)

SINCE, TODAY = date(2025, 7, 1), date(2026, 9, 30)
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
PEOPLE, SCHEDULES, SERVICES = 300, 40, 200


def account(incidents: int, until: date) -> PagerDuty:
    """So many incidents from `SINCE` to the end of `until`, each with the entries of an ordinary one."""
    random = Random(7)  # noqa: S311  no secret
    users = [User(f"PU{n:05d}", f"Person {n}", f"p{n}@tidewater.example") for n in range(PEOPLE)]
    teams = [Team(f"PT{n:05d}", f"team {n}", users[n::SCHEDULES]) for n in range(SCHEDULES)]
    schedules = [Schedule(f"PS{n:05d}", f"rota {n}", "UTC", team) for n, team in enumerate(teams)]
    policies = [
        EscalationPolicy(f"PE{n:05d}", f"policy {n}", one, one.team) for n, one in enumerate(schedules)
    ]
    services = [Service(f"PV{n:05d}", f"service {n}", policies[n % SCHEDULES]) for n in range(SERVICES)]
    for schedule in schedules:
        day = SINCE - timedelta(days=SINCE.weekday())
        while day <= TODAY:
            user = schedule.team.members[day.toordinal() // 7 % len(schedule.team.members)]
            end = day + timedelta(days=7)
            schedule.shifts.append(Shift(f"{day}T09:00:00Z", f"{end}T09:00:00Z", user))
            day = end
    held = PagerDuty(users, teams, schedules, policies, services)
    start = datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC)
    step = timedelta(seconds=int((TODAY + timedelta(days=1) - SINCE).total_seconds() / incidents))
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    for number in range(incidents):
        opened = start + step * number
        if opened >= end:
            break
        held.incidents.append(_incident(random, number, opened, end, services))
    return held


def _incident(
    random: Random, number: int, opened: datetime, end: datetime, services: list[Service]
) -> Incident:
    service = services[random.randrange(SERVICES)]
    holder, helper = random.sample(service.policy.team.members, 2)
    found = Incident(f"Q{number:011d}", number + 1, "Queue is not drained", opened.strftime(FORMAT), service)
    days = random.choice((0, 0, 0, 1, 3, 40))  # some are still talked about weeks later
    for minutes, what, who, channel in (
        (0, "trigger", None, "api"),
        (0, "assign", None, "auto"),
        (1, "notify", None, "auto"),
        (random.randrange(2, 15), "acknowledge", holder, "mobile"),
        (20, "annotate", helper, "web_ui"),
        (60 + days * 1440, "resolve", holder, "web_ui"),
    ):
        at = opened + timedelta(minutes=minutes)
        if at < end:
            key = f"R{number:08d}{len(found.entries)}"
            found.entries.append(
                LogEntry(key, f"{what}_log_entry", at.strftime(FORMAT), who, channel, "looking")
            )
    if random.random() < 0.3:
        asked = (opened + timedelta(minutes=16)).strftime(FORMAT)
        found.responders.append(Responder(helper, holder, asked, asked))
    return found


# --- the account, in a process of its own ---------------------------------------------------------------


def serve(incidents: int) -> None:
    """Answers until its input ends; each line of input moves the account to that day."""
    from sandbox.app import Holding
    from sandbox.server import running
    from sandbox.world import World

    holding = Holding(World(), account(incidents, TODAY - timedelta(days=1)))
    with running(holding) as server:
        print(server.pagerduty, flush=True)
        for line in sys.stdin:
            moved = account(incidents, date.fromisoformat(line.strip()))
            holding.pagerduty.incidents[:] = moved.incidents
            print(len(moved.incidents), sum(len(one.entries) for one in moved.incidents), flush=True)


# --- one night, in a process of its own -------------------------------------------------------------------


def night(base_url: str, home: Path, today: date) -> None:
    """Reads, reconciles and computes; prints what it cost."""
    from pydantic import SecretStr

    from connectors.pagerduty.connector import PagerDuty as Connector
    from connectors.pagerduty.settings import PagerDutySettings
    from flows.collect import ROOTS_A_WRITE
    from signals.catalog import load_catalog
    from signals.run import refresh
    from warehouse import ledger
    from warehouse.store import Store
    from warehouse.vault import Vault

    started = time.monotonic()
    token = SecretStr("sandbox-pagerduty")
    connector = Connector(PagerDutySettings(base_url=base_url, since=SINCE, token=token), today)
    store, vault = Store(home / "warehouse.duckdb"), Vault(home / "vault.duckdb")
    (scope,) = connector.scopes()
    waiting: list[Any] = []
    for batch in connector.fetch(scope, store.cursor("pagerduty", scope)):
        waiting.append(batch)
        if sum(len(one.roots) for one in waiting) >= ROOTS_A_WRITE:
            store.write("pagerduty", scope, waiting, vault)
            waiting = []
    store.write("pagerduty", scope, waiting, vault)
    told = connector.tally(scope)
    listed = None if told is None else ledger.as_listed(store, "pagerduty", scope, told)
    how = "counted" if listed is not None else "listed"
    listed = list(connector.inventory(scope)) if listed is None else listed
    found = ledger.differences(store, "pagerduty", scope, listed)
    read_seconds = time.monotonic() - started
    refresh(store.con, load_catalog())
    tables = ("incidents", "incident_actions", "oncall_shifts", "evidence")
    print(
        json.dumps(
            {table: store.count(table) for table in tables}
            | {
                "requests": connector.spent()[0],
                "differences": len(found),
                "how": how,
                "read_s": round(read_seconds, 1),
                "all_s": round(time.monotonic() - started, 1),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )
    store.close()


def main() -> None:
    asked = argparse.ArgumentParser(description="PagerDuty at scale")
    asked.add_argument("--incidents", type=int, default=20_000)
    asked.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked.add_argument("--night", nargs=3, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.serve:
        serve(options.incidents)
    elif options.night:
        night(options.night[0], Path(options.night[1]), date.fromisoformat(options.night[2]))
    else:
        compare(options.incidents)


def compare(wanted: int) -> None:
    """Four nights, and what has to be true of them."""
    this = [sys.executable, __file__, "--incidents", str(wanted)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen([*this, "--serve"], stdin=pipe, stdout=pipe, text=True) as served,
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as empty,
    ):
        assert served.stdin is not None
        assert served.stdout is not None
        base_url = served.stdout.readline().strip()
        nights: list[dict[str, Any]] = []
        for name, day, where in (
            ("first night", TODAY - timedelta(days=1), home),
            ("a day later", TODAY, home),
            ("nothing new", TODAY, home),
            ("empty home", TODAY, empty),
        ):
            served.stdin.write(f"{day}\n")
            served.stdin.flush()
            incidents, entries = map(int, served.stdout.readline().split())
            ran = subprocess.run(
                [*this, "--night", base_url, where, str(day)], stdout=pipe, text=True, check=True
            )
            told = json.loads(ran.stdout) | {"name": name}
            if name in ("first night", "empty home"):
                told["least"] = math.ceil(incidents / 100) + math.ceil(entries / 100) + 5 + 1
            assert told["incidents"] == incidents, told
            assert told["differences"] == 0, told
            print(f"{name}: {incidents} incidents, {entries} log entries: {json.dumps(told)}", flush=True)
            nights.append(told)
        served.stdin.close()
    kept = ("incidents", "incident_actions", "oncall_shifts", "evidence")
    assert [nights[2][table] for table in kept] == [nights[3][table] for table in kept]


if __name__ == "__main__":
    main()
