"""The project's own tools; the program does not import them."""
