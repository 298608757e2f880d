"""Shows a long wait on standard error: a spinner with elapsed time and budget on a terminal, else lines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

HEARTBEAT = 30.0
"""Seconds between two lines about one wait if there is no terminal."""


@dataclass
class ProgressDisplay:
    """Is called with the progress, which it shows in place on a terminal, and elsewhere sometimes as a line.

    Attributes:
        limit: ` of 300` behind the seconds; empty without a budget.
        redact: removes secrets from every text before it is shown.
        show: replaces the text on a terminal; None if there is none.
    """

    title: str
    console: Console
    limit: str
    clock: Callable[[], float]
    redact: Callable[[str], str]
    show: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        self._began = self._told = self.clock()

    def __call__(self, text: str) -> None:
        now = self.clock()
        if self.show:
            self.show(self.redact(f"{self.title}: {text}"))
        elif now - self._told >= HEARTBEAT:
            self.line(f"{self.title}: {text}, {now - self._began:.0f} s{self.limit}")

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._told = self.clock()
        self.console.print(self.redact(text), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(
    title: str,
    console: Console | None = None,
    *,
    budget: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    redact: Callable[[str], str] = lambda text: text,
) -> Iterator[ProgressDisplay]:
    """Show progress while the block runs.

    Args:
        budget: the most seconds that it may take, if there is a limit.
        redact: removes secrets from every text before it is shown.
    """
    console = console or Console(stderr=True)
    display = ProgressDisplay(title, console, "" if budget is None else f" of {budget:.0f}", clock, redact)
    if not console.is_terminal:
        display.line(f"{title} …")
        yield display
        return
    spent = TextColumn(f"{{task.elapsed:.0f}} s{display.limit}")
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), spent)
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task(f"{title} …", total=None)
        display.show = lambda text: live.update(task, description=text)
        yield display
