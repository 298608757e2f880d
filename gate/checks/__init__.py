"""What several features check, and how a check's result is shown."""
