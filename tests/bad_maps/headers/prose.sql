/*
just words
*/
select
  reviewer_id as person_id,
  submitted_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from reviews
