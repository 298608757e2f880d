"""The estate in miniature, on loopback: simulators and stand-in plugins for machines without an account."""
