-- What each run knew. A row is valid from the run that first saw it until before the run that no longer did, so
-- a report of a former day is computed again from these tables, and "why did this change" has an answer.

create table runs (
  run bigint not null,              -- counts up; 1 is the first run that kept history
  run_id varchar not null,          -- names the run's receipt
  as_of date not null,              -- the day the run was for
  is_reported boolean not null      -- whether it came as far as writing everybody's report
);

alter table evidence add column seen_by bigint;      -- run that first saw this row; null: before history was kept
alter table opportunities add column seen_by bigint; -- likewise

create table evidence_past (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null,
  source_kind varchar not null,
  source_id varchar not null,
  seen_by bigint,                   -- as in evidence
  superseded_by bigint not null     -- first run that no longer found the row
);
create table opportunities_past (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null,
  seen_by bigint,                   -- as in opportunities
  superseded_by bigint not null     -- first run that no longer found the row
);
create table membership_log (
  person_id varchar not null,
  team varchar not null,
  manager_id varchar,               -- person_id
  starts_on date not null,
  ends_on date,                     -- first day no longer in the team; null: still
  rubric varchar not null,
  seen_by bigint not null,          -- first run whose roster said so
  superseded_by bigint              -- first run whose roster no longer did; null: it still does
);
create table account_log (
  person_id varchar not null,
  source varchar not null,
  accounts bigint not null,         -- how many accounts of theirs are known there; which, only the vault knows
  seen_by bigint not null,
  superseded_by bigint
);
create table rule_versions (
  kind varchar not null,            -- signal, map, agreement
  name varchar not null,            -- of the file
  sha256 varchar not null,          -- of the file, whose text is kept under this name in the folder `rules`
  seen_by bigint not null,
  superseded_by bigint
);
create table source_log (
  run bigint not null,
  source varchar not null,
  account_source varchar not null,  -- whose accounts it names people by
  fills varchar[] not null,         -- tables that it fills
  starts_on date not null,          -- the days that were asked about, from this one
  ends_on date not null,            -- until before this one
  from_day date,
  through_day date,
  is_complete boolean not null,
  because varchar                   -- why it is not
);
create table source_objects (
  source_kind varchar not null,     -- as in evidence
  source_id varchar not null,
  address_id varchar not null,      -- key in addresses
  place varchar not null            -- what follows the address: pull/12
);
create table addresses (
  address_id varchar not null,      -- a repository or an incident
  url varchar not null,
  seen_by bigint not null,
  superseded_by bigint
);
