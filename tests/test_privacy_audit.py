"""The audit log: what it holds, and that no change of it goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from privacy import audit, chain
from privacy.audit import LogBroken, NotLogged

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 22)
CHANGES: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "an edit": (
        lambda lines: [*lines[:2], lines[2].replace("complete", "gaps"), *lines[3:]],
        "audit.jsonl:3:",
    ),
    "an edit of the first": (lambda lines: [lines[0].replace("2026", "2025"), *lines[1:]], "audit.jsonl:1:"),
    "a deletion": (lambda lines: [*lines[:2], *lines[3:]], "audit.jsonl:3:"),
    "a deletion of the first": (lambda lines: lines[1:], "audit.jsonl:1:"),
    "a swap": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "audit.jsonl:2:"),
    "a copy": (lambda lines: [*lines[:3], lines[2], *lines[3:]], "audit.jsonl:4:"),
    "a deletion numbered anew": (
        lambda lines: [
            *lines[:2],
            *(line.replace(f'"number":{n}', f'"number":{n - 1}') for n, line in enumerate(lines[3:], 4)),
        ],
        "audit.jsonl:3:",
    ),
    "an edited hash": (
        lambda lines: [lines[0].replace('"hash":"', '"hash":"0'), *lines[1:]],
        "audit.jsonl:1:",
    ),
    "a space": (lambda lines: [lines[0].replace('":', '": ', 1), *lines[1:]], "audit.jsonl:1:"),
    "a word": (lambda lines: [*lines[:4], "nothing happened"], "audit.jsonl:5:"),
}


def test_a_log_that_nobody_touched_is_complete(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    assert audit.verify(log, key) == []
    assert [entry["number"] for entry in audit.entries(log)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_with_its_place(change: str, tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    altered, place = CHANGES[change]
    lines = log.read_text().splitlines()
    changed = altered(list(lines))
    assert changed != lines
    log.write_text("\n".join(changed) + "\n")
    found = audit.verify(log, key)
    assert found
    assert found[0].startswith(place)


def test_one_edit_is_one_sentence(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 9)
    log.write_text(log.read_text().replace("run-4", "run-5", 1))
    assert len(audit.verify(log, key)) == 1


@pytest.mark.parametrize("cut", [1, 4, 5])
def test_a_tail_that_was_cut_off_is_found_by_the_anchor_alone(cut: int, tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    anchor = tmp_path / "elsewhere" / "anchor"
    audit.write_anchor(log, anchor, on=ON)
    assert audit.verify(log, key, anchor) == []
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-cut]))
    assert audit.verify(log, key) == []
    (found,) = audit.verify(log, key, anchor)
    assert f"ends after entry {5 - cut}, and on 2026-11-22 there were 5" in found


def test_a_log_written_anew_with_the_stolen_key_is_found_by_the_anchor(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    audit.write_anchor(log, tmp_path / "anchor", on=ON)
    log.unlink()
    for n in range(5):
        append(log, key, f"forged-{n}")
    assert audit.verify(log, key) == []
    (found,) = audit.verify(log, key, tmp_path / "anchor")
    assert "entry 5 is not the one that was anchored" in found


def test_a_day_is_anchored_once_and_each_day_is_held_against_the_log(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 2)
    anchor = tmp_path / "anchor"
    for day in (ON, ON, date(2026, 11, 23)):
        audit.write_anchor(log, anchor, on=day)
        append(log, key, "more")
    assert [json.loads(line)["number"] for line in anchor.read_text().splitlines()] == [2, 4]
    assert audit.verify(log, key, anchor) == []


def test_an_anchor_that_is_missing_or_altered_is_no_clean_bill(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 2)
    assert "holds no anchor" in audit.verify(log, key, tmp_path / "anchor")[0]
    (tmp_path / "anchor").write_text("{}\n")
    assert "is no anchor" in audit.verify(log, key, tmp_path / "anchor")[0]


def test_another_key_believes_nothing(tmp_path: Path) -> None:
    log, _ = log_of(tmp_path, 3)
    assert len(audit.verify(log, bytes(32))) == 3


def test_nothing_is_added_to_a_broken_log_until_somebody_accepts_it(tmp_path: Path) -> None:
    """Be it that its writer was killed in the middle of a line."""
    log, key = log_of(tmp_path, 3)
    with log.open("a") as file:
        file.write('{"about":{"outc')
    with pytest.raises(LogBroken, match=r"audit\.jsonl:4: is no whole entry.*nothing goes on: restore it"):
        append(log, key, "after")
    assert len(audit.accept(log, key, "mark", on=ON)) == 1
    append(log, key, "after")
    assert audit.verify(log, key) == []
    assert [entry["number"] for entry in audit.entries(log)] == [1, 2, 3, 4, 5]
    assert audit.accept(log, key, "mark", on=ON) == []


@pytest.mark.parametrize("size", [1, 300, 9000])
def test_a_log_that_ends_in_nothing_written_goes_on_once_it_is_accepted(size: int, tmp_path: Path) -> None:
    """A file system that lost its power may have given the file its length and no content."""
    log, key = log_of(tmp_path, 3)
    with log.open("ab") as file:
        file.write(bytes(size))
    assert len(audit.accept(log, key, "mark", on=ON)) == 1
    append(log, key, "after")
    assert audit.problems(log, key, from_start=True) == audit.verify(log, key) == []


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_accepted_is_held_to_what_it_was_then(change: str, tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    log.write_text("".join(altered + "\n" for altered in CHANGES[change][0](log.read_text().splitlines())))
    audit.accept(log, key, "mark", on=ON)
    append(log, key, "after")
    assert audit.problems(log, key, from_start=True) == []
    log.write_text(log.read_text().replace("run-1", "run-7").replace("run-2", "run-8"))
    assert audit.problems(log, key, from_start=True) != []


def test_nobody_accepts_a_break_without_the_key(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    log.write_text(log.read_text().replace("run-4", "run-9"))
    audit.accept(log, bytes(32), "mark", on=ON)
    assert len(audit.verify(log, key)) == 2
    with pytest.raises(LogBroken):
        append(log, key, "after")


# --- the checkpoint ---------------------------------------------------------------------------------------


def test_a_log_that_became_shorter_is_found_by_the_next_writer(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    audit.check(log, key, from_start=True)
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    assert audit.verify(log, key) == []
    for from_start in (False, True, False):
        (found,) = audit.problems(log, key, from_start=from_start)
        assert found.startswith("audit.jsonl: held 5 entries")
    with pytest.raises(LogBroken):
        append(log, key, "after")


def test_what_was_added_since_the_checkpoint_is_verified_and_a_night_verifies_the_rest(
    tmp_path: Path,
) -> None:
    log, key = log_of(tmp_path, 5)
    audit.check(log, key, from_start=True)
    append(log, key, "run-6")
    text = log.read_text()
    log.write_text(text.replace("run-6", "run-9"))
    assert audit.problems(log, key, from_start=False)[0].startswith("audit.jsonl:6: entry 6 was altered")
    log.write_text(text.replace("run-2", "run-9"))
    assert audit.problems(log, key, from_start=False) == []  # or every look would read two years of log
    assert audit.problems(log, key, from_start=True)[0].startswith("audit.jsonl:2: entry 2 was altered")
    with pytest.raises(LogBroken, match=r"audit\.jsonl:2"):
        append(log, key, "after")


def test_the_checkpoint_follows_the_log(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 3)
    place = tmp_path / "audit.checkpoint"
    assert json.loads(place.read_text())["number"] == 0
    for n in range(chain.EVERY):
        append(log, key, f"more-{n}")
    assert json.loads(place.read_text())["number"] == chain.EVERY
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize("forged", ["", "{}", "text", '{"number":9}'])
def test_a_checkpoint_that_somebody_else_wrote_is_not_believed(forged: str, tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    audit.check(log, key, from_start=True)
    place = tmp_path / "audit.checkpoint"
    written = json.loads(place.read_text())
    place.write_text(forged or json.dumps(written | {"number": 4}))
    log.write_text(log.read_text().replace("run-2", "run-9"))
    assert audit.problems(log, key, from_start=False)[0].startswith("audit.jsonl:2:")


def test_a_log_that_was_shortened_by_its_retention_is_complete(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    audit.append(log, key, "night ran", {"run_id": "later", "outcome": "complete"}, on=date(2026, 12, 24))
    audit.check(log, key, from_start=True)
    assert audit.shorten(log, key, date(2026, 12, 1)) == 5
    append(log, key, "after")
    assert audit.problems(log, key, from_start=False) == audit.problems(log, key, from_start=True) == []


KILLED_AT_EVERY_LINE = """
import itertools, os, shutil, sys
from datetime import date
from pathlib import Path
from privacy import audit, chain
from warehouse import files

root, key = Path(sys.argv[1]), bytes.fromhex(sys.argv[2])
ours = {module.__file__ for module in (audit, chain, files)}

def killed_at(step, log):
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = step
    def count(frame, event, arg):
        nonlocal left
        if frame.f_code.co_filename not in ours:
            return None
        if event == "line" and frame.f_code.co_name in ("forget", "write_atomically"):
            left -= 1
            if left < 0:
                os._exit(9)
        return count
    sys.settrace(count)
    audit.shorten(log, key, date(2026, 12, 1))
    os._exit(0)

for step in itertools.count():
    home = shutil.copytree(root / "before", root / "homes" / str(step))
    if not killed_at(step, home / "audit.jsonl"):
        break
"""


def test_a_kill_at_any_line_while_the_log_is_shortened_leaves_a_log_that_goes_on(tmp_path: Path) -> None:
    """Not a log that is shorter than its checkpoint says: that would look cut off for ever."""
    (tmp_path / "before").mkdir()
    log, key = log_of(tmp_path / "before", 3)
    audit.append(log, key, "night ran", {"run_id": "later", "outcome": "complete"}, on=date(2026, 12, 24))
    audit.check(log, key, from_start=True)
    code = [sys.executable, "-W", "ignore", "-c", KILLED_AT_EVERY_LINE, str(tmp_path), key.hex()]
    subprocess.run(code, check=True, cwd=ROOT)
    homes = sorted(tmp_path.glob("homes/*"))
    assert len(homes) > 8
    for home in homes:
        append(home / "audit.jsonl", key, "after")
        assert audit.problems(home / "audit.jsonl", key, from_start=True) == [], home.name
        audit.shorten(home / "audit.jsonl", key, date(2026, 12, 1))
        assert next(audit.entries(home / "audit.jsonl"))["action"] == chain.SHORTENED


@pytest.mark.parametrize("days", [1, 2])
def test_a_shortened_log_is_held_against_the_anchor_of_the_very_entry_it_goes_on_from(
    days: int, tmp_path: Path
) -> None:
    log, key = log_of(tmp_path, 5)
    anchor = tmp_path / "anchor"
    audit.write_anchor(log, anchor, on=ON)
    for number in range(days):
        later = {"run_id": f"later-{number}", "outcome": "complete"}
        audit.append(log, key, "night ran", later, on=date(2026, 12, 24 + number))
    assert audit.shorten(log, key, date(2026, 12, 1)) == 5
    assert audit.verify(log, key, anchor) == []
    anchor.write_text(anchor.read_text().replace('"hash":"', '"hash":"0'))
    assert "entry 5 is not the one that was anchored" in audit.verify(log, key, anchor)[0]


@pytest.mark.parametrize("change", CHANGES)
def test_a_break_that_was_accepted_stays_accepted_when_older_entries_go(change: str, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    key = audit.key_in(tmp_path / "audit.key", log)
    audit.append(log, key, "night ran", {"run_id": "old", "outcome": "complete"}, on=date(2026, 1, 1))
    log_of(tmp_path, 5)
    lines = log.read_text().splitlines()
    log.write_text("".join(line + "\n" for line in [lines[0], *CHANGES[change][0](lines[1:])]))
    assert audit.accept(log, key, "mark", on=ON)
    assert audit.shorten(log, key, date(2026, 6, 1)) > 0
    append(log, key, "after")
    assert {(each["on"], each["about"]["by"]) for each in audit.entries(log, "break accepted")} == {
        (ON.isoformat(), "mark")
    }
    assert audit.problems(log, key, from_start=True) == audit.verify(log, key) == []
    log.write_text(log.read_text().replace("run-1", "run-7").replace("run-2", "run-8"))
    assert audit.verify(log, key) != []


def test_a_last_line_without_its_end_is_complete(tmp_path: Path) -> None:
    """The power may go between any two bytes."""
    log, key = log_of(tmp_path, 3)
    log.write_bytes(log.read_bytes().removesuffix(b"\n"))
    audit.check(log, key, from_start=True)
    append(log, key, "after")
    assert audit.problems(log, key, from_start=False) == audit.problems(log, key, from_start=True) == []
    assert [entry["number"] for entry in audit.entries(log)] == [1, 2, 3, 4]


def test_a_broken_log_is_not_shortened(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 5)
    log.write_text(log.read_text().replace("run-5", "run-9"))
    with pytest.raises(LogBroken):
        audit.shorten(log, key, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("action", "about"),
    [
        ("report read", {"person": "p1", "window": "2026Q3", "login": "ada"}),
        ("report read", {"window": "2026Q3"}),
        ("report read", {"person": "Ada Lovelace", "window": "2026Q3"}),
        ("report read", {"person": "ada@example.com", "window": "2026Q3"}),
        ("night ran", {"run_id": "r1", "outcome": "broke:\nTraceback"}),
        ("looked around", {}),
    ],
)
def test_an_entry_holds_codes_and_nothing_else(action: str, about: dict[str, str], tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 1)
    before = log.read_bytes()
    with pytest.raises(ValueError, match=r"nothing that is logged|is no code"):
        audit.append(log, key, action, about, on=ON)
    assert log.read_bytes() == before


def test_an_entry_holds_a_day_and_no_hour(tmp_path: Path) -> None:
    log, _ = log_of(tmp_path, 1)
    (entry,) = audit.entries(log)
    assert entry["on"] == "2026-11-22"
    assert ":" not in "".join(str(value) for name, value in entry.items() if name != "about")


def test_key_and_log_are_for_their_owner_alone(tmp_path: Path) -> None:
    log, _ = log_of(tmp_path, 1)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (log, tmp_path / "audit.key")] == [0o600, 0o600]


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path, log = tmp_path / "audit.key", tmp_path / "audit.jsonl"
    assert audit.key_in(path, log) == audit.key_in(path, log)
    assert len(audit.key_in(path, log)) == 32
    assert [each.name for each in tmp_path.iterdir()] == ["audit.key"]


def test_a_lost_key_is_not_replaced_while_there_is_a_log(tmp_path: Path) -> None:
    log, _ = log_of(tmp_path, 1)
    (tmp_path / "audit.key").unlink()
    with pytest.raises(NotLogged, match="restore it from a backup"):
        audit.key_in(tmp_path / "audit.key", log)


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 1)
    log.unlink()
    log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotLogged, match="what is not logged does not happen"):
        append(log, key, "more")
    assert not (tmp_path / "elsewhere").exists()


def test_many_writers_at_a_time_make_one_chain(tmp_path: Path) -> None:
    _, key = log_of(tmp_path, 1)
    code = (
        "import sys; from pathlib import Path; from datetime import date; from privacy import audit\n"
        "log, key = Path(sys.argv[1]) / 'audit.jsonl', bytes.fromhex(sys.argv[2])\n"
        "for n in range(20):\n"
        "    audit.append(log, key, 'night ran', {'run_id': f'r{n}', 'outcome': 'complete'}, "
        "on=date(2026, 11, 22))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), key.hex()]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert audit.verify(tmp_path / "audit.jsonl", key) == []
    assert sum(1 for _ in audit.entries(tmp_path / "audit.jsonl")) == 61


def test_a_release_altered_together_with_its_manifest_is_found(tmp_path: Path) -> None:
    log, key = log_of(tmp_path, 1)
    (tmp_path / "payments").mkdir()
    release = tmp_path / "payments" / "2026Q3.json"
    release.write_text("few")
    about = {"file": "payments/2026Q3.json", "sha256": hashlib.sha256(b"few").hexdigest()}
    audit.append(log, key, "release published", about, on=ON)
    assert audit.released_otherwise(log, tmp_path) == []
    release.write_text("most")
    assert "differs from what was published on 2026-11-22" in audit.released_otherwise(log, tmp_path)[0]
    release.unlink()
    assert "is missing" in audit.released_otherwise(log, tmp_path)[0]


# --- builders -------------------------------------------------------------------------------------------


def log_of(home: Path, count: int) -> tuple[Path, bytes]:
    log = home / "audit.jsonl"
    key = audit.key_in(home / "audit.key", log)
    for n in range(1, count + 1):
        append(log, key, f"run-{n}")
    return log, key


def append(log: Path, key: bytes, run_id: str) -> None:
    audit.append(log, key, "night ran", {"run_id": run_id, "outcome": "complete"}, on=ON)
