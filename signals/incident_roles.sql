/*
signal: incident_roles
answers: In which incidents did this person hold a role?
unit: incidents
reads: [incident_actions, incidents, persons]
sensitivity: person
opportunity: incidents_in_my_services
guard: incident_participation
misleads: >
  A title is not a contribution: the work may be done by people without one, and a role handed over
  shows both holders.
basis: VOID; roles as the incident tool records them, whoever or whatever handed them out
owner: developer-experience
review_by: 2027-06-30
*/
select
  actor_id as person_id,
  min(occurred_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id
from incident_actions
join humans on actor_id = person_id
join incidents_as_one using (incident_id)
where kind = 'role'
group by actor_id, surviving_id
