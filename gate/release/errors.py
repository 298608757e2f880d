"""What ends a release or a rollback early."""

from __future__ import annotations

from gate.common.errors import GateError


class Refused(GateError):
    """A precondition does not hold; nothing was changed. Holds every one of them."""


class StepFailed(GateError):
    """A step after the first change did not end well: what was changed has to be taken back."""
