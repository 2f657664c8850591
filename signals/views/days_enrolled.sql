-- From which day until which, both included, somebody is in a team. Robots are left out.
select person_id, team, starts_on as enrolled_on, coalesce(ends_on - 1, date '9999-12-31') as left_on
from memberships semi join humans using (person_id)
