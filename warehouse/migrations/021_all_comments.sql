-- A comment that comes or goes in an old thread moves no `updatedAt` and no count of threads; this count it moves.

alter table pull_requests add column all_comments_total bigint default 0; -- comments of all kinds, as the source counts
