-- What people call an incident is the same in capitals and in small letters, as it is between two tools (043): a file
-- may write `inc-9`. An id is not: the source tells its ids apart by their case.
-- And an incident was opened when the first of all that are one with it was: it may be written down in a second tool
-- when its fix has long been merged.
create or replace view fixes_of_incidents as
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
  from incident_references join incidents on lower(incidents.reference) = lower(incident_references.reference)
),
openings_found as (
  select surviving_id, min(opened_on) as first_opened_on
  from incidents join incidents_as_one using (incident_id)
  group by surviving_id
)
select incident_id, pull_request_id
from fixes_linked
join pull_requests using (pull_request_id)
join incidents_as_one using (incident_id)
join openings_found using (surviving_id)
where state = 'merged' and merged_on >= first_opened_on;

-- no file of a signal has changed, so what was worked out by the former view is worked out again, once
delete from signal_runs where signal in ('incident_fixes', 'incident_participation', 'fixed_incident');
