"""Releases a tag to production, and goes back to an earlier release. Plan 3.3, 3.5, 8.1, 8.3."""
