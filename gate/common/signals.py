"""Ctrl-C and a polite kill: before a rollback they end the run, during one they are answered and it goes on."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A polite kill, as a canceled workflow gets it, counts as Ctrl-C. So does Ctrl-C where the shell switched it off.

    A shell without job control starts background commands with SIGINT ignored, and then Python keeps it so.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def undisturbed(tell: Callable[[str], None] = lambda _line: None) -> Iterator[None]:
    """What must not be left half way. GitHub sends a canceled job SIGINT, then SIGTERM 7.5 seconds later."""

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
