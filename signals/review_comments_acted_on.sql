/*
signal: review_comments_acted_on
answers: >
  On which pull requests of others did somebody change the code that this person's thread stands on?
unit: pull requests
reads: [commit_authors, commits, persons, pull_request_events, pull_requests, review_comments, review_threads]
grain: root
sensitivity: self
opportunity: team_pull_requests_open
guard: reviews_with_substance
misleads: >
  A comment that is acted on need not have been the useful one: a typo changes a line, and a question
  that changed somebody's mind changes none. Threads on lines that moved for another reason count.
basis: Bosu and others 2015 on useful comments at Microsoft, read as a list and not as a rate
owner: developer-experience
review_by: 2027-06-30
*/
with threads_on_changed_lines_kept as (
  select threads_for_others.*
  from threads_for_others join review_threads using (thread_id)
  where is_outdated
),
merges_found as (
  select pull_request_id, min(position) as merge_position
  from pull_request_events
  where kind = 'merged'
  group by pull_request_id
),
pushes_until_the_merge_kept as (
  select commits.pull_request_id, commit_id, commits.committed_on, commits.position
  from commits left join merges_found using (pull_request_id)
  where merge_position is null or commits.position < merge_position
),
pushes_by_somebody_else_kept as (
  select threads.reviewer_id, threads.pull_request_id, greatest(created_on, committed_on) as changed_on
  from threads_on_changed_lines_kept as threads
  join pushes_until_the_merge_kept as pushes
    on pushes.pull_request_id = threads.pull_request_id and pushes.position > threads.position
  anti join commit_authors
    on commit_authors.pull_request_id = pushes.pull_request_id
    and commit_authors.commit_id = pushes.commit_id
    and commit_authors.person_id = threads.reviewer_id
)
select
  reviewer_id as person_id,
  min(changed_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pushes_by_somebody_else_kept
group by reviewer_id, pull_request_id
