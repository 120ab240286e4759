"""Measurements: `make bench`. Ratios to floors of the same run, since machines are noisy."""
