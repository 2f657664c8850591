-- What a count found different from what was stored, and was then fetched again: the nights' corrections.

create table repairs (
  source varchar not null,
  scope varchar not null,
  day date not null,                -- the day of the night that found it
  kind varchar not null,            -- pull_requests, issues, incidents ...
  reason varchar not null,          -- missing, counts_differ, vanished, threads_differ
  objects bigint not null           -- how many were fetched again, or forgotten
);
