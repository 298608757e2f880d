"""From nothing to two stack files: asks for names, reads what exists at the vendors, and writes (`gate init`)."""
