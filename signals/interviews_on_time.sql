/*
signal: interviews_on_time
answers: For which interviews did this person hand in the scorecard within a day?
unit: interviews
reads: [interviews, persons]
sensitivity: self
opportunity: interviews_held
guard: >
  none, because nobody else sees it unasked, and what would balance speed is what the scorecard says,
  which is not read.
misleads: >
  There are good reasons to be late, and a scorecard on time is not a good scorecard.
basis: >
  dates only, so the next day is still in time; it belongs to the day of the interview, as its occasion does;
  nothing about the candidate is stored
owner: developer-experience
review_by: 2027-06-30
*/
select
  interviewer_id as person_id,
  held_on as occurred_on,
  'interview' as source_kind,
  interview_id as source_id
from interviews join humans on interviewer_id = person_id
where scorecard_on between held_on and held_on + 1
