/*
signal: oncall_load
kind: process
answers: How many of the team were on call on more than a quarter of the days?
unit: people
reads: [oncall_shifts, persons]
sensitivity: team
opportunity: null
guard: >
  none, because a rota spread evenly on purpose is what it hopes for; who held a shift is not
  theirs to choose.
misleads: >
  A quiet week counts like one full of alarms, and nights are not told from days, because pages and times
  are not read. A handover day counts for whoever takes over on the same schedule.
basis: >
  Google's Site Reliability Engineering, which advises against more than a quarter of the time on call;
  whole days of the final schedule, overrides applied
owner: developer-experience
review_by: 2027-06-30
*/
with days_taken_over_found as (
  select distinct source, schedule_id, starts_on as taken_over_on from oncall_shifts
),
-- a shift holds its last day, unless another of its schedule begins on it; one within a day is a day all the same
last_days_looked_up as (
  select
    person_id,
    starts_on,
    case when taken_over_on > starts_on then taken_over_on - 1 else ends_on end as last_on
  from oncall_shifts
  join humans using (person_id)
  left join days_taken_over_found as taken
    on taken.source = oncall_shifts.source
    and taken.schedule_id = oncall_shifts.schedule_id
    and taken.taken_over_on = oncall_shifts.ends_on
),
days_on_call_unrolled as (
  select person_id, unnest(generate_series(starts_on, last_on, interval 1 day))::date as day_on
  from last_days_looked_up
),
days_on_call_counted as (
  select person_id, date_trunc('quarter', day_on)::date as quarter_on, count(distinct day_on) as days
  from days_on_call_unrolled
  group by all
)
select person_id, quarter_on as occurred_on
from days_on_call_counted
where 4 * days > date_diff('day', quarter_on, quarter_on + interval 3 month)
