/*
signal: review_explanations
answers: >
  On which pull requests of others did this person start a thread that shows the way, with a suggested
  change or a link to something written down?
unit: pull requests
reads: [persons, pull_requests, review_comments, reviews]
grain: root
sensitivity: self
opportunity: team_pull_requests_open
guard: review_comments_acted_on
misleads: >
  An explanation in plain words is none to the detector, and a link can be thrown at somebody; whether
  it helped is theirs to say.
basis: the rubric's own words on helping others to learn; CHAOSS, Mentorship, which asks instead
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
  select pull_request_id, review_id, author_id as reviewer_id, created_on, has_suggestion, links_documentation
  from review_comments
  qualify row_number() over (partition by thread_id order by position, comment_id) = 1
),
explanations_to_others_kept as (
  select started.reviewer_id, started.pull_request_id, coalesce(submitted_on, created_on) as explained_on
  from threads_with_their_first_comment_kept as started
  join pull_requests_by_others_kept using (pull_request_id)
  join humans_kept on started.reviewer_id = humans_kept.person_id
  left join reviews on reviews.review_id = started.review_id
  where (has_suggestion or links_documentation) and started.reviewer_id <> author_id
)
select
  reviewer_id as person_id,
  min(explained_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from explanations_to_others_kept
group by reviewer_id, pull_request_id
