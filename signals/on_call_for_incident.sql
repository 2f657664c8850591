/*
signal: on_call_for_incident
kind: step
answers: Which shifts of this person covered a day of an incident in a service they were on call for?
unit: shifts
reads: [incident_pages, incidents, oncall_services, oncall_shifts, persons]
optional: [incident_pages, oncall_services]
sensitivity: self
opportunity: null
guard: null
misleads: >
  Being on call is not being called; and where a source names no services, only a page tells which incident a
  shift was for.
basis: >
  a shift that covers a day of the incident, of a schedule that its service pages today, or during which this
  person was paged for it
owner: developer-experience
review_by: 2027-06-30
*/
with shifts_of_humans_kept as (
  select shift_id, person_id, starts_on, ends_on from oncall_shifts join humans using (person_id)
),
shifts_for_its_service_found as (
  select shift_id, person_id, incident_id, greatest(opened_on, starts_on) as occurred_on
  from shifts_of_humans_kept
  join oncall_services using (shift_id)
  join incidents using (service_id)
  where starts_on <= greatest(opened_on, resolved_on) and ends_on >= opened_on
),
shifts_with_its_page_found as (
  select shift_id, person_id, incident_id, paged_on
  from shifts_of_humans_kept
  join incident_pages using (person_id)
  where paged_on between starts_on and ends_on
)
select
  person_id,
  min(occurred_on) as occurred_on,
  'oncall_shift' as source_kind,
  shift_id as source_id,
  surviving_id as incident_id
from (from shifts_for_its_service_found union all from shifts_with_its_page_found)
join incidents_as_one using (incident_id)
group by person_id, shift_id, surviving_id
