/*
signal: unfamiliar_code
answers: Which merged changes by this person were mostly to files that somebody else had changed last?
unit: pull requests
reads: [persons, pull_request_files, pull_requests]
sensitivity: person
opportunity: null
guard: >
  none, because moving files for show is seen by whoever reviews it; every change is a link, to be
  read.
misleads: >
  Whoever reformats or moves everything becomes the last to have changed it, and a renamed file looks
  new; what happened before the first day that was fetched is not known.
basis: Bird and others 2011 on ownership of files, turned round; the rubric's own words on code others wrote
owner: developer-experience
review_by: 2027-06-30
*/
with changes_by_humans_kept as (
  select pull_request_id, author_id, merged_on, number
  from pull_requests join humans on author_id = person_id
  where state = 'merged' and is_on_default_branch
    and not is_generated_only and not is_backport and not is_revert
),
writers_before_looked_up as (
  select
    pull_request_id,
    author_id,
    merged_on,
    lag(author_id) over (partition by file_id order by merged_on, number, pull_request_id) as writer_before_id
  from pull_request_files join changes_by_humans_kept using (pull_request_id)
)
select
  author_id as person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from writers_before_looked_up
group by author_id, merged_on, pull_request_id
having 2 * count(*) filter (where writer_before_id <> author_id) > count(*)
