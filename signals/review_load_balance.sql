/*
signal: review_load_balance
kind: process
answers: >
  How many of the team carried at least half of an equal share of the team's reviews?
unit: people
reads: [memberships, persons, pull_requests, reviews]
sensitivity: team
opportunity: null
guard: review_coverage
misleads: >
  Where few carry the load this says so and not why: leave, a new colleague and other duties look alike.
  Reviews for other teams count as well, and a long review counts like a short one.
basis: SPACE, which reports activity at team level and above; half of an equal share is low on purpose
owner: developer-experience
review_by: 2027-06-30
*/
with first_reviews_kept as (
  select reviewer_id as person_id, pull_request_id, min(submitted_on) as reviewed_on
  from reviews_of_others
  group by reviewer_id, pull_request_id
),
reviews_within_a_team_counted as (
  select
    team,
    person_id,
    date_trunc('quarter', reviewed_on)::date as quarter_on,
    count(distinct pull_request_id) as reviewed
  from first_reviews_kept
  join memberships using (person_id)
  where reviewed_on >= starts_on and (ends_on is null or reviewed_on < ends_on)
  group by all
),
quarters_of_teams_found as (
  select team, quarter_on, sum(reviewed) as reviewed_in_all
  from reviews_within_a_team_counted
  group by all
),
members_counted as (
  select team, quarter_on, reviewed_in_all, count(distinct person_id) as people
  from quarters_of_teams_found
  join memberships using (team)
  join humans using (person_id)
  where starts_on < quarter_on + interval 3 month and (ends_on is null or ends_on > quarter_on)
  group by all
)
select distinct person_id, quarter_on as occurred_on
from reviews_within_a_team_counted join members_counted using (team, quarter_on)
where 2 * reviewed * people >= reviewed_in_all
