alter table links rename to links_before;
create table links (
  own_id varchar not null,         -- of the account that is somebody's second one
  to_id varchar not null,          -- own_id of an account of that somebody
  because varchar not null,        -- roster, sso, person, keeper
  by_id varchar,                   -- own_id of whoever confirmed it; null for what a night did by itself
  made_on date not null,
  after_run bigint not null,       -- the last run of the warehouse that knew nothing of it
  primary key (own_id)
);
insert into links  -- of those before, any run may have known: whoever undoes one forgets all it saw
  select own_id, to_id, because, by_id, made_on, 0 from links_before;
drop table links_before;
