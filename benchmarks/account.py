"""A simulated Render account behind loopback HTTP on a virtual clock, and runs of the reconciler that are measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx

from benchmarks.timeline import Timeline
from blueprint.client import RenderClient
from blueprint.reconcile import Report
from blueprint.workspace import Session
from rehearsal.render_api import RenderSimulator, Request, serve

LATENCY = 0.12
_START = 1_800_000_000.0  # on a full hour, as the first scenario finds every allowance whole then
_KEY = "rnd_bench"
_WORKSPACE = {"id": "tea-bench", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        refused: how many of the reads and writes met the rate limit and were sent again.
        answers, limited: seconds, of those a user would have waited, for answers and for the rate limit.
    """

    reads: int
    writes: int
    refused: int
    deploys: int
    answers: float
    limited: float

    def __add__(self, other: Cost) -> Cost:
        """Of this run and then the other."""
        return Cost(
            self.reads + other.reads,
            self.writes + other.writes,
            self.refused + other.refused,
            self.deploys + other.deploys,
            self.answers + other.answers,
            self.limited + other.limited,
        )

    @property
    def requests(self) -> int:
        return self.reads + self.writes

    @property
    def seconds(self) -> float:
        return self.answers + self.limited


class Account:
    """Args: url: where `simulator`, which is on the clock of `timeline`, is served."""

    def __init__(self, simulator: RenderSimulator, timeline: Timeline, url: str) -> None:
        self.simulator, self._timeline, self._url = simulator, timeline, url

    def measure(self, run: Callable[[Session], Report]) -> tuple[Report, Cost]:
        """One run with a session of its own that finds every allowance whole; its report, and what it took."""
        self._timeline.skip_to_full_hour()
        sent, deployed, began = len(self.simulator.requests), self._deploys_begun(), self._timeline.now()
        with RenderClient(
            _KEY,
            base_url=self._url,
            deadline=math.inf,
            transport=_Wire(self._timeline),
            sleep=self._timeline.sleep,
            clock=self._timeline.clock,
        ) as client:
            report = run(Session(client, None, lambda _line: None))
        ended, log = self._timeline.now(), self.simulator.requests[sent:]
        return report, Cost(
            reads=sum(map(_reads, log)),
            writes=sum(not _reads(request) for request in log),
            refused=sum(request.status == 429 for request in log),
            deploys=self._deploys_begun() - deployed,
            answers=ended.answers - began.answers,
            limited=ended.limited - began.limited,
        )

    def _deploys_begun(self) -> int:
        """By the environments of deploys, which outlive a deleted service."""
        return len(self.simulator.estate.deploy_environment)


@contextmanager
def account() -> Iterator[Account]:
    """An empty account with Render's rate limits, in which databases and deploys take no time."""
    timeline = Timeline(_START)
    simulator = RenderSimulator(
        api_keys={_KEY: [_WORKSPACE["id"]]}, owners=[_WORKSPACE], clock=timeline.served, rate_limits=True
    )
    with serve(simulator) as url:
        yield Account(simulator, timeline, url)


class _Wire(httpx.BaseTransport):
    """HTTP over loopback that takes virtual time, and says the virtual time in `Date` as Render says its own."""

    def __init__(self, timeline: Timeline) -> None:
        self._inner, self._timeline = httpx.HTTPTransport(), timeline

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._timeline.request(LATENCY):
            answer = self._inner.handle_request(request)
            answer.read()
            moment = datetime.fromtimestamp(int(self._timeline.served()), UTC)
        answer.headers["Date"] = format_datetime(moment, usegmt=True)
        return answer

    def close(self) -> None:
        self._inner.close()


def _reads(request: Request) -> bool:
    return request.method == "GET"
