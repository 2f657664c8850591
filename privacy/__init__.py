"""The door. cells -> Released; the only way out."""
