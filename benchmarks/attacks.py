"""Runs every test that `docs/attacks.md` names and writes into the page how it ended.

    .venv/bin/python benchmarks/attacks.py [--new]

With --new only those that the page has no result of. Attempt, expectation and test are written by hand; the
last column is from the run. Exit 1: a test failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "attacks.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
HEAD = "| attempt | what happens | tried by | result |\n|---|---|---|---|\n"


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--new", action="store_true")
    only_new = arguments.parse_args().new
    text = PAGE.read_text(encoding="utf-8")
    tried = [line for line in text.splitlines() if line.endswith("| not tried |") or not only_new]
    named = sorted({f"{file}::{test}" for file, test in TEST.findall("\n".join(tried))})
    ended = run(named)
    lines, failed = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if line in tried and len(cells) in (3, 4) and cells[0] != "attempt":
            said = result([f"{file}::{test}" for file, test in TEST.findall(cells[2])], ended)
            failed |= "failed" in said
            line = f"| {' | '.join([*cells[:3], said])} |"
        lines.append(line)
    page = "\n".join(lines) + "\n"
    PAGE.write_text(re.sub(r"\| attempt \|.*\n\|[-|]+\|\n", HEAD, page), encoding="utf-8")
    print(f"{len(named)} tests, {sum(sum(each.values()) for each in ended.values())} cases")
    return 1 if failed else 0


def run(named: list[str]) -> dict[str, Counter[str]]:
    """How many cases of each test passed, failed and were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                f"--junitxml={report}",
                "-o",
                "junit_family=xunit1",
                *named,
            ],
            cwd=ROOT,
            check=False,
        )
        cases = ElementTree.parse(report).iter("testcase")  # noqa: S314  written by our own run
    ended: dict[str, Counter[str]] = {}
    for case in cases:
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        word = "skipped" if kinds == {"skipped"} else "failed" if kinds else "passed"
        name = f"{case.get('file')}::{str(case.get('name')).partition('[')[0]}"
        ended.setdefault(name, Counter())[word] += 1
    return ended


def result(named: list[str], ended: dict[str, Counter[str]]) -> str:
    """`passed (12)`, or what else happened."""
    if not named:
        return "not tried"
    total: Counter[str] = Counter()
    for test in named:
        total += ended.get(test, Counter({"failed": 1}))  # a test that is named and did not run
    return ", ".join(f"{word} ({total[word]})" for word in ("passed", "failed", "skipped") if total[word])


if __name__ == "__main__":
    sys.exit(main())
