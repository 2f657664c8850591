"""What people say, share and decide about their own results: notes, contests, shares, opting out.

A file of its own, opened for an instant and under a lock of its own, so that nobody waits for a night to end
and no night waits for anybody. Persons are ids that only the vault can read. Deleting a row leaves its bytes
in a DuckDB file, so whoever deletes gets the file written anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb
from filelock import FileLock

from warehouse.files import as_owner_only

SCHEMA = """
create table if not exists notes (
  person_id varchar not null,    -- who wrote it, about nobody but themselves
  quarter varchar not null,      -- 2026Q3
  item varchar not null,         -- the rubric item it stands beside
  kind varchar not null,         -- note, or contest: what is said with one
  said varchar not null,         -- the only free text that Sightline keeps
  written_on date not null
);
create table if not exists contests (
  contest_id varchar not null,   -- random
  person_id varchar not null,    -- who contests their own cell
  quarter varchar not null,
  item varchar not null,
  because varchar not null,      -- not-me, wrong-item, missing
  opened_on date not null,
  state varchar not null,        -- open, upheld, dismissed
  resolved_on date,
  resolver_id varchar            -- person_id of who decided; null: open, or not known to the vault
);
create table if not exists shares (
  share_id varchar not null,     -- random, and no secret
  person_id varchar not null,    -- who shares their own cells
  recipient_id varchar,          -- person_id of the one who may open it
  token_sha256 varchar not null, -- of the secret that opens it; the secret itself is kept nowhere
  quarter varchar not null,
  items varchar[] not null,
  with_notes boolean not null,
  shared_on date not null,
  ends_on date not null,         -- first day on which it no longer opens
  revoked_on date
);
create table if not exists shared_early (
  person_id varchar not null,    -- who shared something of this quarter before it was published, ended or not
  quarter varchar not null
);
create table if not exists share_views (
  share_id varchar not null,
  person_id varchar not null,    -- whose share was opened
  viewed_on date not null
);
create table if not exists opt_outs (
  person_id varchar not null,
  since date not null            -- nothing that happened from this day on becomes evidence or is counted
);
create table if not exists counted (
  person_id varchar not null,    -- who was counted in a release, and so is spoken of by its words
  team varchar not null,
  quarter varchar not null,
  rubric varchar not null,
  size bigint not null,          -- how many were; the roster says as much
  drawn boolean not null         -- by chance instead of by traces: they had contested, shared or opted out
);
create table if not exists deliveries (
  person_id varchar not null,    -- whose report lies encrypted under this name
  name varchar not null,         -- random
  sha256 varchar not null,       -- of what was encrypted last; empty: no key of theirs could be used
  delivered_on date not null
);
create table if not exists draw_key (
  secret varchar not null        -- what chance is drawn with: the same question always has the same answer
);
"""

TABLES = (
    "notes",
    "contests",
    "shares",
    "shared_early",
    "share_views",
    "opt_outs",
    "counted",
    "deliveries",
)
"""Every table that holds something about a person."""

Because = Literal["not-me", "wrong-item", "missing"]
NoteKind = Literal["note", "contest"]
Decision = Literal["upheld", "dismissed"]


class Note(NamedTuple):
    """What somebody wrote beside a cell of theirs."""

    person_id: str
    quarter: str
    item: str
    kind: str
    said: str
    written_on: date


class Contest(NamedTuple):
    """Somebody says that a cell of theirs is wrong; `state` says what became of it."""

    contest_id: str
    person_id: str
    quarter: str
    item: str
    because: str
    opened_on: date
    state: str
    resolved_on: date | None
    resolver_id: str | None


class Share(NamedTuple):
    """Some cells of one person, for one reader, until before `ends_on`."""

    share_id: str
    person_id: str
    recipient_id: str | None
    token_sha256: str
    quarter: str
    items: list[str]
    with_notes: bool
    shared_on: date
    ends_on: date
    revoked_on: date | None


class SharedEarly(NamedTuple):
    """Somebody shared something of a quarter before it was published."""

    person_id: str
    quarter: str


class Counted(NamedTuple):
    """Somebody was one of `size` people in a release."""

    person_id: str
    team: str
    quarter: str
    rubric: str
    size: int
    drawn: bool


class Delivery(NamedTuple):
    """Under which name somebody's encrypted report lies."""

    person_id: str
    name: str
    sha256: str
    delivered_on: date


@contextmanager
def opened(path: Path) -> Iterator[Rights]:
    """The file, for an instant and alone: all that is done inside is kept together, or none of it."""
    with as_owner_only():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600):
            rights = Rights(path)
            try:
                yield rights
            except BaseException:
                rights.close(keep=False)
                raise
            rights.close(keep=True)
            if rights.deleted:
                _written_anew(path)


class Rights:
    """The open file; made by `opened` only."""

    def __init__(self, path: Path) -> None:
        self.con = duckdb.connect(path)
        self.deleted = False
        self.con.execute("begin")
        self.con.execute(SCHEMA)

    def keep(self) -> None:
        """What was done so far stays, whatever happens next; the file stays locked."""
        self.con.execute("commit")
        self.con.execute("begin")

    def close(self, *, keep: bool) -> None:
        self.con.execute("commit" if keep else "rollback")
        self.con.close()
        del self.con  # whoever still holds this must not keep the driver alive

    # --- notes ------------------------------------------------------------------------------------------

    def notes(self, person_id: str, quarter: str | None = None) -> list[Note]:
        """What somebody wrote, in one quarter or ever."""
        found = self.con.execute(
            "select * from notes where person_id = $person_id and quarter = coalesce($quarter, quarter) "
            "order by all",
            {"person_id": person_id, "quarter": quarter},
        ).fetchall()
        return [Note(*row) for row in found]

    def write_note(self, note: Note) -> None:
        """Puts a note in the place of the one of its kind before."""
        self.delete_note(note.person_id, note.quarter, note.item, note.kind)
        self.con.execute("insert into notes values (?, ?, ?, ?, ?, ?)", list(note))

    def delete_note(self, person_id: str, quarter: str, item: str, kind: str) -> bool:
        """Whether there was one; its bytes are gone when the file is closed."""
        return self._delete(
            "notes where person_id = ? and quarter = ? and item = ? and kind = ?",
            [person_id, quarter, item, kind],
        )

    # --- contests ---------------------------------------------------------------------------------------

    def contests(self, person_id: str | None = None) -> list[Contest]:
        """Everybody's contests, or one person's, in the order they were opened."""
        found = self.con.execute(
            "select * from contests where person_id = coalesce(?, person_id) "
            "order by opened_on, quarter, item, contest_id",
            [person_id],
        ).fetchall()
        return [Contest(*row) for row in found]

    def contest(self, person_id: str, quarter: str, item: str, because: str, on: date) -> Contest:
        """Opens a contest, in the place of an earlier one of the same cell."""
        self.take_back(person_id, quarter, item)
        made = Contest(_random_id(), person_id, quarter, item, because, on, "open", None, None)
        self.con.execute("insert into contests values (?, ?, ?, ?, ?, ?, ?, ?, ?)", list(made))
        return made

    def take_back(self, person_id: str, quarter: str, item: str) -> bool:
        """Whether there was a contest of this cell, decided or not; now there is none."""
        return self._delete(
            "contests where person_id = ? and quarter = ? and item = ?", [person_id, quarter, item]
        )

    def resolve(self, contest_id: str, state: Decision, resolver_id: str | None, on: date) -> None:
        """Writes down how a contest was decided, and by whom."""
        self.con.execute(
            "update contests set state = ?, resolver_id = ?, resolved_on = ? where contest_id = ?",
            [state, resolver_id, on, contest_id],
        )

    # --- shares -----------------------------------------------------------------------------------------

    def shares(self, person_id: str | None = None) -> list[Share]:
        """Everybody's shares, or one person's, oldest first."""
        found = self.con.execute(
            "select * from shares where person_id = coalesce(?, person_id) order by shared_on, share_id",
            [person_id],
        ).fetchall()
        return [Share(*row) for row in found]

    def share_of_token(self, token_sha256: str) -> Share | None:
        """The share that a token of this hash opens, whatever became of it."""
        found = self.con.execute("select * from shares where token_sha256 = ?", [token_sha256]).fetchone()
        return Share(*found) if found else None

    def share(
        self,
        person_id: str,
        recipient_id: str,
        token_sha256: str,
        quarter: str,
        items: Sequence[str],
        with_notes: bool,
        span: tuple[date, date],
    ) -> Share:
        """Adds a share that opens from `span[0]` until before `span[1]`."""
        shared_on, ends_on = span
        made = Share(
            _random_id(),
            person_id,
            recipient_id,
            token_sha256,
            quarter,
            list(items),
            with_notes,
            shared_on,
            ends_on,
            None,
        )
        self.con.execute("insert into shares values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(made))
        return made

    def note_early(self, person_id: str, quarter: str) -> None:
        """Remembers that somebody shared before this quarter was published, however soon they revoke it."""
        if SharedEarly(person_id, quarter) not in self.shared_early():
            self.con.execute("insert into shared_early values (?, ?)", [person_id, quarter])

    def shared_early(self) -> list[SharedEarly]:
        """Who shared something of which quarter before it was published."""
        found = self.con.execute("select person_id, quarter from shared_early order by all").fetchall()
        return [SharedEarly(*row) for row in found]

    def revoke(self, person_id: str, share_id: str, on: date) -> bool:
        """Whether a share of this person was still open; now it is not."""
        found = self.con.execute(
            "update shares set revoked_on = ? where person_id = ? and share_id = ? and revoked_on is null "
            "returning share_id",
            [on, person_id, share_id],
        ).fetchall()
        return bool(found)

    def note_view(self, share: Share, on: date) -> None:
        """Writes down for the owner that their share was opened on this day."""
        self.con.execute("insert into share_views values (?, ?, ?)", [share.share_id, share.person_id, on])

    def views(self, person_id: str) -> dict[str, list[date]]:
        """On which days each share of this person was opened: one day for each opening."""
        found: dict[str, list[date]] = {}
        for share_id, day in self.con.execute(
            "select share_id, viewed_on from share_views where person_id = ? order by all", [person_id]
        ).fetchall():
            found.setdefault(share_id, []).append(day)
        return found

    def forget_expired(self, before: date) -> int:
        """Deletes shares that ended before this day, and who opened them; returns how many shares."""
        ended = "select share_id from shares where ends_on < $before"
        self.con.execute(f"delete from share_views where share_id in ({ended})", {"before": before})
        gone = self.con.execute(
            "delete from shares where ends_on < $before returning share_id", {"before": before}
        ).fetchall()
        self.deleted |= bool(gone)
        return len(gone)

    # --- opting out -------------------------------------------------------------------------------------

    def opt_outs(self) -> dict[str, date]:
        """Who opted out, and since when."""
        return dict(self.con.execute("select person_id, since from opt_outs order by all").fetchall())

    def opt_out(self, person_id: str, since: date) -> None:
        """Opts somebody out, from the earlier day where they were out already."""
        known = self.opt_outs().get(person_id, since)
        self.opt_in(person_id)
        self.con.execute("insert into opt_outs values (?, ?)", [person_id, min(known, since)])

    def opt_in(self, person_id: str) -> bool:
        """Whether somebody was out; now they are not."""
        return self._delete("opt_outs where person_id = ?", [person_id])

    # --- what is published and delivered ------------------------------------------------------------------

    def counted(self, person_id: str, quarter: str | None = None) -> list[Counted]:
        """The releases somebody was counted in."""
        found = self.con.execute(
            "select * from counted where person_id = ? and quarter = coalesce(?, quarter) order by all",
            [person_id, quarter],
        ).fetchall()
        return [Counted(*row) for row in found]

    def knows_who_was_counted(self, team: str, quarter: str) -> bool:
        """Whether it was remembered who was counted in a release; of one by an older Sightline it was not."""
        found = self.con.execute(
            "select count(*) from counted where team = ? and quarter = ?", [team, quarter]
        ).fetchone()
        return bool(found and found[0])

    def drawn_in(self, team: str, quarter: str) -> frozenset[str]:
        """Who was counted by chance in the releases of a team."""
        found = self.con.execute(
            "select person_id from counted where team = ? and quarter = ? and drawn", [team, quarter]
        ).fetchall()
        return frozenset(person for (person,) in found)

    def note_counted(
        self, team: str, quarter: str, rubric: str, people: Collection[str], drawn: Collection[str]
    ) -> None:
        """Remembers who was counted in a release, in the place of what was remembered of it before."""
        self.con.execute(
            "delete from counted where team = ? and quarter = ? and rubric = ?", [team, quarter, rubric]
        )
        self._insert(
            "counted",
            [(person, team, quarter, rubric, len(people), person in drawn) for person in sorted(people)],
        )

    def deliveries(self) -> dict[str, Delivery]:
        """Whose report lies where."""
        rows = self.con.execute("select * from deliveries order by all").fetchall()
        return {row[0]: Delivery(*row) for row in rows}

    def note_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        """Remembers these deliveries in the place of all before."""
        self._delete("deliveries where true", [])
        self._insert("deliveries", deliveries)

    def draw_key(self) -> str:
        """The secret that chance is drawn with, made when it is first needed."""
        found = self.con.execute("select min(secret) from draw_key").fetchone()
        if found and found[0]:
            return str(found[0])
        made = secrets.token_hex(32)
        self.con.execute("insert into draw_key values (?)", [made])
        return made

    def _delete(self, where: str, values: list[object]) -> bool:
        found = self.con.execute(f"delete from {where} returning true", values).fetchall()
        self.deleted |= bool(found)
        return bool(found)

    def _insert(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            self.con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))


def _random_id() -> str:
    return secrets.token_hex(8)


def _written_anew(path: Path) -> None:
    """The same rows in a new file: what was deleted is in no byte of it. The caller holds the lock."""
    draft = path.with_name(f".{path.name}.anew")
    draft.unlink(missing_ok=True)
    with duckdb.connect() as con:
        for name, file in (("old", path), ("new", draft)):
            quoted = str(file).replace("'", "''")
            con.execute(f"attach '{quoted}' as {name}")
        con.execute("copy from database old to new")
    draft.replace(path)
