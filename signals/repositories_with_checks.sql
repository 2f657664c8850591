/*
signal: repositories_with_checks
kind: opportunity
answers: In which months did this person merge code in a repository whose changes are checked at all?
unit: months
reads: [persons, pull_requests]
sensitivity: self
opportunity: null
guard: null
misleads: >
  A repository counts once any merged change had a check that passed or failed; without permission to
  read checks no repository counts.
basis: a repository without checks says nothing about the people who write code in it
owner: developer-experience
review_by: 2027-06-30
*/
with repositories_with_a_check_kept as (
  select distinct repository_id
  from pull_requests
  where state = 'merged' and checks_at_review in ('passed', 'failed')
),
changes_by_humans_kept as (
  select author_id, merged_on
  from pull_requests
  semi join repositories_with_a_check_kept using (repository_id)
  join humans on author_id = person_id
  where state = 'merged' and touches_code
    and not is_generated_only and not is_backport and not is_revert
)
select author_id as person_id, min(merged_on) as occurred_on
from changes_by_humans_kept
group by author_id, date_trunc('month', merged_on)
