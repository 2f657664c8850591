/*
signal: answers_given
answers: Which questions or problems of others did this person help to close, or answer to their content?
unit: answers
reads: [closing_references, comments, discussions, issue_events, issues, persons, pull_requests]
sensitivity: band
opportunity: open_issues_by_others
guard: >
  none, because whether an answer helped is not in the data; every answer is a link, to be read.
misleads: >
  Help given in chat or at a desk is invisible; picking easy questions, or a word before the closing,
  counts like real help.
basis: >
  CHAOSS, Issue Responsiveness, without its clock; only issues that were closed as done, and answers that
  somebody else marked as one
owner: developer-experience
review_by: 2027-06-30
*/
with issues_by_others_kept as (
  select issue_id, author_id, asks_question or list_contains(kinds, 'question') as is_question,
    coalesce(closed_as, 'completed') = 'completed' and state = 'closed' as is_completed
  from issues join humans on author_id = person_id
),
last_closings_found as (
  select issue_id, max(position) as closed_position
  from issue_events
  where kind = 'closed'
  group by issue_id
),
questions_answered as (
  select comments.author_id as person_id, issue_id, comments.created_on as occurred_on
  from comments
  join issues_by_others_kept on comments.parent_kind = 'issue' and comments.parent_id = issue_id
  join last_closings_found using (issue_id)
  where is_question and is_completed
    and not comments.asks_question
    and comments.author_id <> issues_by_others_kept.author_id
    and comments.position < closed_position
),
issues_resolved as (
  select pull_requests.author_id as person_id, issue_id, merged_on as occurred_on
  from pull_requests
  join closing_references using (pull_request_id)
  join issues_by_others_kept using (issue_id)
  -- a reference closes nothing by itself: the merge may be on a side branch, or the fix may have failed
  where pull_requests.state = 'merged' and not is_backport and is_completed
    and pull_requests.author_id <> issues_by_others_kept.author_id
),
answers_by_humans_kept as (
  select person_id, issue_id, occurred_on
  from (from questions_answered union all from issues_resolved)
  join humans using (person_id)
),
-- whoever marks their own answer is the only one to say that it is one
answers_marked_by_somebody_else_kept as (
  select answerer_id, discussion_id, answered_on
  from discussions
  join humans on answerer_id = person_id
  where answerer_id <> author_id and answerer_id <> marker_id
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'issue' as source_kind,
  issue_id as source_id
from answers_by_humans_kept
group by person_id, issue_id
union all
select answerer_id, answered_on, 'discussion', discussion_id
from answers_marked_by_somebody_else_kept
