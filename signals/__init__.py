"""table -> evidence. The SQL is the signal; Python only reads it."""
