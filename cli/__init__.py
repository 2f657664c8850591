"""The console script: commands call `app` and `flows`, and print what they return."""
