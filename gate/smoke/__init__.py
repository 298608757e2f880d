"""Looks at a running environment from outside and says whether it works (plan 3.2, 3.4). Changes nothing there."""

from gate.smoke.report import Outcome, Result, SmokeReport

__all__ = ["Outcome", "Result", "SmokeReport"]
