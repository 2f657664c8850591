/*
signal: review_coverage
kind: process
answers: >
  For how many of the team did another human look at nearly every merged change before the merge?
unit: people
reads: [persons, pull_request_events, pull_requests, reviews]
sensitivity: team
opportunity: null
guard: >
  none, because it is there to keep wait and balance honest; whether a look was a real one is not
  in the data.
misleads: >
  To look is not to read: a rubber stamp counts, and whoever merges or queues the change of another is
  taken to have looked. Pairing, and reviewing aloud, leave nothing here.
basis: >
  McIntosh and others 2014 linked coverage to fewer defects and Krutauz and others 2020 found that
  unstable, so it says how a team works and not how well; nearly every means nine in ten
owner: developer-experience
review_by: 2027-06-30
*/
with changes_merged as (
  select pull_request_id, author_id, merged_on
  from pull_requests join humans on author_id = person_id
  where state = 'merged' and not is_generated_only and not is_backport
),
merges_found as (
  select pull_request_id, min(position) as merge_position
  from pull_request_events
  where kind = 'merged'
  group by pull_request_id
),
looks_before_the_merge_found as (
  select reviews.pull_request_id
  from reviews
  join changes_merged using (pull_request_id)
  join humans on reviewer_id = humans.person_id
  left join merges_found using (pull_request_id)
  where reviewer_id <> author_id
    and coalesce(reviews.position < merge_position, submitted_on <= merged_on)
  union
  -- a merge queue is a robot: who put the change into it has looked
  select pull_request_events.pull_request_id
  from pull_request_events
  join changes_merged using (pull_request_id)
  join humans on actor_id = humans.person_id
  where kind in ('merged', 'queued_to_merge') and actor_id <> author_id
)
select author_id as person_id, date_trunc('quarter', merged_on)::date as occurred_on
from changes_merged left join looks_before_the_merge_found as looks using (pull_request_id)
group by author_id, date_trunc('quarter', merged_on)
having 10 * count(*) filter (where looks.pull_request_id is not null) >= 9 * count(*)
