"""incident.io's REST, as far as an incident connector needs it."""
