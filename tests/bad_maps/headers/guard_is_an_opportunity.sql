/*
signal: guard_is_an_opportunity
answers: Whom did this person praise?
unit: reviews
reads: [reviews]
sensitivity: band
opportunity: null
guard: chance_without_owner
misleads: Praise is often said aloud.
basis: made up
owner: tests
review_by: 2027-06-30
*/
select
  reviewer_id as person_id,
  submitted_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from reviews
