/*
signal: checks_green_at_review
answers: Which of this person's merged code changes had all checks green on the head when review was first asked?
unit: pull requests
reads: [persons, pull_requests]
grain: root
sensitivity: person
opportunity: repositories_with_checks
guard: tests_touched
misleads: >
  Flaky checks and outages turn good work red. The result is the last one of that commit, so a check
  that was run again counts by its second answer, and checks that nobody requires count as well.
basis: GitHub's roll-up of all checks of a commit; the head is the last commit made before review was asked
owner: developer-experience
review_by: 2027-06-30
*/
select
  author_id as person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join humans on author_id = person_id
where state = 'merged' and touches_code and checks_at_review = 'passed'
  and not is_generated_only and not is_backport and not is_revert
