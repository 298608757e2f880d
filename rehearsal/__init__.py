"""Simulators and stand-in plugins, so that the whole program runs on one machine without any account."""
