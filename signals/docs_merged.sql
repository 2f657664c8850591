/*
signal: docs_merged
answers: Which merged changes by this person touched documentation, runbooks or decision records?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: band
opportunity: null
guard: >
  none, because whether anybody was helped by a page is not in the data; every change is a link, to
  be read.
misleads: >
  Wikis, shared documents and answers written elsewhere are invisible, and a corrected comma counts.
basis: CHAOSS, Documentation; by path rule
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
  and not is_revert and touches_docs
