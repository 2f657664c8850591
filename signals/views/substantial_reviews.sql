-- What somebody said in a review of another's pull request: in words, by asking for changes, or in its lines.
select reviewer_id, author_id, pull_request_id, submitted_on
from reviews_of_others
where has_body or state = 'changes_requested'
union all
-- an inline comment is said on the day its review is submitted, whenever it was typed
select reviewer_id, reviews.author_id, reviews.pull_request_id, submitted_on
from reviews_of_others as reviews
join review_comments
  on review_comments.review_id = reviews.review_id and review_comments.author_id = reviewer_id
union all
-- comments whose review the source no longer names
select
  reviewer_id,
  reviews.author_id,
  reviews.pull_request_id,
  greatest(review_comments.created_on, min(submitted_on))
from reviews_of_others as reviews
join review_comments
  on review_comments.pull_request_id = reviews.pull_request_id and review_comments.author_id = reviewer_id
where review_comments.review_id is null
group by reviewer_id, reviews.author_id, reviews.pull_request_id, review_comments.created_on
