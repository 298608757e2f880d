"""Makes the two stack files (`gate init`): asks for names, reads what exists at the vendors, and writes."""
