/*
signal: merged_work
answers: Which merged pull requests did this person author or co-author?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: band
opportunity: null
guard: work_size_band
misleads: >
  Counts invite splitting, and a squash merge or a forgotten trailer hides co-authors; these are
  artefacts to read together, not an amount.
basis: SPACE, which keeps individual figures with the individual; DORA names no key at person grain
owner: developer-experience
review_by: 2027-06-30
*/
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join human_authors using (pull_request_id)
where state = 'merged' and not is_generated_only and not is_backport
