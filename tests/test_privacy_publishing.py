"""What lies in `published/`: written once, recorded, found out when touched."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from privacy import door, published
from privacy.errors import (
    AlreadyPublished,
    BrokenRelease,
    NoReport,
    NotShown,
    NotYetPublished,
    RefusedBody,
    UnknownItem,
    UnknownTeam,
)
from privacy.policy import Policy, load_policy
from privacy.released import Released
from warehouse.windows import Window

ROOT = Path(__file__).parents[1]
Q2, Q3 = Window(2026, 2), Window(2026, 3)
PERSON = "0f" * 16
StepsOf = Callable[[Callable[[], object]], list[tuple[str, int, str]]]


# --- once -----------------------------------------------------------------------------------------------


def test_what_is_published_is_what_is_read(tmp_path: Path) -> None:
    released = release()
    path = door.publish(tmp_path, released)
    assert path == tmp_path / "teams" / "payments" / "2026Q3.json"
    assert path.read_text() == released.canonical()
    assert door.read_team(tmp_path, "payments", Q3).body == released.body
    assert door.read_team(tmp_path, "payments", "2026Q3").body == released.body


def test_published_files_are_json_and_no_database(tmp_path: Path) -> None:
    """There is nothing to run SQL on: each file is the one canonical text of a body that the door checked."""
    door.publish(tmp_path, release())
    door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    door.write_self(tmp_path, PERSON, report())
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(files) == 4
    for path in files:
        assert path.suffix == ".json"
        text = path.read_text(encoding="utf-8")
        body = json.loads(text)
        if path.name != "manifest.json":
            assert text == json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_a_release_is_published_once(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release(traces={"p1"}))
    before = path.read_bytes()
    with pytest.raises(AlreadyPublished, match="stays as it is"):
        door.publish(tmp_path, release(traces={"p1", "p2", "p3"}))
    assert path.read_bytes() == before


def test_a_release_is_in_place_after_it_was_published_and_not_before(tmp_path: Path) -> None:
    assert door.in_place(tmp_path, Q3) == frozenset()
    path = door.publish(tmp_path, release())
    door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    assert door.in_place(tmp_path, Q3) == door.in_place(tmp_path, "2026Q3") == {"payments"}
    assert door.in_place(tmp_path, Q2) == frozenset()
    path.unlink()
    assert door.in_place(tmp_path, Q3) == frozenset()


def test_a_report_of_ones_own_is_never_published_to_a_team(tmp_path: Path) -> None:
    with pytest.raises(RefusedBody, match="self audience"):
        door.publish(tmp_path, report())
    assert not tmp_path.joinpath("teams").exists()


def test_a_team_release_is_never_written_as_somebodys_own(tmp_path: Path) -> None:
    with pytest.raises(RefusedBody, match="team audience"):
        door.write_self(tmp_path, PERSON, release())


def test_a_file_that_nobody_published_is_not_taken_over(tmp_path: Path) -> None:
    planted = tmp_path / "teams" / "payments" / "2026Q3.json"
    planted.parent.mkdir(parents=True)
    planted.write_text(release().canonical())
    with pytest.raises(BrokenRelease, match="was never published"):
        door.publish(tmp_path, release())
    with pytest.raises(BrokenRelease, match="was never published"):
        door.read_team(tmp_path, "payments", Q3)


def test_a_release_that_was_lost_is_not_made_again(tmp_path: Path) -> None:
    door.publish(tmp_path, release()).unlink()
    with pytest.raises(BrokenRelease, match="was published and is missing"):
        door.publish(tmp_path, release(traces={"p1", "p2", "p3"}))
    with pytest.raises(BrokenRelease, match="was published and is missing"):
        door.read_team(tmp_path, "payments", Q3)


# --- killed ---------------------------------------------------------------------------------------------

KILLED_AT_EVERY_LINE = """
import json, os, sys
from datetime import date
from pathlib import Path
import filelock
from privacy import atomic_publish, door, errors

first, second, notice, root = json.loads(sys.stdin.read())
writing = {"put_once", "_record", "put_manifest", "write_file", "make_folder", "flush_folder"}

def killed_at(step, action):
    child = os.fork()
    if child == 0:
        left = step
        def count(frame, event, arg):
            nonlocal left
            ours = frame.f_code.co_filename == atomic_publish.__file__
            if not ours or frame.f_code.co_name not in writing:
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    os._exit(9)
            return count
        sys.settrace(count)
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

one, other = (door.read_team(Path(home), "payments", "2026Q3") for home in (first, second))
for step in range(10_000):
    home = Path(root) / str(step)
    if notice:
        door.publish(home, one)
        act = lambda: door.withdraw(home, "payments", "2026Q3", "reviews", withdrawn_on=date(2026, 11, 1))
        again = act
    else:
        act, again = (lambda: door.publish(home, one)), (lambda: door.publish(home, other))
    was_killed = killed_at(step, act)
    try:
        again()
    except errors.AlreadyPublished:
        pass
    print(json.dumps([str(home), was_killed]))
    if not was_killed:
        break
"""


def killed_at_every_line(tmp_path: Path, *, notice: bool = False) -> list[Path]:
    """A home for every line at which a first run died while writing, each after one more whole run.

    The first run publishes one trace, the second would publish three.
    """
    for name, traces in (("first", {"p1"}), ("second", {"p1", "p2", "p3"})):
        door.publish(tmp_path / name, release(traces=traces))
    given = [str(tmp_path / "first"), str(tmp_path / "second"), notice, str(tmp_path / "homes")]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED_AT_EVERY_LINE],
        input=json.dumps(given),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    homes = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(homes) > 40
    assert [was_killed for _, was_killed in homes] == [True] * (len(homes) - 1) + [False]
    return [Path(home) for home, _ in homes]


def test_whoever_is_killed_while_publishing_leaves_what_the_next_run_finishes(tmp_path: Path) -> None:
    first, second = release(traces={"p1"}).canonical(), release(traces={"p1", "p2", "p3"}).canonical()
    found = []
    for home in killed_at_every_line(tmp_path):
        assert door.verify(home) == []
        found.append(door.read_team(home, "payments", Q3).canonical())
    # up to some line nothing of the first run counts; from there on its bytes stay, whatever comes later
    turned = found.index(first)
    assert turned > 0
    assert found == [second] * turned + [first] * (len(found) - turned)


def test_whoever_is_killed_while_withdrawing_leaves_what_the_next_run_finishes(tmp_path: Path) -> None:
    for home in killed_at_every_line(tmp_path, notice=True):
        assert door.verify(home) == []
        assert door.read_team(home, "payments", Q3).body["items"][0]["because"] == door.WITHDRAWN


# --- verified -------------------------------------------------------------------------------------------


def test_an_untouched_folder_has_no_problems(tmp_path: Path) -> None:
    assert door.verify(tmp_path) == []
    door.publish(tmp_path, release())
    door.publish(tmp_path, release(team="Søk & Co", window=Q2))
    door.write_self(tmp_path, PERSON, report())
    door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    assert door.verify(tmp_path) == []


def test_an_altered_release_is_found_and_not_read(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release())
    path.write_text(path.read_text().replace("fewer than half", "about half or more"))
    assert door.verify(tmp_path) == ["payments/2026Q3.json: differs from what was published"]
    with pytest.raises(BrokenRelease, match="differs from what was published"):
        door.read_team(tmp_path, "payments", Q3)


def test_a_missing_release_is_found(tmp_path: Path) -> None:
    door.publish(tmp_path, release()).unlink()
    assert door.verify(tmp_path) == ["payments/2026Q3.json: was published and is missing"]


@pytest.mark.parametrize(
    "name", ["payments/2026Q2.json", "payments/.2026Q2.json.pending", "payments/notes.txt", "x"]
)
def test_an_extra_file_is_found(tmp_path: Path, name: str) -> None:
    door.publish(tmp_path, release())
    (tmp_path / "teams" / name).write_text("{}")
    assert door.verify(tmp_path) == [f"{name}: lies there and was never published"]


def test_a_release_that_is_a_link_to_elsewhere_is_found(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release())
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert door.verify(tmp_path) == ["payments/2026Q3.json: is not a plain file"]


def test_a_release_that_everybody_may_read_is_found(tmp_path: Path) -> None:
    door.publish(tmp_path, release()).chmod(0o644)
    assert door.verify(tmp_path) == ["payments/2026Q3.json: has mode 644, which lets in more than 640 does"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "does not list what was published"),
        ('{"files": {}}', "does not list what was published"),
        ("{", r"cannot be read \(JSONDecodeError\); restore it"),
    ],
)
def test_a_broken_manifest_is_found_and_nothing_is_read_or_published_past_it(
    tmp_path: Path, text: str, says: str
) -> None:
    door.publish(tmp_path, release())
    (tmp_path / "teams" / "manifest.json").write_text(text)
    assert len(door.verify(tmp_path)) == 2
    for attempt in (
        lambda: door.read_team(tmp_path, "payments", Q3),
        lambda: door.publish(tmp_path, release(window=Q2)),
    ):
        with pytest.raises(BrokenRelease, match=says):
            attempt()


def test_a_release_that_is_recorded_and_malformed_is_not_read(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release())
    body = json.loads(path.read_text())
    body["items"][0]["count"] = 3
    path.write_text(json.dumps(body))
    record_as_it_is(tmp_path, path)
    with pytest.raises(BrokenRelease, match="an item may not hold 'count'"):
        door.read_team(tmp_path, "payments", Q3)


def test_a_release_in_the_place_of_another_is_not_read(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release())
    path.write_text(release(team="search").canonical())
    record_as_it_is(tmp_path, path)
    with pytest.raises(BrokenRelease, match="of another team or window"):
        door.read_team(tmp_path, "payments", Q3)


# --- withdrawn ------------------------------------------------------------------------------------------


def test_a_withdrawn_item_is_hidden_and_the_release_keeps_its_bytes(tmp_path: Path) -> None:
    path = door.publish(tmp_path, release())
    before = path.read_bytes()
    door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    assert path.read_bytes() == before
    first, second = door.read_team(tmp_path, "payments", Q3).body["items"]
    assert (first["shown"], first["band"], first["because"]) == (False, None, door.WITHDRAWN)
    assert second["shown"]


def test_a_withdrawal_gives_no_reason(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    notice = door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    assert json.loads(notice.read_text()) == {
        "kind": "withdrawal",
        "team": "payments",
        "window": "2026Q3",
        "item": "reviews",
        "withdrawn_on": "2026-11-01",
    }


def test_withdrawing_twice_leaves_the_first_notice(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    first = door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
    before = first.read_bytes()
    assert door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 12, 1)) == first
    assert first.read_bytes() == before


def test_a_withdrawn_item_does_not_come_back_when_its_notice_is_deleted(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1)).unlink()
    assert not door.read_team(tmp_path, "payments", Q3).body["items"][0]["shown"]
    assert door.verify(tmp_path) == ["payments/2026Q3.withdrawn/reviews.json: was published and is missing"]


def test_an_item_that_is_not_in_the_release_cannot_be_withdrawn(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    with pytest.raises(UnknownItem, match="has no item 'review'"):
        door.withdraw(tmp_path, "payments", Q3, "review", withdrawn_on=date(2026, 11, 1))


def test_an_item_that_was_never_shown_cannot_be_withdrawn(tmp_path: Path) -> None:
    door.publish(tmp_path, release(members={"p1"}))
    with pytest.raises(NotShown, match="nothing to withdraw"):
        door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))


def test_a_window_that_is_not_published_cannot_be_withdrawn_from(tmp_path: Path) -> None:
    with pytest.raises(NotYetPublished):
        door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))


# --- asked for what is not there --------------------------------------------------------------------------


def test_an_unknown_team_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    with pytest.raises(UnknownTeam, match="no team 'paiments' has a release; did you mean 'payments'"):
        door.read_team(tmp_path, "paiments", Q3)
    with pytest.raises(UnknownTeam, match="did you mean 'payments'"):
        door.latest_window(tmp_path, "paiments")


def test_a_window_that_is_not_out_is_answered_with_its_day(tmp_path: Path) -> None:
    door.publish(tmp_path, release(window=Q2))
    with pytest.raises(NotYetPublished, match=r"comes on 2026-10-15 at the earliest.*so far: 2026Q2"):
        door.read_team(tmp_path, "payments", Q3)


def test_a_fresh_home_says_when_its_first_release_comes(tmp_path: Path) -> None:
    with pytest.raises(NotYetPublished, match="comes on 2026-10-15 at the earliest"):
        door.read_team(tmp_path, "payments", Q3)
    with pytest.raises(NotYetPublished, match="14 days after its end"):
        door.latest_window(tmp_path, "payments")


def test_the_newest_window_is_the_latest_quarter(tmp_path: Path) -> None:
    for window in (Q3, Q2, Window(2025, 4)):
        door.publish(tmp_path, release(window=window))
    assert door.latest_window(tmp_path, "payments") == "2026Q3"
    assert door.published_windows(tmp_path, "payments") == ["2025Q4", "2026Q2", "2026Q3"]
    assert door.published_teams(tmp_path) == ["payments"]


# --- one's own ------------------------------------------------------------------------------------------


def test_a_report_is_replaced_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    door.write_self(tmp_path, PERSON, report(as_of=date(2026, 10, 15)))
    path = door.write_self(tmp_path, PERSON, report(as_of=date(2026, 10, 16)))
    assert door.read_self(tmp_path, PERSON, Q3).body["computed_on"] == "2026-10-16"
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(
    "guess", ["0e" * 16, "", ".", "..", "../teams/payments", "a/b", "a\0b", PERSON + "\n", "é"]
)
def test_a_guessed_id_is_answered_like_an_unknown_one(tmp_path: Path, guess: str) -> None:
    door.write_self(tmp_path, PERSON, report())
    door.publish(tmp_path, release())
    with pytest.raises(NoReport) as unknown:
        door.read_self(tmp_path, "f" * 32, Q3)
    with pytest.raises(NoReport) as guessed:
        door.read_self(tmp_path, guess, Q3)
    assert str(guessed.value) == str(unknown.value)


def test_a_guessed_id_takes_the_steps_of_an_unknown_one(tmp_path: Path, steps_of: StepsOf) -> None:
    door.write_self(tmp_path, PERSON, report())

    def asked(person_id: str) -> None:
        with pytest.raises(NoReport):
            door.read_self(tmp_path, person_id, Q3)

    unknown = steps_of(lambda: asked("f" * 32))
    assert unknown[-1][2] == "open"
    for guess in ("0e" * 16, "", ".", "../teams/payments", "a/b", "a\0b", PERSON + "\n", "é"):
        assert steps_of(lambda guess=guess: asked(guess)) == unknown


def test_a_report_of_another_window_is_answered_like_an_unknown_id(tmp_path: Path) -> None:
    door.write_self(tmp_path, PERSON, report())
    with pytest.raises(NoReport, match="no report here for 2026Q2"):
        door.read_self(tmp_path, PERSON, Q2)


def test_a_report_that_is_cut_off_is_no_report(tmp_path: Path) -> None:
    path = door.write_self(tmp_path, PERSON, report())
    path.write_text(path.read_text()[:100])
    with pytest.raises(NoReport):
        door.read_self(tmp_path, PERSON, Q3)


@pytest.mark.parametrize("person_id", ["../x", "", "a/b", "."])
def test_a_report_is_not_written_outside_its_folder(tmp_path: Path, person_id: str) -> None:
    with pytest.raises(ValueError, match="only letters, digits"):
        door.write_self(tmp_path / "published", person_id, report())
    assert [*tmp_path.iterdir()] == []


# --- modes and names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_files_and_folders_let_in_whom_they_should_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        release_path = door.publish(tmp_path, release())
        notice = door.withdraw(tmp_path, "payments", Q3, "reviews", withdrawn_on=date(2026, 11, 1))
        report_path = door.write_self(tmp_path, PERSON, report())
    finally:
        os.umask(before)
    teams = tmp_path / "teams"
    assert [mode(path) for path in (release_path, notice, teams / "manifest.json")] == ["640"] * 3
    assert [mode(path) for path in (teams, release_path.parent, notice.parent)] == ["750"] * 3
    assert mode(report_path) == "600"
    assert [mode(path) for path in (tmp_path / "people", report_path.parent)] == ["700"] * 2


HOSTILE = [
    "../../etc",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "manifest.json",
    "Payments",
    "PAYMENTS",
    "payments ",
    "payments\n",
    "søk",
    "\u202epayments",
    "é",
    "e\u0301",
    "=cmd()",
    "<script>",
    "~",
    "con.",
    "x" * 300,
    "-rf",
    "\ud800",
    published.folder_name("Payments"),
]


@pytest.mark.parametrize("team", [name for name in HOSTILE if name != "\ud800"])
def test_a_hostile_team_name_stays_in_its_own_folder(tmp_path: Path, team: str) -> None:
    home = tmp_path / "published"
    door.publish(home, release())
    path = door.publish(home, release(team=team))
    assert path.resolve().parents[1] == (home / "teams").resolve()
    assert door.read_team(home, team, Q3).body["team"] == team
    assert sorted(each.name for each in home.parent.iterdir()) == ["published"]
    assert door.verify(home) == []


def test_no_two_names_share_a_folder() -> None:
    names = [*HOSTILE, "payments"]
    folders = [published.folder_name(name) for name in names]
    assert len({folder.lower() for folder in folders}) == len(names)
    assert all(len(folder) < 80 for folder in folders)


def test_an_unreadable_name_is_asked_for_without_breaking_anything(tmp_path: Path) -> None:
    door.publish(tmp_path, release())
    for team in HOSTILE:
        with pytest.raises(UnknownTeam):
            door.read_team(tmp_path, team, Q3)


# --- builders -------------------------------------------------------------------------------------------


def policy() -> Policy:
    return load_policy(ROOT / "agreement.yaml")


def release(
    *,
    team: str = "payments",
    window: Window = Q3,
    members: set[str] | None = None,
    traces: set[str] | None = None,
) -> Released:
    return door.release_team(
        team=team,
        window=window,
        members=members or {"p1", "p2", "p3", "p4", "p5"},
        traces=dict.fromkeys(("reviews", "docs"), traces or {"p1"}),
        items=[item("reviews") | {"bandable": True}, item("docs") | {"bandable": True}],
        sources=[source()],
        rubric={"id": "ic1", "title": "Engineer"},
        policy=policy(),
        published_on=date(2026, 10, 15),
    )


def report(*, as_of: date = date(2026, 10, 15)) -> Released:
    return door.release_self(
        window=Q3,
        as_of=as_of,
        team="payments",
        rubric={"id": "ic1", "title": "Engineer"},
        sources=[source()],
        items=[
            item("reviews")
            | {"state": "none seen", "rule": None, "map": "map.yaml:1", "evidence": [], "signals": []}
        ],
        policy=policy(),
    )


def item(slug: str) -> dict[str, Any]:
    return {
        "item": slug,
        "pillar": "Craft",
        "group": "Code",
        "says": "Reviews.",
        "class": "observable",
        "because": None,
        "question": None,
        "misleads": [],
        "sources": ["github"],
    }


def source() -> dict[str, Any]:
    return {"source": "github", "complete": True, "from": None, "through": None, "because": None}


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def record_as_it_is(home: Path, path: Path) -> None:
    """What somebody does who can write the manifest too."""
    manifest = json.loads((home / "teams" / "manifest.json").read_text())
    manifest["files"]["payments/2026Q3.json"] = published.digest(path.read_text())
    (home / "teams" / "manifest.json").write_text(json.dumps(manifest))
