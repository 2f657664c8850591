/*
signal: postmortems
answers: To which incidents' post-mortems did this person put their name?
unit: incidents
reads: [incident_actions, incidents, persons, postmortem_authors, postmortem_documents]
optional: [postmortem_authors, postmortem_documents]
sensitivity: band
opportunity: incidents_in_my_services
guard: >
  none, because what was learned is not in the data; every document is a link, to be read.
misleads: >
  The author may have been the scribe, and those who did the thinking in the meeting leave nothing
  here.
basis: >
  VOID, learning from incidents; authored or reviewed, as the incident tool, the issue tracker or the front
  matter of a document names it
owner: developer-experience
review_by: 2027-06-30
*/
with -- ids are told apart by their case, and names of repositories are not
documents_about_one_found as (
  select postmortem_id, written_on, incident_id
  from postmortem_documents join incidents on incident_id = postmortem_documents.reference
  union
  select postmortem_id, written_on, incident_id
  from postmortem_documents join incidents on lower(incidents.reference) = lower(postmortem_documents.reference)
),
names_put_to_one as (
  select actor_id as person_id, incident_id, occurred_on
  from incident_actions
  where kind = 'postmortem'
  union all
  select person_id, incident_id, written_on
  from postmortem_authors join documents_about_one_found using (postmortem_id)
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id
from names_put_to_one
join humans using (person_id)
join incidents_as_one using (incident_id)
group by person_id, surviving_id
