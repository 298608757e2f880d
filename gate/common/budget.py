"""Waiting for a vendor within a budget, with a word about it now and then."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from gate.common.errors import StepFailed

Found = TypeVar("Found")
_PAUSE = 1.0
_LONGEST_PAUSE = 2.0
"""Between two looks: short, because a rollback's own overhead counts (plan 3.5), and reading is not rationed."""


@dataclass
class Budget:
    """Time for everything that a command does.

    Attributes:
        seconds: of the whole.
        tell: gets a line when something happens.
        waiting: gets what is being waited for, at each look.
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
        """The same timeline, with so much time from now on."""
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
        """Something happened: it goes into the timeline."""
        self.timeline.append((round(self.elapsed, 1), text))
        self.tell(f"{self.elapsed:6.1f} s of {self.seconds:.0f}  {text}")

    def wait_for(self, what: str, look: Callable[[], Found | None], *, longest_pause: float = _LONGEST_PAUSE) -> Found:
        """Look until there is something, first at once, then ever more seldom. Args: longest_pause: in seconds.

        Raises: StepFailed when the budget is used up.
        """
        pause = _PAUSE
        while (found := look()) is None:
            self.waiting(what)
            if pause > self.left:
                raise StepFailed(f"{what}: not done within the budget of {self.seconds:.0f} s")
            self.sleep(pause)
            pause = min(pause * 1.3, longest_pause)
        return found
