"""The hallway: when, how often, with which secrets. Nothing else."""
