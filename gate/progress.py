"""What a long wait looks like, on standard error: a spinner with the elapsed time on a terminal, else one line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def progress(title: str, console: Console | None = None) -> Iterator[Callable[[str], None]]:
    """Show that something is going on. Yields: a function that tells how far it is."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{title} …", highlight=False, markup=False, soft_wrap=True)
        yield lambda _text: None
        return
    started = time.monotonic()
    with console.status(f"{title} …") as status:
        yield lambda text: status.update(f"{title}: {text}, {time.monotonic() - started:.0f} s")
