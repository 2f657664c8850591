/*
signal: reviews_with_substance
answers: On which pull requests of others did this person's review say something, or ask for a change?
unit: pull requests
reads: [persons, pull_requests, review_comments, reviews]
grain: root
sensitivity: band
opportunity: team_pull_requests_open
guard: reviews_given
misleads: >
  Saying something is not saying something useful: people who know the code well rightly comment less,
  and small remarks inflate this.
basis: CHAOSS, Change Request Reviews
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
own_and_robot_reviews_ignored as (
  select review_id, reviewer_id, pull_request_id, submitted_on, state, has_body
  from reviews
  join pull_requests_by_others_kept using (pull_request_id)
  join humans_kept on reviewer_id = person_id
  where reviewer_id <> author_id
),
substance_found as (
  select reviewer_id, pull_request_id, submitted_on
  from own_and_robot_reviews_ignored
  where has_body or state = 'changes_requested'
  union all
  -- an inline comment is said on the day its review is submitted, whenever it was typed
  select kept.reviewer_id, kept.pull_request_id, kept.submitted_on
  from own_and_robot_reviews_ignored as kept
  join review_comments
    on review_comments.review_id = kept.review_id and review_comments.author_id = kept.reviewer_id
  union all
  -- comments whose review the source no longer names
  select kept.reviewer_id, kept.pull_request_id, greatest(review_comments.created_on, min(kept.submitted_on))
  from own_and_robot_reviews_ignored as kept
  join review_comments
    on review_comments.pull_request_id = kept.pull_request_id
    and review_comments.author_id = kept.reviewer_id
  where review_comments.review_id is null
  group by kept.reviewer_id, kept.pull_request_id, review_comments.created_on
)
select
  reviewer_id as person_id,
  min(submitted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from substance_found
group by reviewer_id, pull_request_id
