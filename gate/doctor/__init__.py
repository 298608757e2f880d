"""Before the first preview: what is missing on this machine, at the backend and at the vendors, each with its fix."""
