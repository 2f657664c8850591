-- One event that two tools hold is one incident, where a record says so: never by time or title.
alter table incidents add column same_as varchar[]; -- ids or references of the same event in another tool

-- Every incident with the one that it is. What was merged into another is a part of that other, and what another
-- tool's record names as the same event is a part of that record; whatever is tied so is one, and goes by the name
-- of what is no part of anything.
create or replace view incidents_as_one as
with recursive named_elsewhere as (
  select incident_id, source, unnest(same_as) as reference from incidents
),
parts_found as (
  select part.incident_id, part.merged_into as event_id
  from incidents as part join incidents as into_stored on into_stored.incident_id = part.merged_into
  union
  select part.incident_id, named_elsewhere.incident_id
  from named_elsewhere
  join incidents as part
    on part.source <> named_elsewhere.source and part.incident_id = named_elsewhere.reference
  union
  select part.incident_id, named_elsewhere.incident_id
  from named_elsewhere
  join incidents as part
    on part.source <> named_elsewhere.source and lower(part.reference) = lower(named_elsewhere.reference)
),
tied_either_way as (
  select incident_id, event_id as other_id from parts_found
  union
  select event_id, incident_id from parts_found
),
ties_followed as (
  select incident_id, incident_id as reached_id from tied_either_way
  union
  select ties_followed.incident_id, tied_either_way.other_id
  from ties_followed join tied_either_way on tied_either_way.incident_id = ties_followed.reached_id
),
named_by_the_event as (
  select
    ties_followed.incident_id,
    coalesce(min(reached_id) filter (where parts.incident_id is null), min(reached_id)) as surviving_id
  from ties_followed
  left join (select distinct incident_id from parts_found) as parts on parts.incident_id = reached_id
  group by ties_followed.incident_id
)
select incidents.incident_id, coalesce(surviving_id, incidents.incident_id) as surviving_id
from incidents left join named_by_the_event using (incident_id);

-- what was read before this was kept is read again, once
delete from cursors where source = 'incident_io';
