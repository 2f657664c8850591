-- Checks that may not be read were `unknown` until now, like those of a commit that cannot be told. Where none of a
-- repository was ever known they are taken for refused: that leaves open, and claims nothing.

update pull_requests set checks_at_review = 'refused'
where checks_at_review = 'unknown'
  and repository_id not in (select repository_id from pull_requests where checks_at_review <> 'unknown');
