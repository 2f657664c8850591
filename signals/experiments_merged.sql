/*
signal: experiments_merged
answers: Which merged changes by this person hold notebooks, experiment reports or model configuration?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: band
opportunity: null
guard: >
  none, because what an experiment taught is not in the data; every change is a link, to be read.
misleads: >
  Work in external trackers, in notebooks that are never committed and on shared machines is
  invisible.
basis: the rubric's own words on adapting models and presenting results; by path rule
owner: developer-experience
review_by: 2027-06-30
*/
with humans_kept as (
  select person_id from persons where not is_bot
),
changes_merged as (
  select pull_request_id, author_id, merged_on
  from pull_requests
  where state = 'merged' and not is_generated_only and not is_backport
    and not is_revert and touches_experiments
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
