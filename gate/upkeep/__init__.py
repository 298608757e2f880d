"""Seeds the database, deletes old previews, and delivers the workflows to the application's repository."""
