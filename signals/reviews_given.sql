/*
signal: reviews_given
answers: Which pull requests, other than their own, did this person review?
unit: pull requests
reads: [persons, pull_requests, reviews]
grain: root
sensitivity: band
opportunity: team_pull_requests_open
guard: reviews_with_substance
misleads: >
  Presence, not depth: an assigned code owner looks busy, while people who pair, teams that review
  aloud, and reviews for an account that was deleted later look quiet.
basis: CHAOSS, Change Request Reviews; SPACE, activity for the individual only
owner: developer-experience
review_by: 2027-06-30
*/
select
  reviewer_id as person_id,
  min(submitted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from reviews_of_others
group by reviewer_id, pull_request_id
