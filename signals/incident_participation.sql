/*
signal: incident_participation
answers: >
  In which incidents did this person take a role, post an update, join as responder or author a fix?
unit: incidents
reads:
  - incident_actions
  - incident_fixes
  - incident_references
  - incidents
  - persons
  - pull_requests
  - repositories
sensitivity: band
opportunity: incidents_in_my_services
guard: incident_followups
misleads: >
  Joining a call is not helping, which this cannot tell apart; incidents that were kept private or
  never declared leave nothing here. A pull request that is named beside an incident may not be its fix.
basis: VOID on contribution without clocks; the rubric's own words on contributing to operational issues
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
),
fixes_linked as (
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
  from incident_references join incidents using (reference)
),
fixes_after_the_opening_kept as (
  select incident_id, author_id, merged_on
  from fixes_linked join pull_requests using (pull_request_id) join incidents using (incident_id)
  where state = 'merged' and merged_on >= opened_on
),
part_taken as (
  select actor_id as person_id, incident_id, occurred_on
  from incident_actions
  where kind in ('role', 'updated', 'responded', 'fixed') and by_hand
  union all
  select author_id, incident_id, merged_on from fixes_after_the_opening_kept
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id
from part_taken
join humans_kept using (person_id)
join duplicates_followed using (incident_id)
group by person_id, surviving_id
