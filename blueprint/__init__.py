"""Render over its REST API: the declared objects (spec), the connection (client), and the reconciler (reconcile).

This package does not know Pulumi. It is run as a program (`python -m blueprint apply|observe|destroy`), and `gate` uses
it as a library.
"""
