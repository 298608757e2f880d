"""Watches an environment for a while after a release, for what smoke tests are too short to see (plan 8.1)."""
