/*
signal: incident_fixes
answers: Which merged pull requests of this person fixed an incident?
unit: pull requests
reads: [incident_fixes, incident_references, incidents, persons, pull_requests, repositories]
sensitivity: person
opportunity: incidents_in_my_services
guard: incident_participation
misleads: >
  A pull request that an incident names, or that names one, may have been a probe or a follow-up and not the
  fix; a fix that nobody linked leaves nothing here.
basis: >
  reference in either direction, merged on the day the incident was opened or later, so that what caused it
  is not taken for its fix
owner: developer-experience
review_by: 2027-06-30
*/
select distinct
  author_id as person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from fixes_of_incidents
join pull_requests using (pull_request_id)
join humans on author_id = person_id
