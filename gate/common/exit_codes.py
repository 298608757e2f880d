"""The exit codes of commands, for workflows that depend on them."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    """It is done, and nobody has to look."""
    ERROR = 1
    """It was refused, or could not run, or an argument was wrong."""
    FOUND = 2
    """It ran and found something: a failed check, drift, a change, an alarm."""
    ROLLED_BACK = 3
    """A release failed, and what served before serves again."""
    FAILED = 4
    """A deploy, a release or a rollback failed. Somebody has to look at what serves."""
    INTERRUPTED = 130
    """Ctrl-C, as shells report it."""
