/*
signal: work_size_band
answers: Which of this person's merged changes were larger than the smallest band, generated files left out?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: self
opportunity: null
guard: none, because it is there to keep merged work honest, and nobody else sees it unasked.
misleads: >
  Larger is not better: small changes are good practice. It stands beside merged work so that work split
  into many small pieces is read for what it is. A migration is large and may have taken a minute.
basis: bands of changed lines (up to 50, up to 400, more) once generated, lock and vendored paths are removed
owner: developer-experience
review_by: 2027-06-30
*/
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join human_authors using (pull_request_id)
where state = 'merged' and size_band in ('medium', 'large') and not is_generated_only and not is_backport
