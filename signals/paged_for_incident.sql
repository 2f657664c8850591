/*
signal: paged_for_incident
kind: step
answers: To which incidents was this person called by a machine?
unit: incidents
reads: [incident_pages, incidents, persons]
sensitivity: self
opportunity: null
guard: null
misleads: >
  Being called is not answering, and a page that a chat or a phone tree sent leaves nothing here.
basis: >
  notifications and assignments by PagerDuty, escalations of incident.io, the declared column of a file; one
  for each incident, on the first day, and nothing of when or how often
owner: developer-experience
review_by: 2027-06-30
*/
select
  person_id,
  min(paged_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id,
  surviving_id as incident_id
from incident_pages
join humans using (person_id)
join incidents_as_one using (incident_id)
group by person_id, surviving_id
