/*
signal: incidents_at_all
kind: opportunity
answers: In which months was there any incident while this person was enrolled?
unit: months
reads: [incidents, memberships, persons]
sensitivity: self
opportunity: null
guard: null
misleads: >
  An incident that nobody could have called this person to counts as well: this only says that a quarter
  without any incident was one.
basis: an incident that was open on a day the person was enrolled, whoever was on call
owner: developer-experience
review_by: 2027-06-30
*/
with days_of_incidents_found as (
  select distinct opened_on, greatest(opened_on, resolved_on) as over_on from incidents
),
days_enrolled_during_one_kept as (
  select person_id, greatest(opened_on, enrolled_on) as first_on, least(over_on, left_on) as last_on
  from days_enrolled
  join days_of_incidents_found on opened_on <= left_on and over_on >= enrolled_on
),
months_unrolled as (
  select
    person_id,
    first_on,
    unnest(generate_series(date_trunc('month', first_on), last_on, interval 1 month))::date as month_on
  from days_enrolled_during_one_kept
)
select person_id, min(greatest(first_on, month_on)) as occurred_on
from months_unrolled
group by person_id, month_on
