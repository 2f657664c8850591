/*
signal: repositories_with_team_tools
kind: opportunity
answers: In which months did this person merge code in a repository that holds tools of the team at all?
unit: months
reads: [commit_authors, persons, pull_requests]
sensitivity: self
opportunity: null
guard: null
misleads: >
  A repository counts once any merged change touched a tool together with other code; tools that live
  in a repository of their own are not seen.
basis: where the team keeps its tools elsewhere, their use cannot be told from paths
owner: developer-experience
review_by: 2027-06-30
*/
with repositories_with_a_tool_kept as (
  select distinct repository_id from pull_requests where state = 'merged' and touches_team_tools
)
select person_id, min(merged_on) as occurred_on
from pull_requests
join human_authors using (pull_request_id)
semi join repositories_with_a_tool_kept using (repository_id)
where state = 'merged' and touches_code
  and not is_generated_only and not is_backport and not is_revert
group by person_id, date_trunc('month', merged_on)
