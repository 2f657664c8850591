/*
signal: designs_opened
answers: Which design documents, decision records or proposals did this person open?
unit: documents
reads: [discussions, issues, persons, pull_requests]
sensitivity: band
opportunity: null
guard: >
  none, because what a design is worth is not in the data; every document is a link, to be read.
misleads: >
  Drafts in shared documents and ideas first told to a colleague are invisible; a corrected comma in a
  design counts.
basis: path rules for design documents, and the allow-listed meaning of issue labels and discussion categories
owner: developer-experience
review_by: 2027-06-30
*/
select
  author_id as person_id,
  created_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join humans on author_id = person_id
where touches_designs and not is_backport and not is_revert and not is_generated_only
union all
select author_id, created_on, 'issue', issue_id
from issues join humans on author_id = person_id
where list_contains(kinds, 'proposal')
union all
select author_id, created_on, 'discussion', discussion_id
from discussions join humans on author_id = person_id
where is_proposal
