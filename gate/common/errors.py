"""What can go wrong in a command: a hierarchy with one base."""


class GateError(Exception):
    """Base of every error of this package. Its text can be shown to the user as it is."""


class StackUnavailable(GateError):
    """The stack cannot be opened: no Pulumi CLI, no project here, no such stack, a wrong passphrase."""


class MissingCredentials(GateError):
    """A vendor cannot be read, so nothing can be said of the stack as a whole."""


class StepFailed(GateError):
    """A step after the first change failed. What was changed has to be taken back."""


class ReleaseRefused(GateError):
    """A precondition of a release or a rollback does not hold, and nothing was changed."""


class PreviewFailed(GateError):
    """The engine, the program or a vendor refused. The text holds their messages."""
