"""Waits for a vendor within a time budget, and says from time to time what it waits for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from gate.common.errors import StepFailed

Found = TypeVar("Found")
_PAUSE = 1.0
_LONGEST_PAUSE = 2.0
"""Seconds between two looks.

It is short, because a rollback's own overhead counts (plan 3.5), and reads are not limited.
"""


@dataclass
class Budget:
    """The time for everything that a command does.

    Attributes:
        seconds: of the whole.
        tell: is called with a line when something happens.
        waiting: is called at each look with what it waits for.
    """

    seconds: float
    tell: Callable[[str], None] = lambda _line: None
    waiting: Callable[[str], None] = lambda _what: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    timeline: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def extended(self, seconds: float) -> Self:
        """Return a budget with the same timeline and this many seconds from now on."""
        longer = replace(self, seconds=self.elapsed + seconds)
        longer._began = self._began
        return longer

    @property
    def elapsed(self) -> float:
        return self.clock() - self._began

    @property
    def left(self) -> float:
        return self.seconds - self.elapsed

    def note(self, text: str) -> None:
        """Add what happened to the timeline, and tell it."""
        self.timeline.append((round(self.elapsed, 1), text))
        self.tell(f"{self.elapsed:6.1f} s of {self.seconds:.0f}  {text}")

    def wait_for(self, what: str, look: Callable[[], Found | None], *, longest_pause: float = _LONGEST_PAUSE) -> Found:
        """Look until there is a result, at first often, then less often.

        Args:
            longest_pause: in seconds.

        Raises:
            StepFailed: the budget is used up.
        """
        pause = _PAUSE
        while (found := look()) is None:
            self.waiting(what)
            if pause > self.left:
                raise StepFailed(f"{what}: not done within the budget of {self.seconds:.0f} s")
            self.sleep(pause)
            pause = min(pause * 1.3, longest_pause)
        return found
