-- What people say, share and decide about their own results.

create table notes (
  person_id varchar not null,    -- who wrote it, about nobody but themselves
  quarter varchar not null,      -- 2026Q3
  item varchar not null,         -- the rubric item it stands beside
  kind varchar not null,         -- note, or contest: what is said with one
  said varchar not null,         -- the only free text that Sightline keeps
  written_on date not null
);
create table contests (
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
create table shares (
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
create table shared_early (
  person_id varchar not null,    -- whose cells of this quarter a reader or a resolver saw before it was published
  quarter varchar not null
);
create table share_views (
  share_id varchar not null,
  person_id varchar not null,    -- whose share was opened
  viewed_on date not null
);
create table opt_outs (
  person_id varchar not null,
  since date not null,           -- nothing that happened from this day on becomes evidence or is counted
  ended_on date                  -- the day they said that they are in again; null: still out
);
create table counted (
  person_id varchar not null,    -- who was counted in a release, and so is spoken of by its words
  team varchar not null,
  quarter varchar not null,
  rubric varchar not null,
  size bigint not null,          -- how many were; the roster says as much
  drawn boolean not null         -- by chance instead of by traces: they had contested, shared or opted out
);
create table deliveries (
  person_id varchar not null,    -- whose report lies encrypted under this name
  name varchar not null,         -- random
  sha256 varchar not null,       -- of what was encrypted last; empty: no key of theirs could be used
  delivered_on date not null
);
create table draw_key (
  secret varchar not null        -- what chance is drawn with: the same question always has the same answer
);
