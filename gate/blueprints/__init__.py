"""Translates a render.yaml to a stack's Render section, and a section to a render.yaml."""
