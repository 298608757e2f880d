"""Removes preview environments that outlived their week. Plan 1.3, the environment matrix."""
