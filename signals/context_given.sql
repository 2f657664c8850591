/*
signal: context_given
answers: Which pull requests did this person open with a description that says why?
unit: pull requests
reads: [persons, pull_requests]
grain: root
sensitivity: band
opportunity: null
guard: merged_work
misleads: >
  A filled-in template is not clear writing, and context given in an issue, a call or a chat leaves
  nothing here.
basis: >
  presence of a section that gives a reason, a trade-off, an alternative or a test; its words are not
  kept
owner: developer-experience
review_by: 2027-06-30
*/
select
  author_id as person_id,
  created_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join humans on author_id = person_id
where has_context and not is_backport and not is_generated_only
