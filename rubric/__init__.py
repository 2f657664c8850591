"""evidence -> cell."""
