"""The commands of the console script, a module for each group; `flows/cli.py` puts them together."""
