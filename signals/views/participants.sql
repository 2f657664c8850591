-- Everybody who took part in an object, by the reference that evidence holds to it, and the part they took.
-- A team, a manager or an organisation takes part in nothing, and neither does whoever was only asked for a review.
with incidents_by_either_name as (
  select incident_id, incident_id as named_id from incidents
  union
  select incident_id, surviving_id from incidents_as_one
),
parts_in_incidents_gathered as (
  -- what a machine did in somebody's name is nobody's; what a tool lists under a name is theirs
  select incident_id, actor_id as person_id, kind as part
  from incident_actions
  where by_hand or kind in ('role', 'followup_assigned', 'followup_completed', 'postmortem')
  union all
  select incident_id, author_id, 'fixed'
  from fixes_of_incidents join pull_requests using (pull_request_id)
  union all
  select incident_id, person_id, 'fixed'
  from fixes_of_incidents join commit_authors using (pull_request_id)
  union all
  select incident_id, person_id, 'postmortem'
  from postmortem_authors
  join postmortem_documents using (postmortem_id)
  join incidents on incident_id = postmortem_documents.reference
  union all
  select incident_id, person_id, 'postmortem'
  from postmortem_authors
  join postmortem_documents using (postmortem_id)
  join incidents on lower(incidents.reference) = lower(postmortem_documents.reference)
  union all
  select incident_id, person_id, 'paged' from incident_pages
),
parts_gathered as (
  select 'pull_request' as source_kind, pull_request_id as source_id, author_id as person_id, 'author' as part
  from pull_requests
  union all
  select 'pull_request', pull_request_id, person_id, 'author' from commit_authors
  union all
  select 'pull_request', pull_request_id, reviewer_id, 'reviewer' from reviews
  union all
  select 'pull_request', pull_request_id, author_id, 'commenter' from review_comments
  union all
  select 'pull_request', pull_request_id, resolver_id, 'resolver' from review_threads
  union all
  select 'pull_request', pull_request_id, actor_id, kind from pull_request_events
  union all
  select parent_kind, parent_id, author_id, 'commenter' from comments
  union all
  select 'review', review_id, reviewer_id, 'reviewer' from reviews
  union all
  select 'review_thread', thread_id, author_id, 'commenter' from review_comments
  union all
  select 'review_thread', thread_id, resolver_id, 'resolver' from review_threads
  union all
  select 'review_comment', comment_id, author_id, 'commenter' from review_comments
  union all
  select 'issue', issue_id, author_id, 'author' from issues
  union all
  select 'issue', issue_id, person_id, 'assignee' from issue_assignees
  union all
  select 'issue', issue_id, assignee_id, 'assignee' from issue_events
  union all
  select 'issue', issue_id, actor_id, kind from issue_events
  union all
  select 'issue', issue_id, author_id, 'closer'
  from closing_references join pull_requests using (pull_request_id)
  where state = 'merged'
  union all
  select 'issue', issue_id, person_id, 'closer'
  from closing_references
  join pull_requests using (pull_request_id)
  join commit_authors using (pull_request_id)
  where state = 'merged'
  union all
  select 'discussion', discussion_id, author_id, 'author' from discussions
  union all
  select 'discussion', discussion_id, answerer_id, 'answerer' from discussions
  union all
  select 'discussion', discussion_id, marker_id, 'marker' from discussions
  union all
  select 'incident', named_id, person_id, part
  from parts_in_incidents_gathered join incidents_by_either_name using (incident_id)
  union all
  select 'oncall_shift', shift_id, person_id, 'holder' from oncall_shifts
  union all
  select 'interview', interview_id, interviewer_id, 'interviewer' from interviews
)
select source_kind, source_id, person_id, part from parts_gathered
