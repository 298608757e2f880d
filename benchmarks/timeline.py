"""A virtual clock: waits are added up instead of slept, each thread's on its own, and sorted by what was waited for.

A thread starts where the thread that made the clock stands, and that one stands where the last of the others ended,
when they have ended or it goes on. What overlaps counts once, therefore, and the two sorts of waits add up to the
time that passed. That a thread waited for another one's result inside the program is not seen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Moment:
    """A point on one thread's way: the time, and how much of it went by for answers and for the rate limit."""

    time: float
    answers: float = 0.0
    limited: float = 0.0

    def later(self, *, answers: float = 0.0, limited: float = 0.0) -> Moment:
        return Moment(self.time + answers + limited, self.answers + answers, self.limited + limited)


class Timeline:
    """The clocks of all threads that talk to one simulator. Made by the thread that starts the others."""

    def __init__(self, start: float) -> None:
        self._home = threading.current_thread()
        self._moments = {self._home: Moment(start)}
        self._served = start
        self._turn = threading.Condition()
        self._waiting: list[float] = []
        self._busy = False

    def now(self) -> Moment:
        """Where the calling thread stands."""
        with self._turn:
            me = threading.current_thread()
            ended = [thread for thread in self._moments if me is self._home or not thread.is_alive()]
            home = max(self._moments[thread] for thread in {self._home, *ended})
            self._moments = {thread: at for thread, at in self._moments.items() if thread not in ended}
            self._moments[self._home] = home
            return max(home, self._moments.get(me, home))

    def clock(self) -> float:
        """For a client: seconds, as the calling thread counts them."""
        return self.now().time

    def sleep(self, seconds: float) -> None:
        """For a client: a wait for the rate limit, which is all that a client of a faultless simulator waits for."""
        self._move(self.now().later(limited=seconds))

    def served(self) -> float:
        """For the simulator: the time of the request that it answers; never goes back."""
        return self._served

    @contextmanager
    def request(self, latency: float) -> Iterator[None]:
        """The calling thread's request, which takes `latency`. One at a time, whoever stands earliest first."""
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
        """Wait for no reason, until every allowance is whole again."""
        now = self.now()
        self._move(Moment((now.time // 3600 + 1) * 3600, now.answers, now.limited))
        self._served = self._moments[self._home].time

    def _move(self, moment: Moment) -> None:
        with self._turn:
            self._moments[threading.current_thread()] = moment
