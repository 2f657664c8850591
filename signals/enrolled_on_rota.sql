/*
signal: enrolled_on_rota
kind: opportunity
answers: In which months was this person scheduled on a rota?
unit: months
reads: [oncall_shifts, persons]
sensitivity: self
opportunity: null
guard: null
misleads: >
  An exemption and a month without a shift look the same on purpose.
basis: the final schedule with overrides applied
owner: developer-experience
review_by: 2027-06-30
*/
with shifts_of_humans_kept as (
  select person_id, starts_on as first_on, ends_on as last_on
  from oncall_shifts join humans using (person_id)
),
months_unrolled as (
  select
    person_id,
    first_on,
    unnest(generate_series(date_trunc('month', first_on), last_on, interval 1 month))::date as month_on
  from shifts_of_humans_kept
)
select person_id, min(greatest(first_on, month_on)) as occurred_on
from months_unrolled
group by person_id, month_on
