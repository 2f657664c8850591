-- Who wrote a pull request: its author, and the authors of its commits. Robots are left out.
with authors_gathered as (
  select pull_request_id, author_id as person_id from pull_requests
  union
  select pull_request_id, person_id from commit_authors
)
select pull_request_id, person_id from authors_gathered join humans using (person_id)
