-- A gap in one kind of record leaves the others as they were: which tables a source lacked, and why.

alter table source_log add column lacks varchar[]; -- `table: reasons`; null or empty: all that it fills, where it is not complete
