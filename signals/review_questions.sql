/*
signal: review_questions
answers: In which reviews of others' pull requests did this person ask a question?
unit: pull requests
reads: [persons, pull_requests, review_comments, reviews]
grain: root
sensitivity: self
opportunity: team_pull_requests_open
guard: >
  none, because nobody else sees it unasked; what a question asks is not kept, but every review is a link,
  to be read.
misleads: >
  A question mark is all the detector sees: rhetorical questions count, and questions asked in another
  form, in another language or face to face do not.
basis: the rubric's own words on raising questions in review; SPACE, communication
owner: developer-experience
review_by: 2027-06-30
*/
with humans_kept as (
  select person_id from persons where not is_bot
),
pull_requests_by_others_kept as (
  select pull_request_id, author_id
  from pull_requests join humans_kept on author_id = person_id
),
threads_with_their_first_comment_kept as (
  select pull_request_id, review_id, author_id, created_on, asks_question
  from review_comments
  qualify row_number() over (partition by thread_id order by position, comment_id) = 1
),
questions_found as (
  select reviewer_id as person_id, pull_request_id, submitted_on as asked_on
  from reviews
  where asks_question
  union all
  select started.author_id, started.pull_request_id, coalesce(reviews.submitted_on, started.created_on)
  from threads_with_their_first_comment_kept as started
  left join reviews on reviews.review_id = started.review_id
  where started.asks_question
),
questions_to_others_kept as (
  select person_id, pull_request_id, asked_on
  from questions_found
  join pull_requests_by_others_kept using (pull_request_id)
  join humans_kept using (person_id)
  where person_id <> author_id
)
select
  person_id,
  min(asked_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from questions_to_others_kept
group by person_id, pull_request_id
