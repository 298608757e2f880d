"""What a preview says: drift, changes, their reports, and how they are worded."""
