-- Reviews of pull requests that somebody else wrote; neither of the two is a robot.
select reviews.*, author_id, repository_id
from reviews
join pull_requests using (pull_request_id)
join humans as reviewers on reviewer_id = reviewers.person_id
join humans as authors on author_id = authors.person_id
where reviewer_id <> author_id
