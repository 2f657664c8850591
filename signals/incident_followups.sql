/*
signal: incident_followups
answers: From which incidents did this person complete a follow-up?
unit: incidents
reads: [incident_actions, incidents, persons]
sensitivity: band
opportunity: incidents_in_my_services
guard: incident_participation
misleads: >
  A trivial follow-up counts like a deep one, and repairs that nobody wrote down as a follow-up leave
  nothing here.
basis: VOID, learning from incidents; only completed follow-ups, without due dates
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
where kind = 'followup_completed'
group by actor_id, surviving_id
