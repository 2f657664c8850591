-- Review threads, each with its first comment, that somebody began on a pull request that somebody else wrote;
-- neither of the two is a robot.
with first_comments_kept as (
  select *
  from review_comments
  qualify row_number() over (partition by thread_id order by position, comment_id) = 1
)
select
  thread_id,
  review_id,
  pull_request_id,
  started.author_id as reviewer_id,
  pull_requests.author_id,
  started.created_on,
  started.position,
  started.asks_question,
  started.has_suggestion,
  started.links_documentation
from first_comments_kept as started
join pull_requests using (pull_request_id)
join humans as reviewers on started.author_id = reviewers.person_id
join humans as authors on pull_requests.author_id = authors.person_id
where started.author_id <> pull_requests.author_id
