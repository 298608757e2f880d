"""What ends a release or a rollback early."""

from gate.common.errors import GateError, StepFailed

__all__ = ["ReleaseRefused", "StepFailed"]


class ReleaseRefused(GateError):
    """A precondition does not hold; nothing was changed. Holds every one of them."""


class Replaced(StepFailed):
    """Another deploy has taken the place of the one that was waited for, before or after it began to serve."""
