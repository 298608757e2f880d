"""Before the first preview: finds what is missing on this machine, at the backend and at the vendors, with the fix."""
