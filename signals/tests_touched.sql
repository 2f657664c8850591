/*
signal: tests_touched
answers: Which merged code changes by this person also changed tests?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: self
opportunity: repositories_with_tests
guard: checks_green_at_review
misleads: >
  A touched test says nothing about what it checks, and code tested from another repository shows
  none.
basis: the rubric's own words on tested code; presence in the same change, not coverage
owner: developer-experience
review_by: 2027-06-30
*/
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join human_authors using (pull_request_id)
where state = 'merged' and not is_generated_only and not is_backport
  and not is_revert and touches_code and touches_tests
