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
with recursive humans_kept as (
  select person_id from persons where not is_bot
),
merges_followed as (
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
),
duplicates_followed as (
  select incidents.incident_id, coalesce(min(ends_reached.reached_id), incidents.incident_id) as surviving_id
  from incidents left join ends_reached using (incident_id)
  group by incidents.incident_id
)
select
  actor_id as person_id,
  min(occurred_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id
from incident_actions
join humans_kept on actor_id = person_id
join duplicates_followed using (incident_id)
where kind = 'acknowledged' and by_hand
group by actor_id, surviving_id
