/*
signal: questions_opened
answers: Which issues and discussions did this person open to ask something?
unit: questions
reads: [discussions, issues, persons]
sensitivity: self
opportunity: null
guard: >
  none, because nobody else sees it unasked, and whether a question needed asking is not in the data.
misleads: >
  Most questions are asked in conversation and leave nothing here; a question mark in a bug report
  counts.
basis: >
  the rubric's own words on asking to clarify; a label or category that means question, or a question in the text
owner: developer-experience
review_by: 2027-06-30
*/
select
  author_id as person_id,
  created_on as occurred_on,
  'issue' as source_kind,
  issue_id as source_id
from issues join humans on author_id = person_id
where asks_question or list_contains(kinds, 'question')
union all
select author_id, created_on, 'discussion', discussion_id
from discussions join humans on author_id = person_id
where asks_question or is_question
