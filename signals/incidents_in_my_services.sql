/*
signal: incidents_in_my_services
kind: opportunity
answers: >
  In which months was there an incident that this person was on call for or called to, or that anybody could
  join?
unit: months
reads: [incident_pages, incidents, memberships, oncall_services, oncall_shifts, persons]
optional: [incident_pages]
sensitivity: self
opportunity: incidents_at_all
guard: null
misleads: >
  Being on call for a service does not mean being called: another person may have answered first.
basis: >
  a shift that covers a day of the incident, or a page: whoever an escalation policy names is called without a
  shift; where a source names no services, and no other tool's record of the same incident does, being enrolled
  on that day
owner: developer-experience
review_by: 2027-06-30
*/
with days_of_incidents_found as (
  select surviving_id, source, service_id, opened_on, greatest(opened_on, resolved_on) as over_on
  from incidents join incidents_as_one using (incident_id)
),
days_on_call_during_one_kept as (
  select person_id, greatest(opened_on, starts_on) as first_on, least(over_on, ends_on) as last_on
  from oncall_shifts
  join oncall_services using (shift_id)
  join days_of_incidents_found using (service_id)
  where starts_on <= over_on and ends_on >= opened_on
),
days_of_pages_found as (
  select person_id, paged_on as first_on, paged_on as last_on from incident_pages
),
sources_without_services_kept as (
  select source from incidents group by source having count(service_id) = 0
),
services_told_elsewhere_found as (
  select surviving_id from days_of_incidents_found where service_id is not null
),
days_anybody_could_help_found as (
  select distinct opened_on, over_on
  from days_of_incidents_found
  semi join sources_without_services_kept using (source)
  anti join services_told_elsewhere_found using (surviving_id)
),
days_enrolled_during_one_kept as (
  select person_id, greatest(opened_on, enrolled_on) as first_on, least(over_on, left_on) as last_on
  from days_enrolled
  join days_anybody_could_help_found on opened_on <= left_on and over_on >= enrolled_on
),
robots_ignored as (
  select person_id, first_on, last_on
  from (
    from days_on_call_during_one_kept
    union all from days_of_pages_found
    union all from days_enrolled_during_one_kept
  )
  join humans using (person_id)
),
months_unrolled as (
  select
    person_id,
    first_on,
    unnest(generate_series(date_trunc('month', first_on), last_on, interval 1 month))::date as month_on
  from robots_ignored
)
select person_id, min(greatest(first_on, month_on)) as occurred_on
from months_unrolled
group by person_id, month_on
