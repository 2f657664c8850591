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
with humans_kept as (
  select person_id from persons where not is_bot
),
changes_merged as (
  select pull_request_id, author_id, merged_on
  from pull_requests
  where state = 'merged' and size_band in ('medium', 'large') and not is_generated_only and not is_backport
),
authors_and_coauthors_gathered as (
  select pull_request_id, author_id as person_id from changes_merged
  union
  select pull_request_id, commit_authors.person_id
  from commit_authors join changes_merged using (pull_request_id)
),
humans_among_them_kept as (
  select person_id, pull_request_id, merged_on
  from authors_and_coauthors_gathered
  join humans_kept using (person_id)
  join changes_merged using (pull_request_id)
)
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from humans_among_them_kept
