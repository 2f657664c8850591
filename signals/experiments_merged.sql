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
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join human_authors using (pull_request_id)
where state = 'merged' and not is_generated_only and not is_backport
  and not is_revert and touches_experiments
