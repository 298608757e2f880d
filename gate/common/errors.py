"""What can go wrong in a command: a hierarchy with one base."""

from blueprint.errors import GateError, MissingCredentials

__all__ = ["GateError", "MissingCredentials", "PreviewFailed", "StackUnavailable", "StepFailed"]


class StackUnavailable(GateError):
    """The stack cannot be opened: no Pulumi CLI, no project here, no such stack, a wrong passphrase."""


class StepFailed(GateError):
    """A step after the first change failed. What was changed has to be taken back."""


class ReleaseRefused(GateError):
    """A precondition of a release or a rollback does not hold, and nothing was changed."""


class PreviewFailed(GateError):
    """The engine, the program or a vendor refused. The text holds their messages."""
