alter table opt_outs add column counted_again_on date;  -- the night that took up ended_on; null: none has yet
