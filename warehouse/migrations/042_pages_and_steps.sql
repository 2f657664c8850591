-- Whom a machine called to an incident. A page is a fact and nobody's contribution: no signal of evidence may read it.
create table incident_pages (
  incident_id varchar not null,
  person_id varchar not null,       -- whoever was called
  paged_on date not null
);

-- What ties somebody's traces of an incident together: a shift for its service, a page, the fix. Links, and never
-- evidence: nothing counts them.
create table steps (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null,
  source_kind varchar not null,     -- oncall_shift, incident, pull_request
  source_id varchar not null,       -- key in the table of that kind
  incident_id varchar not null,     -- of the incident that the step belongs to
  seen_by bigint                    -- run that first saw this row
);
create table steps_past (
  person_id varchar not null,
  signal varchar not null,
  occurred_on date not null,
  source_kind varchar not null,
  source_id varchar not null,
  incident_id varchar not null,
  seen_by bigint,                   -- as in steps
  superseded_by bigint not null     -- first run that no longer found the row
);

-- Every incident with the one that it is: what was merged into another, or is a duplicate of it, is that other one.
create view incidents_as_one as
with recursive merges_followed as (
  select incident_id, incident_id as reached_id from incidents
  union
  select merges_followed.incident_id, merged.merged_into
  from merges_followed
  join incidents as merged on merged.incident_id = merges_followed.reached_id
  join incidents as into_stored on into_stored.incident_id = merged.merged_into
),
ends_reached as (
  select merges_followed.incident_id, merges_followed.reached_id
  from merges_followed
  join incidents as reached on reached.incident_id = merges_followed.reached_id
  where not exists (select 1 from incidents as further where further.incident_id = reached.merged_into)
)
select incidents.incident_id, coalesce(min(ends_reached.reached_id), incidents.incident_id) as surviving_id
from incidents left join ends_reached using (incident_id)
group by incidents.incident_id;

-- Every incident with each pull request that fixed it: one of the two names the other, and it was merged on the day
-- the incident was opened or later, so that what caused it is not taken for its fix.
create view fixes_of_incidents as
with fixes_linked as (
  select incident_fixes.incident_id, pull_requests.pull_request_id
  from incident_fixes
  join repositories on lower(repositories.name) = lower(incident_fixes.repository_name)
  join pull_requests
    on pull_requests.repository_id = repositories.repository_id
    and pull_requests.number = incident_fixes.number
  union
  select incident_id, pull_request_id
  from incident_references join incidents on incident_id = incident_references.reference
  union
  select incident_id, pull_request_id
  from incident_references join incidents using (reference)
)
select incident_id, pull_request_id
from fixes_linked join pull_requests using (pull_request_id) join incidents using (incident_id)
where state = 'merged' and merged_on >= opened_on;

-- what was read before pages were kept is read again, once
delete from cursors where source in ('pagerduty', 'incident_io');
