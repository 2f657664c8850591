-- People who are no robots.
select person_id from persons where not is_bot
