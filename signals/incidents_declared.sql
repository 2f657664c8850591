/*
signal: incidents_declared
answers: Which incidents did this person declare, or which regressions did they report?
unit: incidents
reads: [incident_actions, incidents, issues, persons]
sensitivity: band
opportunity: null
guard: >
  none, because an incident declared for show is read by everybody who is called; presence is all
  that is asked of it.
misleads: >
  A concern raised in conversation leaves nothing here; more is not better, presence is all this
  shows.
basis: >
  declared through a human channel, or an issue whose label means regression; the rubric's own words
  on raising concerns
owner: developer-experience
review_by: 2027-06-30
*/
with incidents_raised_by_hand as (
  select actor_id as person_id, min(occurred_on) as occurred_on, surviving_id
  from incident_actions
  join incidents_as_one using (incident_id)
  where kind = 'declared' and by_hand
  group by actor_id, surviving_id
),
regressions_reported as (
  select author_id as person_id, created_on as occurred_on, issue_id
  from issues
  -- an issue that is an incident has been counted as one
  anti join incidents on incidents.incident_id = issues.issue_id
  where list_contains(kinds, 'regression')
)
select person_id, occurred_on, 'incident' as source_kind, surviving_id as source_id
from incidents_raised_by_hand join humans using (person_id)
union all
select person_id, occurred_on, 'issue', issue_id
from regressions_reported join humans using (person_id)
