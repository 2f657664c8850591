/*
signal: incidents_acknowledged
answers: Which incidents did this person acknowledge by hand?
unit: incidents
reads: [incident_actions, incidents, persons]
sensitivity: band
opportunity: incidents_in_my_services
guard: incident_followups
misleads: >
  One hand is enough, so a team that answers well leaves most hands unseen; how fast is deliberately
  not kept.
basis: VOID on why times to anything mislead; automatic acknowledgement is excluded
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
where kind = 'acknowledged' and by_hand
group by actor_id, surviving_id
