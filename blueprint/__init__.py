"""Render over its REST API: what is declared (spec), how to talk (client), how to converge (reconcile).

Knows nothing of Pulumi. Used as a program (`python -m blueprint apply|observe|destroy`) and by `gate`.
"""
