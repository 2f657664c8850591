"""incident.io as a source."""
