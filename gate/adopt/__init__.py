"""Finds the ids of objects that a stack declares and somebody made before, for `marketedge:adopt`. Reads only."""

from gate.adopt.command import adopt

__all__ = ["adopt"]
