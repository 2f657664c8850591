/*
signal: open_issues_by_others
kind: opportunity
answers: In which months was an issue of somebody else open, so that it could be answered or triaged?
unit: months
reads: [issues, memberships, persons]
sensitivity: self
opportunity: null
guard: null
misleads: >
  An issue in a repository that the person never heard of is open as well.
basis: all collected repositories; an open issue lasts until the last day any issue tells of
owner: developer-experience
review_by: 2027-06-30
*/
with last_day_known as (
  select max(greatest(created_on, closed_on)) as known_on from issues
),
-- of equal ones one: the order of the others would be left to chance, and with it where a stretch ends
days_open_found as (
  select distinct author_id, created_on as first_on, coalesce(closed_on, known_on) as last_on
  from issues
  join humans on author_id = person_id
  cross join last_day_known
),
stretches_begun as (
  select
    author_id,
    first_on,
    last_on,
    coalesce(first_on > 1 + max(last_on) over earlier_ones, true) as begins_anew
  from days_open_found
  window earlier_ones as (
    partition by author_id order by first_on, last_on rows between unbounded preceding and 1 preceding
  )
),
stretches_numbered as (
  select
    author_id,
    first_on,
    last_on,
    count(*) filter (where begins_anew) over (
      partition by author_id order by first_on, last_on rows unbounded preceding
    ) as stretch
  from stretches_begun
),
stretches_merged as (
  select author_id, min(first_on) as first_on, max(last_on) as last_on
  from stretches_numbered
  group by author_id, stretch
),
days_unrolled as (
  select author_id, unnest(generate_series(first_on, last_on, interval 1 day))::date as day_on
  from stretches_merged
),
authors_of_each_day_counted as (
  select day_on, count(*) as authors, min(author_id) as one_author from days_unrolled group by day_on
),
days_of_others_kept as (
  select person_id, day_on
  from authors_of_each_day_counted
  join days_enrolled on day_on between enrolled_on and left_on
  where authors >= 2 or one_author <> person_id
)
select person_id, min(day_on) as occurred_on
from days_of_others_kept
group by person_id, date_trunc('month', day_on)
