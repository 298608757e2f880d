"""Ctrl-C and SIGTERM: before a rollback they end the run; during one they are acknowledged, and it goes on."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM, which a cancelled workflow gets, count as Ctrl-C while the block runs.

    Ctrl-C also works if the shell switched it off: a shell without job control starts background commands with SIGINT
    ignored, and Python keeps that.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def undisturbed(tell: Callable[[str], None] = lambda _line: None) -> Iterator[None]:
    """Ignore both while the block runs, for what must not stop half-way.

    GitHub sends a cancelled job SIGINT, and SIGTERM 7.5 seconds later.
    """

    def answer(_number: int, _frame: FrameType | None) -> None:
        tell("interrupt received: finishing this step first")

    with _handling(answer):
        yield


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
