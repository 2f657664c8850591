/*
signal: triage_events
answers: Which issues of others did this person label, assign, or close with a reason?
unit: issues
reads: [closing_references, issue_events, issues, persons, pull_requests]
sensitivity: band
opportunity: open_issues_by_others
guard: >
  none, because whether an issue was read before it was closed is not in the data; each one is a
  link, to be read.
misleads: >
  Triage meetings leave one person's name behind, or none; closing many issues unread counts like
  care.
basis: GitHub's issue events; the rubric's own words on bug triage
owner: developer-experience
review_by: 2027-06-30
*/
with issues_by_others_kept as (
  select issue_id, author_id, closed_as
  from issues join humans on author_id = person_id
),
closings_by_merge_found as (
  select issue_id, merged_on
  from pull_requests join closing_references using (pull_request_id)
  where pull_requests.state = 'merged'
),
triage_found as (
  select actor_id as person_id, issue_id, occurred_on
  from issue_events
  join issues_by_others_kept using (issue_id)
  where kind in ('labeled', 'assigned') and actor_id <> author_id
  union all
  -- whoever presses the merge button closes the issue as well; that is no triage
  select actor_id, issue_id, occurred_on
  from issue_events
  join issues_by_others_kept using (issue_id)
  anti join closings_by_merge_found
    on closings_by_merge_found.issue_id = issue_events.issue_id
    and closings_by_merge_found.merged_on = issue_events.occurred_on
  where kind = 'closed' and closed_as is not null and actor_id <> author_id
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'issue' as source_kind,
  issue_id as source_id
from triage_found join humans using (person_id)
group by person_id, issue_id
