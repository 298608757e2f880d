"""Looks at a running environment from outside and says whether it works (plan 3.2, 3.4). Changes nothing there."""

from gate.smoke.report import Outcome, Result, SmokeReport
from gate.smoke.run import run

__all__ = ["Outcome", "Result", "SmokeReport", "run"]
