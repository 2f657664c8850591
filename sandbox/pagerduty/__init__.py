"""PagerDuty's REST, as far as an incident connector needs it."""
