/*
signal: feedback_addressed
answers: >
  On which own pull requests did this person change the code after feedback, to the reviewer's
  content?
unit: pull requests
reads: [commit_authors, commits, persons, pull_requests, review_comments, review_threads, reviews]
grain: root
sensitivity: person
opportunity: null
guard: >
  none, because its natural pair would count how often somebody is asked for changes, which is not
  fair to begin with.
misleads: >
  Who is asked for changes is not fair to begin with, so this is a list without a denominator;
  feedback outside code review, and threads that the author resolved, leave nothing here.
basis: Murphy-Hill and others 2022 on unequal pushback; hence no count of requests received
owner: developer-experience
review_by: 2027-06-30
*/
with feedback_of_others_gathered as (
  select pull_request_id, reviewer_id, author_id, null as thread_id, submitted_on as asked_on, position
  from reviews_of_others
  where state = 'changes_requested'
  union all
  select pull_request_id, reviewer_id, author_id, thread_id, created_on, position
  from threads_for_others
),
pushes_by_the_author_kept as (
  select pull_request_id, commits.position, commits.committed_on
  from commits
  join commit_authors using (pull_request_id, commit_id)
  join pull_requests using (pull_request_id)
  where commit_authors.person_id = author_id
),
next_push_joined as (
  select
    feedback.pull_request_id,
    feedback.author_id,
    feedback.reviewer_id,
    feedback.thread_id,
    greatest(feedback.asked_on, pushes.committed_on) as changed_on,
    pushes.position as push_position
  from feedback_of_others_gathered as feedback
  asof join pushes_by_the_author_kept as pushes
    on feedback.pull_request_id = pushes.pull_request_id and feedback.position < pushes.position
),
answers_accepted as (
  select pushed.pull_request_id, pushed.author_id, reviews.submitted_on as accepted_on
  from next_push_joined as pushed
  join reviews
    on reviews.pull_request_id = pushed.pull_request_id and reviews.reviewer_id = pushed.reviewer_id
  where reviews.state = 'approved' and reviews.position > pushed.push_position
  union all
  -- a source tells who resolved a thread and not when, so the day of the change stands for it
  select pushed.pull_request_id, pushed.author_id, pushed.changed_on
  from next_push_joined as pushed
  join review_threads using (thread_id)
  where review_threads.is_resolved and review_threads.resolver_id = pushed.reviewer_id
)
select
  author_id as person_id,
  min(accepted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from answers_accepted
group by author_id, pull_request_id
