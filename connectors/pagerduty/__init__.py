"""PagerDuty as a source."""
