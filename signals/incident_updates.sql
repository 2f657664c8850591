/*
signal: incident_updates
answers: During which incidents did this person post an update?
unit: incidents
reads: [incident_actions, incidents, persons]
sensitivity: band
opportunity: incidents_in_my_services
guard: incident_participation
misleads: >
  Updates given aloud or in chat are invisible, and a short remark counts like a careful summary.
basis: incident communication as the tool records it; one per incident, so that repetition adds nothing
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
where kind = 'updated' and by_hand
group by actor_id, surviving_id
