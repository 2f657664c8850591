/*
signal: team_tools_applied
answers: >
  Which merged changes by this person touched the team's own libraries or tools together with code that
  uses them?
unit: pull requests
reads: [commit_authors, persons, pull_requests]
grain: root
sensitivity: person
opportunity: repositories_with_team_tools
guard: none, because whether a tool served is not in the data; every change is a link, to be read.
misleads: >
  A weak stand-in: using a library without changing it leaves nothing here, and a folder called shared
  may hold anything. The operator says which folders hold what the team has built.
basis: path rules, because no difference of the code is read; the rubric's own words on the team's tools
owner: developer-experience
review_by: 2027-06-30
*/
select
  person_id,
  merged_on as occurred_on,
  'pull_request' as source_kind,
  pull_request_id as source_id
from pull_requests join human_authors using (pull_request_id)
where state = 'merged' and touches_team_tools
  and not is_generated_only and not is_backport and not is_revert
