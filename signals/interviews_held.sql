/*
signal: interviews_held
kind: opportunity
answers: In which months did this person hold an interview?
unit: months
reads: [interviews, persons]
sensitivity: self
opportunity: null
guard: null
misleads: >
  Interviews arranged outside the interview source are not known.
basis: the interview source, dates only
owner: developer-experience
review_by: 2027-06-30
*/
select interviewer_id as person_id, min(held_on) as occurred_on
from interviews join humans on interviewer_id = person_id
group by interviewer_id, date_trunc('month', held_on)
