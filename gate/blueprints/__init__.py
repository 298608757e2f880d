"""Render Blueprints in and out: what a render.yaml says becomes a stack's Render section, and the other way round."""
