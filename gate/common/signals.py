"""Ctrl-C and SIGTERM: before a rollback they end the run; during one they are acknowledged, and it goes on."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def interruptible() -> AbstractContextManager[None]:
    """Let SIGTERM, which a cancelled workflow gets, count as Ctrl-C while the block runs.

    Ctrl-C also works if the shell switched it off: a shell without job control starts background commands with SIGINT
    ignored, and Python keeps that.
    """

    def interrupt() -> None:
        raise KeyboardInterrupt

    return _handling(interrupt)


def undisturbed(tell: Callable[[str], None] = lambda _line: None) -> AbstractContextManager[None]:
    """Ignore both while the block runs, for what must not stop half-way.

    GitHub sends a cancelled job SIGINT, and SIGTERM 7.5 seconds later.
    """
    return _handling(lambda: tell("interrupt received: finishing this step first"))


@contextmanager
def _handling(handle: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda _number, _frame: handle()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
