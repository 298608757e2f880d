"""A virtual clock. It adds up waits instead of sleeping, by what was waited for.

Each thread has its own time. A thread starts at the time of the thread that made the clock (the home thread). When
others have ended, the home thread goes on at the time of the last of them. So waits at the same time count once, and
answers and rate limit add up to the time that passed. The clock does not see that one thread waits for another one's
result inside the program.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, order=True)
class Moment:
    """A thread's time, and how many seconds of it went by for answers and for the rate limit."""

    time: float
    answers: float = 0.0
    limited: float = 0.0

    def later(self, *, answers: float = 0.0, limited: float = 0.0) -> Self:
        return type(self)(self.time + answers + limited, self.answers + answers, self.limited + limited)


class Timeline:
    """The clocks of all threads that talk to one simulator. The thread that starts the others makes it."""

    def __init__(self, start: float) -> None:
        self._home = threading.current_thread()
        self._moments = {self._home: Moment(start)}
        self._served = start
        self._turn = threading.Condition()
        self._waiting: list[float] = []
        self._busy = False

    def now(self) -> Moment:
        """Return the calling thread's time."""
        with self._turn:
            me = threading.current_thread()
            ended = [thread for thread in self._moments if me is self._home or not thread.is_alive()]
            home = max(self._moments[thread] for thread in {self._home, *ended})
            self._moments = {thread: at for thread, at in self._moments.items() if thread not in ended}
            self._moments[self._home] = home
            return max(home, self._moments.get(me, home))

    def clock(self) -> float:
        """Return the calling thread's seconds, for a client."""
        return self.now().time

    def sleep(self, seconds: float) -> None:
        """Wait for the rate limit: a client of a simulator without faults waits for nothing else."""
        self._move(self.now().later(limited=seconds))

    def served(self) -> float:
        """Return the time of the request that the simulator answers. It never goes back."""
        return self._served

    @contextmanager
    def request(self, latency: float) -> Iterator[None]:
        """Let the calling thread's request take `latency` seconds. One request at a time; the earliest goes first."""
        mine = self.now().later(answers=latency)
        with self._turn:
            self._waiting.append(mine.time)
            self._turn.wait_for(lambda: not self._busy and mine.time <= min(self._waiting))
            self._waiting.remove(mine.time)
            self._busy = True
            self._served = max(self._served, mine.time)
        self._move(mine)
        try:
            yield
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()

    def skip_to_full_hour(self) -> None:
        """Wait until no allowance is used."""
        now = self.now()
        self._move(Moment((now.time // 3600 + 1) * 3600, now.answers, now.limited))
        self._served = self._moments[self._home].time

    def _move(self, moment: Moment) -> None:
        with self._turn:
            self._moments[threading.current_thread()] = moment
