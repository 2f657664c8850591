/*
signal: newcomer_pull_requests_open
kind: opportunity
answers: In which months was a pull request of a colleague in their first 90 days open?
unit: months
reads: [memberships, persons, pull_requests]
sensitivity: self
opportunity: null
guard: null
misleads: >
  A newcomer of a far-away team counts too, and a roster that begins on one day makes everybody a
  newcomer.
basis: the first day of anybody's first membership, by the roster
owner: developer-experience
review_by: 2027-06-30
*/
with first_days_found as (
  select person_id as author_id, min(starts_on) as joined_on from memberships group by person_id
),
last_day_known as (
  select max(greatest(created_on, merged_on, closed_on)) as known_on from pull_requests
),
-- of equal ones one: the order of the others would be left to chance, and with it where a stretch ends
days_open_found as (
  select distinct
    author_id,
    greatest(created_on, joined_on) as first_on,
    least(coalesce(merged_on, closed_on, known_on), joined_on + 89) as last_on
  from pull_requests
  join humans on author_id = person_id
  join first_days_found using (author_id)
  cross join last_day_known
  where created_on < joined_on + 90 and coalesce(merged_on, closed_on, known_on) >= joined_on
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
