"""Ctrl-C and a polite kill: before a rollback they end the run, during one they are answered and it goes on."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A polite kill, as a canceled workflow gets it, counts as Ctrl-C: there is time to roll back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def undisturbed(tell: Callable[[str], None] = lambda _line: None) -> Iterator[None]:
    """What must not be left half way. GitHub sends a canceled job SIGINT, then SIGTERM 7.5 seconds later."""

    def answer(_number: int, _frame: FrameType | None) -> None:
        tell("interrupted, but going on: this is not left half way")

    before = {number: signal.signal(number, answer) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
