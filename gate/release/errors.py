"""What ends a release or a rollback early."""

from gate.common.errors import GateError, StepFailed

__all__ = ["ReleaseRefused", "StepFailed"]


class ReleaseRefused(GateError):
    """A precondition does not hold, and nothing was changed. The text has every such precondition."""


class Replaced(StepFailed):
    """Another deploy replaced the one that was waited for, before or after it started to serve."""
