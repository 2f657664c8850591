/*
signal: team_pull_requests_open
kind: opportunity
answers: >
  In which months was a teammate's pull request open, or a review asked of this person by name, so that one
  could have been given?
unit: months
reads: [memberships, persons, pull_request_events, pull_requests]
sensitivity: self
opportunity: null
guard: null
misleads: >
  An open pull request is no invitation: a draft, or one that only its author could judge, is open as
  well.
basis: >
  same home team on the same day, by the roster; an open one lasts until the last day any pull request
  tells of; a request that was withdrawn, or that named a team, asked nobody
owner: developer-experience
review_by: 2027-06-30
*/
with last_day_known as (
  select max(greatest(created_on, merged_on, closed_on)) as known_on from pull_requests
),
-- of equal ones one: the order of the others would be left to chance, and with it where a stretch ends
days_open_found as (
  select distinct author_id, created_on as first_on, coalesce(merged_on, closed_on, known_on) as last_on
  from pull_requests
  join humans on author_id = person_id
  cross join last_day_known
),
stretches_begun as (
  select
    author_id,
    first_on,
    last_on,
    coalesce(first_on > 1 + max(last_on) over earlier_ones, true) as begins_anew
  from days_open_found
  window earlier_ones as (
    partition by author_id order by first_on, last_on rows between unbounded preceding and 1 preceding
  )
),
stretches_numbered as (
  select
    author_id,
    first_on,
    last_on,
    count(*) filter (where begins_anew) over (
      partition by author_id order by first_on, last_on rows unbounded preceding
    ) as stretch
  from stretches_begun
),
stretches_merged as (
  select author_id, min(first_on) as first_on, max(last_on) as last_on
  from stretches_numbered
  group by author_id, stretch
),
days_of_authors_in_a_team_kept as (
  select team, author_id, greatest(first_on, enrolled_on) as first_on, least(last_on, left_on) as last_on
  from stretches_merged
  join days_enrolled on author_id = person_id
  where first_on <= left_on and last_on >= enrolled_on
),
days_of_teammates_kept as (
  select person_id, greatest(first_on, enrolled_on) as first_on, least(last_on, left_on) as last_on
  from days_of_authors_in_a_team_kept
  join days_enrolled using (team)
  where person_id <> author_id and first_on <= left_on and last_on >= enrolled_on
),
requests_by_name_kept as (
  select pull_request_id, reviewer_id as person_id, occurred_on, position
  from pull_request_events join humans on reviewer_id = person_id
  where kind = 'review_requested'
),
requests_that_stood_kept as (
  select asked.person_id, asked.occurred_on
  from requests_by_name_kept as asked
  join pull_requests using (pull_request_id)
  join humans on pull_requests.author_id = humans.person_id
  anti join pull_request_events as withdrawn
    on withdrawn.pull_request_id = asked.pull_request_id
    and withdrawn.reviewer_id = asked.person_id
    and withdrawn.kind = 'review_request_removed'
    and withdrawn.position > asked.position
  where asked.person_id <> author_id
),
months_unrolled as (
  select
    person_id,
    first_on,
    unnest(generate_series(date_trunc('month', first_on), last_on, interval 1 month))::date as month_on
  from days_of_teammates_kept
)
select person_id, min(could_on) as occurred_on
from (
  select person_id, month_on, greatest(first_on, month_on) as could_on from months_unrolled
  union all
  select person_id, date_trunc('month', occurred_on)::date, occurred_on from requests_that_stood_kept
)
group by person_id, month_on
