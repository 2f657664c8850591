"""Makes a home with the code of one commit, and packs it, so that upgrades from that version can be tested.

Drives the command line of a checkout that has its own `.venv`, and imports nothing of Sightline, so it works
with earlier and later versions alike:

    git worktree add /opt/sightline 392bf33
    make -C /opt/sightline .venv/ready
    python tests/homes/make_home.py /opt/sightline tests/homes/first-version.tar.xz

That is how `first-version.tar.xz` was made, on 2026-11-30 with Python 3.11. Reports hold the path of the
checkout, so it stood in /opt. Whatever readers decide is dated with the day on which this is run, and so is
the last night. `facts.json` in the archive says who did what. Everybody in it is generated.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import lzma
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SEED = "first"
SIZES = {"teams": 2, "people": 12, "repositories": 2}
SINCE = "2026-04-01"
NIGHTS = ("2026-07-20", "2026-10-20")
"""Before the one of today. All read the organisation of today: its clock is the machine's, and what happened
behind the bookmarks of an earlier night would not be listed as changed."""
QUARTERS = 3
WINDOW = "2026Q3"
NOTE = "Done together with the other team."
LEAVE = ("2026-08-01", "2026-09-20")
ROLES = ("notes and shares", "contests", "contested before", "opts out", "is on leave", "is linked")


def main() -> None:
    """Makes the home in a folder of its own and writes the archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("archive", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="home-") as temporary:
        folder = Path(temporary)
        facts = Making(options.checkout.resolve(), folder).run()
        (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
        pack(folder, options.archive)
    sys.stdout.write(f"{options.archive}: {options.archive.stat().st_size:,} bytes\n")


class Making:
    """One checkout, and the folder that its home is made in."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout, self.folder = checkout, folder
        self.today = datetime.now(UTC).date().isoformat()

    def run(self) -> dict[str, Any]:
        """Nights over three quarters, and between them what readers decide. Returns who did what."""
        with self.sandbox() as addresses:
            self.write_inputs(addresses)
            for day in NIGHTS:
                self.sightline("nightly", "--as-of", day)
            self.amend()
            self.sightline("nightly", "--as-of", self.today)
            facts = self.decide()
            self.write_inputs(addresses, without=facts["erased"])
            self.sightline("nightly", "--as-of", self.today)
        self.sightline("privacy", "audit", "verify")
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=self.checkout, text=True).strip()
        made = {"commit": commit, "seed": SEED, "sizes": SIZES, "quarters": QUARTERS, "since": SINCE}
        return made | {"as_of": self.today, "window": WINDOW} | facts

    @contextlib.contextmanager
    def sandbox(self) -> Iterator[dict[str, Any]]:
        """The organisation as it stands at the end of today."""
        sizes = [word for name, size in SIZES.items() for word in (f"--{name}", str(size))]
        flags = ["--organisation", SEED, "--until", self.today, "--quarters", str(QUARTERS), *sizes]
        command = [self.checkout / ".venv" / "bin" / "sightline", "sandbox", *flags]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()
            server.wait()

    def write_inputs(self, addresses: dict[str, Any], without: str = "") -> None:
        """Roster and settings: one person's PagerDuty account is left to be linked by hand."""
        with urllib.request.urlopen(addresses["roster"]) as answer:
            rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
        here = current(rows)
        self.roles = dict(zip(ROLES, here, strict=False))
        self.account = next(row["pagerduty_id"] for row in rows if row["login"] == self.roles["is linked"])
        self.manager = next(row["manager"] for row in rows if row["login"] == here[0])
        self.answerable = next(row["manager"] for row in rows if row["manager"] != self.manager)
        gone = [
            row["login"]
            for row in rows
            if "2026-07-01" <= row["until"] < "2026-10-01" and row["login"] not in here
        ]
        self.erased = gone[-1] if gone else ""
        kept = [
            row | ({"pagerduty_id": ""} if row["login"] == self.roles["is linked"] else {})
            for row in rows
            if row["login"] != without
        ]
        with (self.folder / "roster.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        organisation = addresses["organization"]
        agreement = "agreement: agreement.yaml\n" if (self.folder / "agreement.yaml").exists() else ""
        (self.folder / "sightline.yaml").write_text(
            f"home: home\nroster: roster.csv\n{agreement}"
            f"resolvers: [{self.answerable}]\nkeepers: [{self.answerable}]\n"
            f"github:\n  base_url: {addresses['github']['base_url']}\n  organisations: [{organisation}]\n"
            f"  since: {SINCE}\n"
            f"github_incidents:\n  repositories: [{organisation}/operations]\n"
            f"pagerduty:\n  base_url: {addresses['pagerduty']['base_url']}\n  since: {SINCE}\n"
        )

    def amend(self) -> None:
        """Agrees on keeping evidence for longer, with two signatures."""
        shipped = (self.checkout / "agreement.yaml").read_text()
        amended = re.sub(r"evidence_months: \d+", "evidence_months: 18", shipped)
        path = self.folder / "agreement.yaml"
        path.write_text(amended)
        settings = self.folder / "sightline.yaml"
        settings.write_text(
            settings.read_text().replace("resolvers:", "agreement: agreement.yaml\nresolvers:")
        )
        lines = [
            self.sightline("privacy", "agreement", "sign", "--by", name).splitlines()[-1]
            for name in ("The Operator", "The Works Council")
        ]
        path.write_text("\n".join([amended.rstrip(), "approved:", *lines, ""]))

    def decide(self) -> dict[str, Any]:
        """What readers leave behind. Returns who did what."""
        window = ("--window", WINDOW)
        writer, contesting, decided, out, absent, linked = (self.roles[role] for role in ROLES)
        noted, shared = self.seen(writer)[0], self.seen(writer, ())[0]
        contested, was_contested = self.seen(contesting)[0], self.seen(decided)[0]
        self.sightline("me", "note", noted, NOTE, *window, by=writer)
        self.sightline("me", "share", shared, "--with", self.manager, "--days", "30", by=writer)
        self.sightline("me", "contest", contested, "--because", "not-me", *window, by=contesting)
        self.sightline("me", "contest", was_contested, "--because", "wrong-item", *window, by=decided)
        listed = json.loads(self.sightline("contests", "list", "--format", "json", by=self.answerable))
        contest = next(row["contest"] for row in listed["contests"] if row["login"] == decided)
        self.sightline("contests", "resolve", contest, "--upheld", by=self.answerable)
        self.sightline("me", "opt-out", by=out)
        self.sightline("me", "leave", *LEAVE, by=absent)
        self.sightline("people", "link", f"pagerduty:{self.account}", f"github:{linked}", by=self.answerable)
        self.sightline("privacy", "erase", self.erased, "--yes")
        return {
            "roles": self.roles,
            "manager": self.manager,
            "answerable": self.answerable,
            "erased": self.erased,
            "linked_account": self.account,
            "noted": noted,
            "note": NOTE,
            "shared": shared,
            "contested": contested,
            "contested_before": was_contested,
            "leave": LEAVE,
        }

    def seen(self, login: str, window: Sequence[str] = ("--window", WINDOW)) -> list[str]:
        """The items that somebody's report calls seen, by name."""
        report = json.loads(self.sightline("me", "--format", "json", *window, by=login))
        return [item["item"] for item in report["items"] if item["state"] == "seen"]

    def sightline(self, *arguments: str, by: str = "") -> str:
        """What a command printed, run by the operator or by this person. Ends where it does not go well."""
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "SIGHTLINE_"))
        }
        done = subprocess.run(
            [self.checkout / ".venv" / "bin" / "sightline", *arguments],
            cwd=self.folder,
            env=variables
            | {
                "GITHUB_TOKEN": f"sandbox-{by}" if by else "sandbox-token",
                "PAGERDUTY_TOKEN": "sandbox-pagerduty",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(
                f"sightline {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout


def current(rows: Sequence[dict[str, str]]) -> list[str]:
    """Who is in the largest team today and does not manage it."""
    here = [row for row in rows if not row["until"] and row["login"] != row["manager"]]
    largest = Counter(row["team"] for row in here).most_common(1)[0][0]
    return [row["login"] for row in here if row["team"] == largest]


def pack(folder: Path, archive: Path) -> None:
    """Everything below the folder, without owners and times: the same files become the same bytes."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in sorted(folder.rglob("*")):
            entry = tar.gettarinfo(path, str(path.relative_to(folder)))
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = ""
            if path.is_file():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)


if __name__ == "__main__":
    main()
