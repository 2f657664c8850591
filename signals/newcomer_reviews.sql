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
with first_days_found as (
  select person_id, min(starts_on) as joined_on from memberships group by person_id
)
select
  reviewer_id as person_id,
  min(submitted_on) as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from substantial_reviews
join first_days_found on first_days_found.person_id = author_id
where submitted_on >= joined_on and submitted_on < joined_on + 90
group by reviewer_id, pull_request_id
