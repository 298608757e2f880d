"""How commands end, for workflows that branch on it."""

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    """Done, and there is nothing to look at."""
    ERROR = 1
    """Refused, or it could not be run; also a mistake in the arguments."""
    FOUND = 2
    """It ran and found something: a failed check, drift, a change, an alarm."""
    ROLLED_BACK = 3
    """A release failed, and what served before serves again."""
    FAILED = 4
    """A deploy, a release or a rollback failed; a person has to look at what serves."""
    INTERRUPTED = 130
    """Ctrl-C, as shells report it."""
