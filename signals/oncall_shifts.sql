/*
signal: oncall_shifts
answers: Which on-call shifts did this person hold?
unit: shifts
reads: [oncall_shifts, persons]
sensitivity: self
opportunity: enrolled_on_rota
guard: none, because the schedule decides who is on call, and nobody else sees it unasked.
misleads: >
  Swaps agreed in conversation, being the one who is asked anyway, and exemptions all look like not
  scheduled.
basis: >
  the final schedule with overrides applied, in whole days; a shift that crosses quarters is one in
  each
owner: developer-experience
review_by: 2027-06-30
*/
with quarters_covered_unrolled as (
  select
    person_id,
    shift_id,
    starts_on,
    unnest(generate_series(date_trunc('quarter', starts_on), ends_on, interval 3 month))::date as quarter_on
  from oncall_shifts join humans using (person_id)
)
select
  person_id,
  greatest(starts_on, quarter_on) as occurred_on,
  'oncall_shift' as source_kind,
  shift_id as source_id
from quarters_covered_unrolled
