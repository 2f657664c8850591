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
with part_taken as (
  select actor_id as person_id, incident_id, occurred_on
  from incident_actions
  where kind in ('role', 'updated', 'responded', 'fixed') and by_hand
  union all
  select author_id, incident_id, merged_on from fixes_of_incidents join pull_requests using (pull_request_id)
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'incident' as source_kind,
  surviving_id as source_id
from part_taken
join humans using (person_id)
join incidents_as_one using (incident_id)
group by person_id, surviving_id
