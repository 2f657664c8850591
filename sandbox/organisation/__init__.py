"""An invented organisation, the same for the same seed: people, work, incidents, and every known trap."""
