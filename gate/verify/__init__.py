"""The acceptance checks of the plan against the live estate: one line each, with the difference and the fix."""
