"""Shows a long wait on standard error: a spinner with elapsed time and budget on a terminal, else lines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

HEARTBEAT = 30.0
"""Seconds between two lines about one wait if there is no terminal."""


class ProgressDisplay:
    """Is called with the progress, which it shows in place on a terminal, and elsewhere sometimes as a line.

    Args:
        show: replaces the text on a terminal; None if there is none.
    """

    def __init__(
        self,
        title: str,
        console: Console,
        budget: float | None,
        clock: Callable[[], float],
        show: Callable[[str], None] | None,
        redact: Callable[[str], str],
    ) -> None:
        self._redact = redact
        self._title, self._console, self._budget, self._clock, self._show = title, console, budget, clock, show
        self._began = self._told = clock()

    def __call__(self, text: str) -> None:
        if self._show:
            self._show(self._redact(f"{self._title}: {text}"))
        elif self._clock() - self._told >= HEARTBEAT:
            self.line(f"{self._title}: {text}, {spent(self._clock() - self._began, self._budget)}")

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._told = self._clock()
        self._console.print(self._redact(text), highlight=False, markup=False, soft_wrap=True)


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
    if not console.is_terminal:
        display = ProgressDisplay(title, console, budget, clock, None, redact)
        display.line(f"{title} …")
        yield display
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), _Spent(budget))
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task(f"{title} …", total=None)
        yield ProgressDisplay(title, console, budget, clock, lambda text: live.update(task, description=text), redact)


class _Spent(ProgressColumn):
    """Show the elapsed time, also while nothing else happens."""

    def __init__(self, budget: float | None) -> None:
        self._budget = budget
        super().__init__()

    def render(self, task: Task) -> Text:
        return Text(spent(task.elapsed or 0.0, self._budget))


def spent(seconds: float, budget: float | None) -> str:
    """Return `35 s of 300`, or `35 s` without a budget."""
    return f"{seconds:.0f} s" + (f" of {budget:.0f}" if budget is not None else "")
