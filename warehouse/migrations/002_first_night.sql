-- A release waits for incomplete sources from the first night on, not from a quarter long before it.
create table first_night (
  day date not null               -- the day the first night of this home was run for
);
