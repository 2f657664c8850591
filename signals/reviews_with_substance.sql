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
select
  reviewer_id as person_id,
  min(submitted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from substantial_reviews
group by reviewer_id, pull_request_id
