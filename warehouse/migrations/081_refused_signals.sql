-- A signal whose rows name people on objects in which they took no part is refused: none of its rows is kept.
create table refused_signals (
  signal varchar not null,
  wrong_rows bigint not null,       -- how many of its rows are about somebody else
  seen_by bigint not null,          -- first run that refused it
  superseded_by bigint              -- first run that did not, or found another number; null: it still does
);

-- rows that were stored before they were checked are computed again, once, and checked
delete from signal_runs;
