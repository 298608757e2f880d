"""Fills an environment with test data, once. Plan 2.2."""
