"""A loopback GitHub and PagerDuty with a generated organisation; also serves recorded payloads."""
