"""The file of what people say and decide: kept whole, read under the id that people go by now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pytest

from config.settings import Settings
from flows import retention
from warehouse import rights
from warehouse.rights_rows import Note, SharedEarly

TODAY = date(2026, 10, 1)
LINKED = {"first": {"first", "second"}}
"""Two accounts of one person, who goes by `first`."""


def test_what_was_said_under_a_second_account_is_ones_own_until_they_part_again(path: Path) -> None:
    with rights.opened(path) as own:
        own.write_note(Note("second", "2026Q3", "item", "note", "hello", TODAY))
        own.contest("second", "2026Q3", "item", "missing", TODAY)
        own.note_early("second", "2026Q3")
        own.opt_out("second", TODAY)
    with rights.opened(path, LINKED) as own:
        assert [note.said for note in own.notes("first")] == ["hello"]
        assert [contest.person_id for contest in own.contests()] == ["first"]
        assert own.shared_early() == [SharedEarly("first", "2026Q3")]
        assert own.opt_outs() == {"first": TODAY}
    with rights.opened(path) as own:
        assert own.notes("first") == []
        assert [note.person_id for note in own.notes("second")] == ["second"]


@pytest.mark.parametrize("earlier", ["first", "second"])
def test_whoever_opted_out_with_two_accounts_is_out_from_the_earlier_day(path: Path, earlier: str) -> None:
    with rights.opened(path) as own:
        for each in ("first", "second"):
            own.opt_out(each, date(2026, 7, 1) if each == earlier else TODAY)
    with rights.opened(path, LINKED) as own:
        assert own.opt_outs() == {"first": date(2026, 7, 1)}


def test_a_file_of_the_first_version_is_brought_up_to_this_one_and_keeps_all_it_holds(
    path: Path, tmp_path: Path
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path) as con:
        con.execute((rights.MIGRATIONS / "001_what_people_say.sql").read_text())
        con.execute("insert into notes values ('p', '2026Q3', 'item', 'note', 'hello', date '2026-07-02')")
        con.execute("insert into opt_outs values ('p', date '2026-07-01', date '2026-09-01')")
    for _ in range(2):
        with rights.opened(path) as own:
            assert [note.said for note in own.notes("p")] == ["hello"]
            assert own.opted_in_again() == {"p": date(2026, 7, 1)}
    with rights.opened(path) as own:
        own.note_counted_again("p", TODAY)
        own.opt_out("p", TODAY)
        assert own.opt_outs() == {"p": TODAY}
    with rights.opened(tmp_path / "new.duckdb"):
        pass
    assert columns_of(path) == columns_of(tmp_path / "new.duckdb")


def test_a_file_from_before_migrations_were_numbered_stays_as_it_is(path: Path) -> None:
    with rights.opened(path) as own:
        own.opt_out("p", TODAY)
    with duckdb.connect(path) as con:
        con.execute("drop table migrations")
    for _ in range(2):
        with rights.opened(path) as own:
            assert own.opt_outs() == {"p": TODAY}


def test_all_that_is_done_at_once_is_kept_or_none_of_it(path: Path) -> None:
    def killed() -> None:
        with rights.opened(path) as own:
            own.write_note(Note("p", "2026Q3", "item", "note", "hello", TODAY))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    with rights.opened(path) as own:
        assert own.notes("p") == []
        own.write_note(Note("p", "2026Q3", "item", "note", "hello", TODAY))
        own.keep()
    with rights.opened(path) as own:
        assert len(own.notes("p")) == 1


def test_expired_shares_go_and_that_somebody_shared_early_stays(path: Path) -> None:
    with rights.opened(path) as own:
        for token, ends_on in (("ended", date(2026, 10, 8)), ("running", date(2026, 10, 9))):
            share = own.share("p", "reader", token, "2026Q3", ["item"], False, (TODAY, ends_on))
            own.note_view(share, TODAY)
        own.note_early("p", "2026Q3")
        assert own.forget_expired(date(2026, 10, 9)) == 1
        assert [share.token_sha256 for share in own.shares("p")] == ["running"]
        assert list(own.views("p")) == [own.shares("p")[0].share_id]
        assert own.shared_early() == [SharedEarly("p", "2026Q3")]


def test_what_was_said_of_a_quarter_goes_with_its_report(path: Path) -> None:
    with rights.opened(path) as own:
        for quarter in ("2025Q4", "2026Q1"):
            own.write_note(Note("p", quarter, "item", "note", f"said in {quarter}", TODAY))
            own.contest("p", quarter, "item", "missing", TODAY)
            own.note_early("p", quarter)
            own.note_counted("team", quarter, "ic1", {"p"}, set())
        assert own.forget_quarters("2026Q1") == 4
    with rights.opened(path) as own:
        assert [note.quarter for note in own.notes("p")] == ["2026Q1"]
        assert [each.quarter for each in (*own.contests(), *own.shared_early(), *own.counted("p"))] == [
            "2026Q1"
        ] * 3
    assert b"said in 2025Q4" not in path.read_bytes()


@pytest.mark.parametrize(
    ("floor", "first_kept"),
    [(date(2025, 7, 1), "2025Q3"), (date(2025, 7, 2), "2025Q4"), (date(2025, 9, 30), "2025Q4")],
)
def test_the_first_quarter_that_is_kept_begins_at_the_floor_or_after(
    tmp_path: Path, floor: date, first_kept: str
) -> None:
    settings = Settings(home=tmp_path, roster=tmp_path / "roster.csv")
    quarters = ["2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    with rights.opened(settings.rights_file) as own:
        for quarter in quarters:
            own.note_early("p", quarter)
    retention._remove_words(settings, floor)
    with rights.opened(settings.rights_file) as own:
        assert [each.quarter for each in own.shared_early()] == [
            each for each in quarters if each >= first_kept
        ]


def test_many_who_write_at_the_same_time_are_all_kept(path: Path) -> None:
    def write(number: int) -> None:
        with rights.opened(path) as own:
            own.write_note(Note(f"p{number}", "2026Q3", "item", "note", "hello", TODAY))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    with rights.opened(path) as own:
        assert [len(own.notes(f"p{number}")) for number in range(24)] == [1] * 24


def test_who_opts_in_and_out_again_is_out_since_the_first_day(path: Path) -> None:
    with rights.opened(path) as own:
        own.opt_out("p", date(2026, 10, 5))
        assert own.opt_in("p", date(2026, 10, 7))
        assert not own.opt_in("p", date(2026, 10, 7))
        assert (own.opt_outs(), own.opted_in_again()) == ({}, {"p": date(2026, 10, 5)})
        own.opt_out("p", date(2026, 10, 9))
        assert (own.opt_outs(), own.opted_in_again()) == ({"p": date(2026, 10, 5)}, {})


@pytest.mark.parametrize(
    ("on", "before", "out"),
    [
        (date(2026, 10, 4), date(2027, 1, 1), False),  # not yet
        (date(2026, 10, 5), date(2027, 1, 1), True),
        (date(2026, 10, 8), date(2026, 10, 5), False),  # a window that ended before
        (date(2026, 10, 8), date(2026, 10, 6), True),
        (date(2026, 10, 9), date(2027, 1, 1), False),  # that night took it up
    ],
)
def test_what_a_former_night_knew_of_an_opt_out(path: Path, on: date, before: date, out: bool) -> None:
    with rights.opened(path) as own:
        own.opt_out("p", date(2026, 10, 5))
        own.opt_in("p", date(2026, 10, 7))
        assert own.was_out("p", date(2026, 12, 31), before) is (before > date(2026, 10, 5))
        own.note_counted_again("p", date(2026, 10, 9))
        assert own.was_out("p", on, before) is out


def test_the_same_coins_fall_the_same_way_for_ever(path: Path) -> None:
    with rights.opened(path) as own:
        first = own.draw_key()
    with rights.opened(path) as own:
        assert own.draw_key() == first
    assert len(first) == 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rights.duckdb"


def columns_of(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as con:
        return con.execute(
            "select table_name, column_index, column_name, data_type, is_nullable from duckdb_columns() "
            "order by all"
        ).fetchall()
