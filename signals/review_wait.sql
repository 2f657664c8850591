/*
signal: review_wait
kind: process
answers: >
  For how many of the team did most changes get a first look by another human within three days?
unit: people
reads: [persons, pull_request_events, pull_requests, reviews]
sensitivity: team
opportunity: null
guard: review_coverage
misleads: >
  Days are whole ones, so that a weekend or another time zone is no wait; a change that nobody looked at
  waited for nobody and is left out, which is why coverage stands beside it.
basis: >
  CHAOSS, Time to First Response, at team grain and in days only; how long anybody took is not told and
  not kept
owner: developer-experience
review_by: 2027-06-30
*/
with changes_merged as (
  select pull_request_id, author_id, created_on, merged_on
  from pull_requests join humans on author_id = person_id
  where state = 'merged' and not is_generated_only and not is_backport
),
first_looks_kept as (
  select reviews.pull_request_id, author_id, created_on, merged_on, submitted_on, reviews.position
  from reviews
  join changes_merged using (pull_request_id)
  join humans on reviewer_id = humans.person_id
  where reviewer_id <> author_id and submitted_on <= merged_on
  qualify row_number() over (
    partition by reviews.pull_request_id order by reviews.position, reviews.review_id
  ) = 1
),
-- a draft that was made ready, and perhaps again: the last time before the look is when it was offered
offers_joined as (
  select
    looks.author_id,
    looks.merged_on,
    looks.submitted_on,
    coalesce(max(events.occurred_on), looks.created_on) as offered_on
  from first_looks_kept as looks
  left join pull_request_events as events
    on events.pull_request_id = looks.pull_request_id
    and events.kind = 'ready_for_review'
    and events.position < looks.position
  group by looks.pull_request_id, looks.author_id, looks.created_on, looks.merged_on, looks.submitted_on
)
select author_id as person_id, date_trunc('quarter', merged_on)::date as occurred_on
from offers_joined
group by author_id, date_trunc('quarter', merged_on)
having 2 * count(*) filter (where submitted_on - offered_on <= 3) > count(*)
