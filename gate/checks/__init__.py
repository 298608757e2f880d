"""Verdicts of checks and how they are shown. `doctor` and `verify` use them."""
