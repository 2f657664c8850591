-- Rows keep the id of the account they came from, so that two accounts can be joined to one person and parted
-- again without touching a row. Only accounts that are somebody's second one stand here.
create table aliases (
  alias_id varchar not null,    -- the id that the rows of a linked account hold
  person_id varchar not null    -- the id of the person it belongs to: evidence, opportunities and reports hold this
);
