"""Seeds, old previews, and the workflows delivered to the application."""
