-- The vault: which account is whose. No name, no address, and nothing that anybody did.

create table accounts (
  source varchar not null,
  account_id varchar not null,     -- the source's immutable id, or login:<login> until it is known
  login varchar not null,          -- as last seen; may be renamed and reused
  person_id varchar not null,      -- random 128 bits, hex
  is_bot boolean not null,
  primary key (source, account_id)
);
