/*
signal: coauthored_work
answers: Which merged pull requests did this person write together with another human?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: band
opportunity: null
guard: >
  none, because a trailer for somebody who did not help is a thing that only the two of them can
  tell.
misleads: >
  Pairs who forget the trailer, or whose squash merge drops it, look alone; a trailer is easily added.
basis: Git's co-author trailers as GitHub links them to accounts; robots and AI tools are no second human
owner: developer-experience
review_by: 2027-06-30
*/
with humans_on_each_change_counted as (
  select
    person_id,
    pull_request_id,
    merged_on,
    count(*) over (partition by pull_request_id) as humans_named
  from pull_requests join human_authors using (pull_request_id)
  where state = 'merged' and not is_generated_only and not is_backport
)
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from humans_on_each_change_counted
where humans_named >= 2
