/*
signal: fixed_incident
kind: step
answers: Which incident was each fix of this person for?
unit: pull requests
reads: [incident_fixes, incident_references, incidents, persons, pull_requests, repositories]
sensitivity: self
opportunity: null
guard: null
misleads: >
  A pull request that an incident names, or that names one, may have been a probe or a follow-up and not the fix.
basis: the links that `incident_fixes` counts, each with its incident
owner: developer-experience
review_by: 2027-06-30
*/
select distinct
  author_id as person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id,
  surviving_id as incident_id
from fixes_of_incidents
join pull_requests using (pull_request_id)
join incidents_as_one using (incident_id)
join humans on author_id = person_id
