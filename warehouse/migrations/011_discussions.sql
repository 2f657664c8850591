create table discussions (
  discussion_id varchar not null,   -- GitHub node id
  repository_id varchar not null,
  number bigint not null,
  author_id varchar,                -- person_id; null for a deleted account
  created_on date not null,
  is_question boolean not null,     -- it stands in a category in which answers can be marked
  is_proposal boolean not null,     -- it stands in a category for ideas or proposals
  asks_question boolean not null,
  answerer_id varchar,           -- person_id of who gave the marked answer
  answered_on date,                 -- the day of the answer; null without one
  marker_id varchar              -- person_id of who said that it is the answer
);
