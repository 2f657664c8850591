-- An account has an id of its own, and a link says that it is the second one of somebody.

alter table accounts rename to accounts_before;
create table accounts (
  source varchar not null,
  account_id varchar not null,     -- the source's immutable id, or login:<login> until it is known
  login varchar not null,          -- as last seen; may be renamed and reused
  own_id varchar not null,         -- random 128 bits, hex: what the account's rows in the warehouse hold
  person_id varchar not null,      -- the own_id that the links lead to; mostly the account's own
  bot_by_type boolean not null,    -- the source itself says that this is a robot
  bot_by_roster boolean not null,  -- whoever keeps the roster says so
  primary key (source, account_id)
);
insert into accounts
  select source, account_id, login, person_id, person_id, is_bot, false from accounts_before;
drop table accounts_before;

create table links (
  own_id varchar not null,         -- of the account that is somebody's second one
  to_id varchar not null,          -- own_id of an account of that somebody
  because varchar not null,        -- roster, sso, person, keeper
  by_id varchar,                   -- own_id of whoever confirmed it; null for what a night did by itself
  made_on date not null,
  primary key (own_id)
);

create table locks (
  own_id varchar not null,         -- of an account whose link, or whose lack of one, no night changes
  primary key (own_id)
);

create table link_log (
  own_id varchar not null,         -- of the account this is about
  action varchar not null,         -- linked, unlinked, locked, unlocked
  to_id varchar,                   -- own_id of the account it was linked to or parted from
  because varchar not null,        -- as in links
  by_id varchar,                   -- as in links
  made_on date not null
);
