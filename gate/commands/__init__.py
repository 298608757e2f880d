"""One module a command: its options, its help, its exit codes."""
