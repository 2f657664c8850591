/*
signal: tracked_work_closed
answers: >
  Which merged pull requests of this person close a tracked issue or belong to a milestone, and which issues
  assigned to them were closed?
unit: pull requests
reads: [closing_references, issue_assignees, issues, persons, pull_requests]
sensitivity: band
opportunity: null
guard: merged_work
misleads: >
  Work planned outside the tracker and small fixes without an issue leave nothing here; links can be
  added idly.
basis: >
  GitHub's closing references and milestones; issues closed as not planned or as a duplicate are no finished
  work
owner: developer-experience
review_by: 2027-06-30
*/
with pull_requests_that_closed_an_issue_kept as (
  select distinct author_id as person_id, pull_request_id, issue_id, merged_on
  from pull_requests
  join closing_references using (pull_request_id)
  join humans on author_id = person_id
  where state = 'merged' and not is_backport
),
assigned_issues_closed as (
  select issue_assignees.person_id, issues.issue_id, issues.closed_on
  from issues
  join issue_assignees using (issue_id)
  join humans using (person_id)
  where issues.state = 'closed' and coalesce(issues.closed_as, 'completed') = 'completed'
),
issues_closed_by_own_pull_request_ignored as (
  select person_id, issue_id, closed_on
  from assigned_issues_closed
  anti join pull_requests_that_closed_an_issue_kept using (person_id, issue_id)
)
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests_that_closed_an_issue_kept
union
select author_id, merged_on, 'pull_request', pull_request_id
from pull_requests join humans on author_id = person_id
where state = 'merged' and is_in_milestone and not is_backport
union
select person_id, closed_on, 'issue', issue_id
from issues_closed_by_own_pull_request_ignored
where closed_on is not null
