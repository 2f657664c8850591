-- What is newly taken of pull requests. Old rows get the values that claim nothing; the next night reads every
-- repository again, because what is added below an object later would otherwise never come.

create table pull_request_events (
  event_id varchar not null,
  pull_request_id varchar not null,
  kind varchar not null,            -- review_requested, review_request_removed, ready_for_review, ...
  actor_id varchar,                 -- person_id; a merge queue is a robot
  reviewer_id varchar,              -- person_id of who was asked; null where a team was
  is_team boolean not null,         -- a team was asked; which one is not kept
  occurred_on date not null,
  position bigint not null          -- order among everything on the pull request
);
create table pull_request_files (
  pull_request_id varchar not null,
  file_id varchar not null          -- hash of repository and path, of files somebody wrote by hand
);
create table reverted_changes (
  pull_request_id varchar not null, -- the revert
  number bigint,                    -- of the pull request of the same repository that it takes back
  commit_id varchar                 -- or of the commit; it may be abbreviated
);
alter table pull_requests add column touches_team_tools boolean default false;
alter table pull_requests add column is_on_default_branch boolean default true;
alter table pull_requests add column is_in_milestone boolean default false;
alter table pull_requests add column merge_commit_id varchar;
-- passed, failed, running, none (nothing ever checked it) or unknown: of the head when review was first asked
alter table pull_requests add column checks_at_review varchar default 'unknown';
alter table review_comments add column links_documentation boolean default false;
