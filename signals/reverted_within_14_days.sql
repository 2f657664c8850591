/*
signal: reverted_within_14_days
answers: Which of this person's merged changes were taken back on the default branch within 14 days?
unit: pull requests
reads: [commits, persons, pull_requests, reverted_changes]
sensitivity: self
opportunity: null
guard: >
  none, because it is there to keep others honest, and nobody else sees it unasked.
misleads: >
  To revert quickly is good practice, and often the change was right and something else was not. A
  revert that names neither the pull request nor a commit, or was pushed without one, is not seen.
basis: >
  the text that GitHub and git write into a revert; a link to learn from, never counted against anybody,
  because a count would teach people not to revert
owner: developer-experience
review_by: 2027-06-30
*/
with changes_on_the_default_branch_kept as (
  select pull_request_id, repository_id, number, author_id, merged_on, merge_commit_id
  from pull_requests
  where state = 'merged' and is_on_default_branch
),
reverts_kept as (
  select changed.repository_id, changed.merged_on as reverted_on, taken.number, taken.commit_id
  from reverted_changes as taken
  join changes_on_the_default_branch_kept as changed using (pull_request_id)
),
commits_of_changes_gathered as (
  select pull_request_id, merge_commit_id as commit_id
  from changes_on_the_default_branch_kept
  where merge_commit_id is not null
  union
  select pull_request_id, commit_id
  from commits semi join changes_on_the_default_branch_kept using (pull_request_id)
),
reverts_by_number_joined as (
  select pull_request_id, author_id, merged_on, reverted_on
  from changes_on_the_default_branch_kept
  join reverts_kept using (repository_id, number)
),
-- a revert may shorten the commit's name, to seven letters and no further
reverts_by_commit_joined as (
  select pull_request_id, author_id, merged_on, reverted_on
  from changes_on_the_default_branch_kept
  join commits_of_changes_gathered as made using (pull_request_id)
  join reverts_kept as taken
    on taken.repository_id = changes_on_the_default_branch_kept.repository_id
    and left(taken.commit_id, 7) = left(made.commit_id, 7)
    and starts_with(made.commit_id, taken.commit_id)
)
select
  author_id as person_id,
  min(reverted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from (from reverts_by_number_joined union all from reverts_by_commit_joined)
join humans on author_id = person_id
where reverted_on between merged_on and merged_on + 14
group by author_id, pull_request_id
