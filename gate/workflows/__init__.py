"""Delivers the five workflows to the application's repository, and tells where it has others. Plan 3.1 to 3.5."""
