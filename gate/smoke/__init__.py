"""Tests a running environment from outside (plan 3.2, 3.4). It changes nothing there."""

from gate.smoke.report import Outcome, Result, SmokeReport

__all__ = ["Outcome", "Result", "SmokeReport"]
