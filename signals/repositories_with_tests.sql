/*
signal: repositories_with_tests
kind: opportunity
answers: In which months did this person merge code in a repository that has tests at all?
unit: months
reads: [commit_authors, persons, pull_requests]
sensitivity: self
opportunity: null
guard: null
misleads: >
  A repository counts as tested once any merged change touched a test, however long ago or however
  little.
basis: a test-less repository says nothing about the people who write code in it
owner: developer-experience
review_by: 2027-06-30
*/
with repositories_with_a_test_kept as (
  select distinct repository_id from pull_requests where state = 'merged' and touches_tests
)
select person_id, min(merged_on) as occurred_on
from pull_requests
join human_authors using (pull_request_id)
semi join repositories_with_a_test_kept using (repository_id)
where state = 'merged' and touches_code
  and not is_generated_only and not is_backport and not is_revert
group by person_id, date_trunc('month', merged_on)
