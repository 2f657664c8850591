"""Incidents that are kept as issues or discussions on GitHub."""
