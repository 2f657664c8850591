"""What people say, share and decide about their own results: notes, contests, shares, opting out.

A file and a lock of its own, held for an instant, so that people and nights do not wait for each other.
People are ids that only the vault can resolve. Deleting a row leaves its bytes in a DuckDB file, so the
file is written anew after each deletion.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
from filelock import FileLock

from warehouse.files import as_owner_only
from warehouse.migrating import migrate
from warehouse.rewrite import rewrite
from warehouse.rights_rows import Contest, Counted, Decision, Delivery, Note, Share, SharedEarly
from warehouse.waiting import waits_while_locked

MIGRATIONS = Path(__file__).parent / "migrations_rights"
_BEFORE_NUMBERS = {
    "001_what_people_say.sql": ("notes", "said"),
    "002_counted_again.sql": ("opt_outs", "counted_again_on"),
}

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

_PATIENCE_SECONDS = 60
_patiently = waits_while_locked(_PATIENCE_SECONDS)  # an erasure opens every database by itself


@contextmanager
def opened(path: Path, people: Mapping[str, Collection[str]] = MappingProxyType({})) -> Iterator[Rights]:
    """The file, for an instant and alone: all that is done inside is kept together, or none of it.

    `people` has every id of each person (`vault_lookup.find_ids`). A row keeps the id that it was written
    under, so that a link of accounts can be undone; whoever reads it is told the id that leads to now.
    """
    with as_owner_only():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600, timeout=_PATIENCE_SECONDS):
            rights = Rights(path, people)
            try:
                yield rights
            except BaseException:
                rights.close(keep=False)
                raise
            rights.close(keep=True)
            if rights.deleted:
                rewrite(path)


class Rights:
    """The open file; made by `opened` only."""

    def __init__(self, path: Path, people: Mapping[str, Collection[str]]) -> None:
        self._ids = people
        self._person = {own: person_id for person_id, ids in people.items() for own in ids}
        self.con = _patiently(duckdb.connect)(path)
        self.deleted = False
        migrate(self.con, MIGRATIONS, _BEFORE_NUMBERS)
        self.con.execute("begin")

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
        rows = self.con.execute(
            "select * from notes "
            "where list_contains($ids, person_id) and quarter = coalesce($quarter, quarter) order by all",
            {"ids": self._ids_of(person_id), "quarter": quarter},
        ).fetchall()
        return [Note(*self._resolved(row)) for row in rows]

    def write_note(self, note: Note) -> None:
        """Puts a note in the place of the one of its kind before."""
        self.delete_note(note.person_id, note.quarter, note.item, note.kind)
        self.con.execute("insert into notes values (?, ?, ?, ?, ?, ?)", list(note))

    def delete_note(self, person_id: str, quarter: str, item: str, kind: str) -> bool:
        """Whether there was one; its bytes are gone when the file is closed."""
        return self._delete(
            "notes where list_contains(?, person_id) and quarter = ? and item = ? and kind = ?",
            [self._ids_of(person_id), quarter, item, kind],
        )

    # --- contests ---------------------------------------------------------------------------------------

    def contests(self, person_id: str | None = None) -> list[Contest]:
        """Everybody's contests, or one person's, in the order they were opened."""
        rows = self.con.execute(
            "select * from contests where coalesce(list_contains(?, person_id), true) order by rowid",
            [person_id and self._ids_of(person_id)],
        ).fetchall()
        return [Contest(*self._resolved(row)) for row in rows]

    def contest(self, person_id: str, quarter: str, item: str, because: str, on: date) -> Contest:
        """Opens a contest, in the place of an earlier one of the same cell."""
        self.take_back(person_id, quarter, item)
        made = Contest(_random_id(), person_id, quarter, item, because, on, "open", None, None)
        self.con.execute("insert into contests values (?, ?, ?, ?, ?, ?, ?, ?, ?)", list(made))
        return made

    def take_back(self, person_id: str, quarter: str, item: str) -> bool:
        """Whether there was a contest of this cell, decided or not; now there is none."""
        return self._delete(
            "contests where list_contains(?, person_id) and quarter = ? and item = ?",
            [self._ids_of(person_id), quarter, item],
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
        rows = self.con.execute(
            "select * from shares where coalesce(list_contains(?, person_id), true) order by rowid",
            [person_id and self._ids_of(person_id)],
        ).fetchall()
        return [Share(*self._resolved(row)) for row in rows]

    def share_of_token(self, token_sha256: str) -> Share | None:
        """The share that a token of this hash opens, whatever became of it.

        One that never was takes the same steps as one that ended.
        """
        row = self.con.execute("select * from shares where token_sha256 = ?", [token_sha256]).fetchone()
        share = Share(*self._resolved(row or [None] * len(Share._fields)))
        return share if row else None

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
        """Remembers that somebody else saw their cells before this quarter was published, whatever comes."""
        if SharedEarly(person_id, quarter) not in self.shared_early():
            self.con.execute("insert into shared_early values (?, ?)", [person_id, quarter])

    def shared_early(self) -> list[SharedEarly]:
        """Who shared something of which quarter before it was published."""
        rows = self.con.execute("select person_id, quarter from shared_early order by all").fetchall()
        return [SharedEarly(*self._resolved(row)) for row in rows]

    def revoke(self, person_id: str, share_id: str, on: date) -> bool:
        """Whether a share of this person was still open; now it is not."""
        revoked = self.con.execute(
            "update shares set revoked_on = ? "
            "where list_contains(?, person_id) and share_id = ? and revoked_on is null returning share_id",
            [on, self._ids_of(person_id), share_id],
        ).fetchall()
        return bool(revoked)

    def note_view(self, share: Share, on: date) -> None:
        """Writes down for the owner that their share was opened on this day."""
        self.con.execute("insert into share_views values (?, ?, ?)", [share.share_id, share.person_id, on])

    def views(self, person_id: str) -> dict[str, list[date]]:
        """On which days each share of this person was opened: one day for each opening."""
        days_of: dict[str, list[date]] = {}
        for share_id, day in self.con.execute(
            "select share_id, viewed_on from share_views where list_contains(?, person_id) order by all",
            [self._ids_of(person_id)],
        ).fetchall():
            days_of.setdefault(share_id, []).append(day)
        return days_of

    def forget_expired(self, before: date) -> int:
        """Deletes shares that ended before this day, and who opened them; returns how many shares."""
        ended = "select share_id from shares where ends_on < $before"
        self.con.execute(f"delete from share_views where share_id in ({ended})", {"before": before})
        gone = self.con.execute(
            "delete from shares where ends_on < $before returning share_id", {"before": before}
        ).fetchall()
        self.deleted |= bool(gone)
        return len(gone)

    def forget_quarters(self, before: str) -> int:
        """Deletes what was said of quarters before this one, and who was counted in them; how many rows."""
        gone = 0
        for table in ("notes", "contests", "shared_early", "counted"):
            rows = self.con.execute(f"delete from {table} where quarter < ? returning true", [before])
            gone += len(rows.fetchall())
        self.deleted |= gone > 0
        return gone

    # --- opting out -------------------------------------------------------------------------------------

    def opt_outs(self) -> dict[str, date]:
        """The people who opted out, with the day."""
        return self._out("ended_on is null")

    def opted_in_again(self) -> dict[str, date]:
        """Who is in again and was not taken up by a night yet, and since when they had been out."""
        return self._out("ended_on is not null and counted_again_on is null")

    def opt_out(self, person_id: str, since: date) -> None:
        """Opts somebody out, from the earlier day where no night has taken up that they are in again."""
        before = [*self.opt_outs().items(), *self.opted_in_again().items()]
        first = min([since, *(day for person, day in before if person == person_id)])
        self._delete(
            "opt_outs where list_contains(?, person_id) and counted_again_on is null",
            [self._ids_of(person_id)],
        )
        self.con.execute("insert into opt_outs values (?, ?, null, null)", [person_id, first])

    def opt_in(self, person_id: str, on: date) -> bool:
        """Whether somebody was out; now they are not."""
        ended = self.con.execute(
            "update opt_outs set ended_on = ? where list_contains(?, person_id) and ended_on is null "
            "returning since",
            [on, self._ids_of(person_id)],
        ).fetchall()
        return bool(ended)

    def note_counted_again(self, person_id: str, on: date) -> None:
        """Remembers that from this day's night on somebody is in again."""
        self.con.execute(
            "update opt_outs set counted_again_on = ? where list_contains(?, person_id) "
            "and ended_on is not null and counted_again_on is null",
            [on, self._ids_of(person_id)],
        )

    def was_out(self, person_id: str, on: date, before: date) -> bool:
        """Whether, as a night of day `on` knew it, somebody was out on a day before `before`."""
        row = self.con.execute(
            "select count(*) from opt_outs where list_contains(?, person_id) and since < ? and since <= ? "
            "and coalesce(counted_again_on > ?, true)",
            [self._ids_of(person_id), before, on, on],
        ).fetchone()
        return bool(row and row[0])

    def _out(self, condition: str) -> dict[str, date]:
        rows = self.con.execute(
            f"select person_id, since from opt_outs where {condition} order by all"
        ).fetchall()
        since_of: dict[str, date] = {}
        for own_id, since in rows:
            person = self._person.get(own_id, own_id)
            since_of[person] = min(
                since, since_of.get(person, since)
            )  # with two accounts, from the earlier day
        return since_of

    # --- what is published and delivered ------------------------------------------------------------------

    def counted(self, person_id: str, quarter: str | None = None) -> list[Counted]:
        """The releases somebody was counted in."""
        rows = self.con.execute(
            "select * from counted where list_contains(?, person_id) and quarter = coalesce(?, quarter) "
            "order by all",
            [self._ids_of(person_id), quarter],
        ).fetchall()
        return [Counted(*self._resolved(row)) for row in rows]

    def knows_who_was_counted(self, team: str, quarter: str) -> bool:
        """Whether it was remembered who was counted in a release; of one by an older Sightline it was not."""
        row = self.con.execute(
            "select count(*) from counted where team = ? and quarter = ?", [team, quarter]
        ).fetchone()
        return bool(row and row[0])

    def drawn_in(self, team: str, quarter: str) -> frozenset[str]:
        """People for whom a random answer was counted in the releases of a team."""
        rows = self.con.execute(
            "select person_id from counted where team = ? and quarter = ? and drawn", [team, quarter]
        ).fetchall()
        return frozenset(self._person.get(person, person) for (person,) in rows)

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
        """The last delivery of each person's report."""
        rows = self.con.execute("select * from deliveries order by all").fetchall()
        records = [Delivery(*self._resolved(row)) for row in rows]
        return {each.person_id: each for each in records}

    def note_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        """Remembers these deliveries in the place of all before."""
        self._delete("deliveries where true", [])
        self._insert("deliveries", deliveries)

    def draw_key(self) -> str:
        """The secret that chance is drawn with, made when it is first needed."""
        row = self.con.execute("select min(secret) from draw_key").fetchone()
        if row and row[0]:
            return str(row[0])
        made = secrets.token_hex(32)
        self.con.execute("insert into draw_key values (?)", [made])
        return made

    def _ids_of(self, person_id: str) -> list[str]:
        return sorted({person_id, *self._ids.get(person_id, ())})

    def _resolved(self, row: Sequence[Any]) -> list[Any]:
        """The row with everybody under the id they go by now."""
        return [self._person.get(value, value) if isinstance(value, str) else value for value in row]

    def _delete(self, where: str, values: list[object]) -> bool:
        rows = self.con.execute(f"delete from {where} returning true", values).fetchall()
        self.deleted |= bool(rows)
        return bool(rows)

    def _insert(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            self.con.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))


def _random_id() -> str:
    return secrets.token_hex(8)
