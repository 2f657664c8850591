-- Post-mortems that are documents of a repository: who wrote and who reviewed them, and about which incident.

create table postmortem_documents (
  postmortem_id varchar not null,   -- hash of repository and path
  source varchar not null,
  reference varchar not null,       -- incident_id or reference of the incident it is about
  written_on date not null
);
create table postmortem_authors (
  postmortem_id varchar not null,
  person_id varchar,                -- whoever put their name to it, as author or reviewer
  part varchar not null             -- author, reviewer
);
