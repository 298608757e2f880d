"""Finds what differs between a stack's declaration and the live estate: one preview with refresh, read closely."""
