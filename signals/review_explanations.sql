/*
signal: review_explanations
answers: >
  On which pull requests of others did this person start a thread that shows the way, with a suggested
  change or a link to something written down?
unit: pull requests
reads: [persons, pull_requests, review_comments, reviews]
grain: root
sensitivity: self
opportunity: team_pull_requests_open
guard: review_comments_acted_on
misleads: >
  An explanation in plain words is none to the detector, and a link can be thrown at somebody; whether
  it helped is theirs to say.
basis: the rubric's own words on helping others to learn; CHAOSS, Mentorship, which asks instead
owner: developer-experience
review_by: 2027-06-30
*/
select
  started.reviewer_id as person_id,
  min(coalesce(submitted_on, created_on)) as occurred_on,
  'pull_request' as source_kind,
  started.pull_request_id as source_id
from threads_for_others as started left join reviews using (review_id)
where has_suggestion or links_documentation
group by started.reviewer_id, started.pull_request_id
