/*
signal: review_breadth
answers: In each quarter, which review was this person's first for an author in a repository?
unit: pull requests
reads: [persons, pull_requests, reviews]
sensitivity: self
opportunity: team_pull_requests_open
guard: reviews_with_substance
misleads: >
  A small team or a single repository leaves little breadth to have; a deep review counts like a
  glance.
basis: >
  CHAOSS, Contributor Breadth in reviews; one row per author and repository, so that repetition adds
  nothing
owner: developer-experience
review_by: 2027-06-30
*/
with first_of_each_author_and_repository_kept as (
  select reviewer_id, pull_request_id, submitted_on
  from reviews_of_others
  qualify row_number() over (
    partition by reviewer_id, author_id, repository_id, date_trunc('quarter', submitted_on)
    order by submitted_on, pull_request_id
  ) = 1
)
select
  reviewer_id as person_id,
  submitted_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from first_of_each_author_and_repository_kept
