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
with questions_to_others_gathered as (
  select reviewer_id, pull_request_id, submitted_on as asked_on
  from reviews_of_others
  where asks_question
  union all
  select started.reviewer_id, started.pull_request_id, coalesce(submitted_on, created_on)
  from threads_for_others as started left join reviews using (review_id)
  where started.asks_question
)
select
  reviewer_id as person_id,
  min(asked_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from questions_to_others_gathered
group by reviewer_id, pull_request_id
