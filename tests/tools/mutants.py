"""`make mutants`: changes the code a little at random, and tells which changes no test notices.

A copy of the tree is changed, never the checkout. For each mutant only the tests run that execute the line,
fastest first and up to the first failure; which those are is recorded once (`--record`) by record_lines.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from mutations import of_map, of_python, of_sql

ROOT = Path(__file__).parents[2]
ROOMS = (
    *(
        "app",
        "cli",
        "config",
        "connectors",
        "flows",
        "map",
        "people",
        "privacy",
        "reports",
        "rubric",
        "signals",
    ),
    "warehouse",
)
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
NOT_RECORDED = ("test_sandbox_*", "test_reports_browser*", "test_night_scale*", "test_house*")
SECONDS_OF_TESTS = 20.0
"""Tests of so many seconds, when they were recorded, are tried on a mutant at most."""
VIEW = re.compile(r"create (?:or replace )?view (\w+) as.*?;\n", re.DOTALL)


@dataclass(frozen=True)
class Mutant:
    room: str
    path: str
    kind: str
    start: int
    end: int
    text: str
    line: int
    key: str
    """Of the file's name and both texts of the lines, so that it outlives moves of other lines."""


# --- which mutants there are ----------------------------------------------------------------------------


def mutants(room: str, path: str = "", kind: str = "") -> list[Mutant]:
    """All of this room, in files and of kinds that match."""
    files = [each for each in _files(room) if re.search(path, str(each.relative_to(ROOT)))]
    return [each for file in files for each in _of_file(room, file) if re.search(kind, each.kind)]


def _files(room: str) -> list[Path]:
    if room == "map":
        return [ROOT / "rubric_map.yaml"]
    if room == "warehouse":
        return sorted((ROOT / room).rglob("*.py")) + _views_in_force()
    return sorted([*(ROOT / room).rglob("*.py"), *(ROOT / room).rglob("*.sql")])


def _views_in_force() -> list[Path]:
    last = {
        name: path
        for path in sorted((ROOT / "warehouse").rglob("*.sql"))
        for name in VIEW.findall(path.read_text())
    }
    return sorted(set(last.values()))


def _of_file(room: str, path: Path) -> Iterator[Mutant]:
    text = path.read_text()
    if path.suffix == ".py":
        changes = list(of_python(text))
    elif path.suffix == ".sql":
        views = [found.span() for found in VIEW.finditer(text)]
        changes = [c for c in of_sql(text) if room == "signals" or any(a <= c.start < b for a, b in views)]
    else:
        changes = list(of_map(text))
    name = str(path.relative_to(ROOT))
    for kind, start, end, new in changes:
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        lines = text[first:last], text[first:start] + new + text[end:last]
        if " ".join(lines[0].split()) != " ".join(lines[1].split()):
            key = hashlib.sha256("\n".join([path.name, *lines]).encode()).hexdigest()[:12]
            yield Mutant(room, name, kind, start, end, new, text.count("\n", 0, start) + 1, key)


def _difference(before: str, after: str, context: int = 0) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return [each for each in lines if not each.startswith(("---", "+++", "@@"))]


# --- which tests may notice -----------------------------------------------------------------------------


class Recorded:
    """What `--record` wrote: the lines that each test runs, in the tree as it was then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tests: dict[str, dict[str, float | list[str] | bool]] = {}
        for path in sorted(folder.glob("tests-*.json")):
            self.tests |= json.loads(path.read_text())
        self.tests_of_fixture: dict[str, set[str]] = defaultdict(set)
        for name, test in self.tests.items():
            for fixture in test["fixtures"]:  # type: ignore[union-attr]
                self.tests_of_fixture[fixture].add(name)
        self.lines: dict[str, dict[int, set[str]]] = {}
        self._paths: dict[str, str] = {}
        for path in sorted(folder.glob("lines.*")):
            self._read(path)

    def _read(self, path: Path) -> None:
        rows = sqlite3.connect(path).execute(
            "select file.path, context.context, numbits from line_bits"
            " join file on file.id = file_id join context on context.id = context_id"
        )
        for file, context, bits in rows:
            tests = self._tests_of(context)
            name = re.sub(r"^.*?/tree/", "", file)
            by_line = self.lines.setdefault(name, defaultdict(set))
            for number, byte in enumerate(bits):
                for bit in range(8):
                    if byte & 1 << bit:
                        by_line[number * 8 + bit] |= tests

    def _tests_of(self, context: str) -> set[str]:
        if context.startswith("fixture:"):
            return self.tests_of_fixture[context]
        return {context} if context in self.tests else set()

    def seconds(self, test: str) -> float:
        return float(self.tests[test]["seconds"])  # type: ignore[arg-type]

    def for_mutant(self, mutant: Mutant) -> list[str]:
        """Tests that run the changed statement, or else the file; those of a signal or the map by name."""
        if mutant.path.endswith(".py"):
            lines = self.lines.get(self.path_then(mutant.path), {})
            tests = self._of_statement(mutant, lines) or set().union(*lines.values(), set())
            tests = tests or self._by_imports(mutant.path)
        else:
            tests = {each for each in self.tests if re.search(_BY_NAME[mutant.room], each)}
        passed = [each for each in tests if self.tests[each]["passed"]]
        stem = Path(mutant.path).stem
        return sorted(passed, key=lambda each: (stem not in each, "claim" not in each, self.seconds(each)))

    def _by_imports(self, path: str) -> set[str]:
        """Where no line was recorded: tests of files that import the module, or a module that imports it."""
        near = _importers(ROOT / "tests", path)
        if not near:
            between = [each for room in ROOMS for each in _importers(ROOT / room, path)]
            near = [test for each in between for test in _importers(ROOT / "tests", each)]
        return {test for test in self.tests if test.split("::")[0] in near}

    def of_room(self, path: str) -> list[str]:
        """The tests of all files that import the same folder, fastest first."""
        package = ".".join(Path(path).parts[:-1])
        files = [
            str(each.relative_to(ROOT))
            for each in (ROOT / "tests").rglob("*.py")
            if re.search(rf"(from|import) {re.escape(package)}\b", each.read_text())
        ]
        tests = [test for test, how in self.tests.items() if how["passed"] and test.split("::")[0] in files]
        return sorted(tests, key=self.seconds)

    def path_then(self, path: str) -> str:
        """Where this file was when the tests were recorded: there, or where its text was."""
        if path not in self._paths:
            text = (ROOT / path).read_text().splitlines()
            matchers = {
                known: difflib.SequenceMatcher(
                    None, text, (self.folder / "tree" / known).read_text().splitlines()
                )
                for known in ([path] if path in self.lines else self.lines)
                if (self.folder / "tree" / known).exists()
            }
            close = {known: each.ratio() for known, each in matchers.items() if each.real_quick_ratio() > 0.5}
            self._paths[path] = max(close, key=lambda known: close[known], default=path)
        return self._paths[path]

    def _of_statement(self, mutant: Mutant, lines: dict[int, set[str]]) -> set[str]:
        text = (ROOT / mutant.path).read_text()
        then = self.folder / "tree" / self.path_then(mutant.path)
        shift = _lines_then(then.read_text() if then.exists() else text, text)
        tree = ast.parse(text)
        inside = [
            n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= mutant.line <= n.end_lineno
        ]  # type: ignore[operator]
        smallest = min(inside, key=lambda n: n.end_lineno - n.lineno)  # type: ignore[operator]
        last = min(
            [n.lineno - 1 for n in ast.iter_child_nodes(smallest) if isinstance(n, ast.stmt)]
            or [smallest.end_lineno or 0]
        )
        tests: set[str] = set()
        for number in range(smallest.lineno, max(last, smallest.lineno) + 1):
            tests |= lines.get(shift.get(number, -1), set())
        is_run_on_import = not any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) for n in inside)
        for name in _names_bound(tree.body, mutant.line) if is_run_on_import else ():
            tests |= self._where_named(name)
        return tests

    def _where_named(self, name: str) -> set[str]:
        tests: set[str] = set()
        for path, lines in self.lines.items():
            source = self.folder / "tree" / path
            for number, line in enumerate(source.read_text().splitlines() if source.exists() else (), 1):
                if re.search(rf"\b{name}\b", line):
                    tests |= lines.get(number, set())
        return tests


_BY_NAME = {
    "signals": r"test_signals_(specs|predicates|opportunities|traps|oracle|refresh)",
    "warehouse": r"test_signals_(specs|predicates|opportunities)|test_incident",
    "map": r"test_(maps_shipped|rubric_m|several_rubrics|incidents_planted|reports|files_documented)",
}


def _importers(folder: Path, path: str) -> list[str]:
    """Files that import this module, below the root."""
    package, _, name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".").rpartition(".")
    form = re.compile(
        rf"from {re.escape(package)}\.{name} import|from {re.escape(package)} import [^\n]*\b{name}\b"
        rf"|import {re.escape(package)}\.{name}\b|from {re.escape(package)} import \([^)]*\b{name}\b"
    )
    return [str(each.relative_to(ROOT)) for each in folder.rglob("*.py") if form.search(each.read_text())]


def _lines_then(before: str, now: str) -> dict[int, int]:
    """For each line of now that stood there before, the line it was."""
    matched = difflib.SequenceMatcher(None, before.splitlines(), now.splitlines(), autojunk=False)
    return {b + n + 1: a + n + 1 for a, b, size in matched.get_matching_blocks() for n in range(size)}


def _names_bound(body: list[ast.stmt], line: int) -> set[str]:
    for node in body:
        if node.lineno <= line <= (node.end_lineno or 0):
            if isinstance(node, ast.ClassDef):
                return {node.name, *_names_bound(node.body, line)}
            return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return set()


# --- a copy of the tree ---------------------------------------------------------------------------------


def copy_of_the_tree(folder: Path) -> Path:
    """The files that git knows or would add, with an environment of their own in which they come first."""
    tree = folder / "tree"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    if (shared := ROOT.parent / "shared").exists():
        (folder / "shared").symlink_to(shared)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tree / ".venv"], check=True)
    (packages,) = (tree / ".venv").glob("lib/*/site-packages")
    ours = next(each for each in sys.path if each.endswith("site-packages"))
    start = "import os, coverage; os.getenv('COVERAGE_PROCESS_START') and coverage.process_startup()"
    (packages / "tree.pth").write_text(f"{tree}\n{ours}\n{start}\n")
    script = tree / ".venv" / "bin" / "sightline"
    script.write_text(f"#!{tree}/.venv/bin/python\nimport sys\nfrom cli.main import main\nsys.exit(main())\n")
    script.chmod(0o755)
    return tree


def record(folder: Path, tests: list[str]) -> None:
    """Runs these tests, or all but the slowest, and writes which lines each of them runs."""
    shutil.rmtree(folder / "tree", ignore_errors=True)
    (folder / "shared").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    tree = copy_of_the_tree(folder)
    left_out = [f"--ignore-glob=tests/{each}" for each in NOT_RECORDED]
    command = [tree / ".venv/bin/python", "-m", "pytest", "-p", "record_lines", "-p", "no:cacheprovider"]
    more = ["-q", "-n", "2", "--dist", "loadfile", *(tests or left_out)]
    environment = {**os.environ, "LINES_BY_TEST": str(folder), "PYTHONPATH": "tests/tools"}
    subprocess.run([*command, *more], cwd=tree, env=environment, check=False)


# --- the tests of one mutant ------------------------------------------------------------------------------


def planned(mutant: Mutant, recorded: Recorded) -> dict[str, object]:
    """The mutant with its tests, and with more of them for when it survives those."""
    tests = _fitting(recorded.for_mutant(mutant), recorded)
    more = _fitting([each for each in recorded.of_room(mutant.path) if each not in {*tests}], recorded)
    return {**asdict(mutant), "tests": tests, "more": more, "limit": 20 + 3 * SECONDS_OF_TESTS}


def _fitting(tests: list[str], recorded: Recorded) -> list[str]:
    """As many of these as fit into the time, those of a file together."""
    chosen: list[str] = []
    seconds = 0.0
    for test in tests:
        seconds += recorded.seconds(test)
        if seconds <= SECONDS_OF_TESTS or not chosen:
            chosen.append(test)
    files = list(dict.fromkeys(test.split("::")[0] for test in chosen))
    return sorted(chosen, key=lambda test: files.index(test.split("::")[0]))


# --- the command ----------------------------------------------------------------------------------------


def judged_equivalent() -> dict[str, str]:
    """Key -> reason."""
    lines = EQUIVALENT.read_text().splitlines() if EQUIVALENT.exists() else []
    return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))  # type: ignore[misc]


def sampled(arguments: argparse.Namespace) -> list[Mutant]:
    chance = random.Random(arguments.seed)
    found: list[Mutant] = []
    for room in arguments.rooms:
        of_room = mutants(room, arguments.path, arguments.kind)
        found += chance.sample(of_room, min(arguments.each, len(of_room)))
    chance.shuffle(found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--record", nargs="*", metavar="TEST", help="record which lines these tests run, or all"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutants", help="where that is kept")
    parser.add_argument("--rooms", nargs="+", default=list(ROOMS))
    parser.add_argument("--each", type=int, default=40, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", default="", help="only kinds that match")
    parser.add_argument("--path", default="", help="only files that match")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if arguments.record is not None or not any(folder.glob("tests-*.json")):
        record(folder, arguments.record or [])
        if arguments.record is not None:
            return
    _try(sampled(arguments), Recorded(folder), folder / f"results-{arguments.seed}.jsonl")


def _try(sample: list[Mutant], recorded: Recorded, results: Path) -> None:
    equivalent = judged_equivalent()
    plan = [planned(mutant, recorded) for mutant in sample if mutant.key not in equivalent]
    work = results.parent / f"work-{os.getpid()}"
    work.mkdir()
    try:
        tree = copy_of_the_tree(work)
        (work / "plan").write_text("".join(json.dumps(each) + "\n" for each in plan))
        files = sorted({test.split("::")[0] for each in plan for test in each["tests"] + each["more"]})  # type: ignore[operator]
        there = [file for file in files if (tree / file).exists()]
        command = [
            tree / ".venv/bin/python",
            "-m",
            "pytest",
            "-q",
            "-p",
            "mutants_loop",
            "-p",
            "no:cacheprovider",
        ]
        environment = {**os.environ, "MUTANTS_PLAN": str(work / "plan"), "PYTHONPATH": "tests/tools"}
        more = [f"--basetemp={work / 'temporary'}", *there]
        subprocess.run([*command, *more], cwd=tree, env=environment, check=False)
        outcomes = (work / "plan.results").read_text() if (work / "plan.results").exists() else ""
        same = [asdict(each) | {"outcome": "equivalent"} for each in sample if each.key in equivalent]
        results.write_text(outcomes + "".join(json.dumps(each) + "\n" for each in same))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _print([json.loads(line) for line in results.read_text().splitlines()])


def _print(results: list[dict[str, object]]) -> None:
    for each in results:
        if each["outcome"] in ("survived", "no test"):
            before = (ROOT / str(each["path"])).read_text()
            after = before[: each["start"]] + str(each["text"]) + before[each["end"] :]  # type: ignore[misc]
            where = f"{each['path']}:{each['line']} {each['kind']}"
            print(f"\n{each['outcome']} ({each['tests']} tests): {each['key']} {where}")
            print("\n".join(_difference(before, after, context=1)))
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for each in results:
        table[str(each["room"])][str(each["outcome"])] += 1
    outcomes = ("noticed", "timed out", "survived", "no test", "not tried", "equivalent")
    print(f"\n{'room':12}" + "".join(f"{each:>12}" for each in outcomes) + f"{'noticed of the rest':>22}")
    for room in [*sorted(table), "all"]:
        counts = table[room] if room != "all" else sum(table.values(), Counter())
        caught, missed = counts["noticed"] + counts["timed out"], counts["survived"] + counts["no test"]
        share = f"{caught / (caught + missed):.0%}" if caught + missed else "-"
        print(f"{room:12}" + "".join(f"{counts[each]:12}" for each in outcomes) + f"{share:>22}")


if __name__ == "__main__":
    main()
