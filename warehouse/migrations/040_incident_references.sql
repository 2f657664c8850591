-- Incidents and fixes find each other by reference, whichever of the two names the other.

alter table incidents add column reference varchar; -- what people call it: INC-123, owner/name#12
create table incident_references (
  pull_request_id varchar not null,
  reference varchar not null        -- incident_id or reference of an incident that its title or body names
);
