-- Every column that holds a person holds `person_id`: a random id whose meaning only the vault knows.
-- Every column that holds a moment holds a date. Nothing here is free text.

create table persons (
  person_id varchar not null,   -- random 128-bit id, hex; the vault knows whose
  is_bot boolean not null       -- by the source's type or by roster; bots never become evidence
);
create table repositories (
  repository_id varchar not null, -- GitHub node id
  name varchar not null,          -- owner/name today
  url varchar not null,
  is_archived boolean not null
);
create table pull_requests (
  pull_request_id varchar not null, -- GitHub node id
  repository_id varchar not null,
  number bigint not null,
  author_id varchar,                -- person_id; null for a deleted account
  state varchar not null,           -- open, merged, closed
  is_draft boolean not null,
  created_on date not null,
  merged_on date,
  closed_on date,
  touches_code boolean not null,
  touches_tests boolean not null,
  touches_docs boolean not null,
  touches_experiments boolean not null,
  touches_designs boolean not null,
  is_generated_only boolean not null,
  is_backport boolean not null,
  is_revert boolean not null,
  has_description boolean not null,
  has_context boolean not null,
  size_band varchar not null,       -- small, medium, large, unknown
  reviews_total bigint not null,    -- what the source says exists, to hold against what is stored
  reviews_left_out bigint not null, -- pending reviews: counted by the source, not kept
  threads_total bigint not null,
  review_comments_total bigint not null,
  comments_total bigint not null
);
create table closing_references (
  pull_request_id varchar not null,
  issue_id varchar not null         -- the tracked issue this pull request closes
);
create table commits (
  pull_request_id varchar not null,
  commit_id varchar not null,
  committed_on date not null,
  position bigint not null          -- order among everything on the pull request
);
create table commit_authors (
  pull_request_id varchar not null,
  commit_id varchar not null,
  person_id varchar not null
);
create table reviews (
  review_id varchar not null,
  pull_request_id varchar not null,
  reviewer_id varchar,              -- person_id; null for a deleted account
  state varchar not null,           -- approved, changes_requested, commented, dismissed
  submitted_on date not null,
  position bigint not null,
  has_body boolean not null,
  asks_question boolean not null
);
create table review_threads (
  thread_id varchar not null,
  pull_request_id varchar not null,
  is_resolved boolean not null,
  resolver_id varchar,              -- person_id
  is_outdated boolean not null      -- the lines it stands on were changed by a later push
);
create table review_comments (
  comment_id varchar not null,
  thread_id varchar not null,
  pull_request_id varchar not null,
  review_id varchar,
  author_id varchar,
  created_on date not null,
  position bigint not null,
  asks_question boolean not null,
  has_suggestion boolean not null
);
create table comments (
  comment_id varchar not null,
  parent_kind varchar not null,     -- pull_request, issue
  parent_id varchar not null,
  author_id varchar,
  created_on date not null,
  position bigint not null,
  asks_question boolean not null
);
create table issues (
  issue_id varchar not null,
  repository_id varchar not null,
  number bigint not null,
  author_id varchar,
  state varchar not null,           -- open, closed
  closed_as varchar,                -- completed, not_planned, duplicate
  created_on date not null,
  closed_on date,
  kinds varchar[] not null,         -- incident, regression, bug, question, proposal, follow_up
  asks_question boolean not null,
  comments_total bigint not null
);
create table issue_assignees (
  issue_id varchar not null,
  person_id varchar not null
);
create table issue_events (
  event_id varchar not null,
  issue_id varchar not null,
  kind varchar not null,            -- labeled, assigned, closed, reopened
  actor_id varchar,
  assignee_id varchar,
  occurred_on date not null,
  position bigint not null
);
create table incidents (
  incident_id varchar not null,
  source varchar not null,
  url varchar,
  service_id varchar,
  severity varchar,
  opened_on date not null,
  resolved_on date,
  merged_into varchar               -- incident_id this one was merged into or duplicates
);
create table incident_actions (
  action_id varchar not null,
  incident_id varchar not null,
  actor_id varchar,
  kind varchar not null,            -- declared, acknowledged, responded, role, updated, resolved, fixed, ...
  role varchar,
  by_hand boolean not null,         -- false for what a robot did on its own
  occurred_on date not null,
  position bigint not null
);
create table incident_fixes (
  incident_id varchar not null,
  repository_name varchar not null, -- owner/name
  number bigint not null            -- of the pull request the incident names as its fix
);
create table oncall_shifts (
  shift_id varchar not null,
  source varchar not null,
  schedule_id varchar not null,
  person_id varchar not null,
  starts_on date not null,
  ends_on date not null             -- last day, included
);
create table oncall_services (
  shift_id varchar not null,
  service_id varchar not null
);
create table interviews (
  interview_id varchar not null,
  source varchar not null,
  interviewer_id varchar not null,
  held_on date not null,
  scorecard_on date
);
create table memberships (
  person_id varchar not null,
  team varchar not null,
  manager_id varchar,               -- person_id
  starts_on date not null,
  ends_on date,                     -- first day no longer in the team; null: still
  rubric varchar not null
);

create table evidence (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null,
  source_kind varchar not null,     -- pull_request, issue, incident, oncall_shift, interview
  source_id varchar not null        -- key in the table of that kind
);
create table opportunities (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null         -- a day on which the thing could have come up
);
create table signal_runs (
  signal varchar not null,
  sha256 varchar not null           -- of the file whose evidence is stored
);
create table dirty_months (
  month date not null               -- first day of a month whose evidence must be computed again
);

create table scopes (
  scope_key varchar not null,       -- {source}:{scope}: what a root was fetched under
  root_kind varchar not null,       -- pull_requests, issues, incidents, oncall_shifts, interviews
  root_id varchar not null
);
create table cursors (
  source varchar not null,
  scope varchar not null,
  cursor varchar not null           -- opaque; only the connector reads it
);
create table reconciled (
  source varchar not null,
  scope varchar not null,
  starts_on date not null,          -- the source was held against the store from this day
  ends_on date not null,            -- until before this day
  passed boolean not null
);
create table expected (
  source varchar not null,
  scope varchar not null,
  quarter varchar not null,         -- 2026Q3, by the day the object was created
  kind varchar not null,
  expected bigint not null,         -- what the source says exists
  stored bigint not null            -- what is here
);
create table gaps (
  source varchar not null,
  scope varchar not null,
  kind varchar not null,
  starts_on date not null,
  ends_on date not null,            -- first whole day again
  reason varchar not null,          -- a code
  object_id varchar                 -- what could not be fetched, if it has a name
);
