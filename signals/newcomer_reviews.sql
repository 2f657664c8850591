/*
signal: newcomer_reviews
answers: Which pull requests of colleagues in their first 90 days did this person review with substance?
unit: pull requests
reads: [memberships, persons, pull_requests, review_comments, reviews]
grain: root
sensitivity: person
opportunity: newcomer_pull_requests_open
guard: reviews_with_substance
misleads: >
  Mentoring is asked, not counted: pairing and conversation leave nothing here, and a roster that
  begins on one day for everybody makes everybody a newcomer for its first 90 days.
basis: CHAOSS, Mentorship, which asks people instead of counting them; the roster says who is new
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
),
first_days_found as (
  select person_id, min(starts_on) as joined_on from memberships group by person_id
),
reviews_in_the_first_90_days_kept as (
  select reviewer_id, pull_request_id, submitted_on
  from substance_found
  join pull_requests_by_others_kept using (pull_request_id)
  join first_days_found on first_days_found.person_id = author_id
  where submitted_on >= joined_on and submitted_on < joined_on + 90
)
select
  reviewer_id as person_id,
  min(submitted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from reviews_in_the_first_90_days_kept
group by reviewer_id, pull_request_id
