"""A simulated Render account on loopback with a virtual clock. It measures runs of the reconciler."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from benchmarks.timeline import Timeline
from blueprint.client import RenderClient
from blueprint.reconcile import Report
from blueprint.spec import Document
from blueprint.workspace import Session
from rehearsal.estate import WORKSPACE
from rehearsal.render_api import RenderSimulator, serve

LATENCY = 0.12
_START = 1_800_000_000.0  # a full hour: the first scenario finds no allowance used
_KEY = "rnd_bench"


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        refused: how many of the requests met the rate limit and were sent again.
        answers: seconds that a user would have waited for answers.
        limited: seconds that a user would have waited for the rate limit.
    """

    reads: int
    writes: int
    refused: int
    deploys: int
    answers: float
    limited: float

    @property
    def requests(self) -> int:
        return self.reads + self.writes

    @property
    def seconds(self) -> float:
        return self.answers + self.limited


def total(costs: Sequence[Cost]) -> Cost:
    """Return what several runs took, one after the other."""
    return Cost(*map(sum, zip(*map(astuple, costs), strict=True)))


class Account:
    """One account at Render.

    Args:
        simulator: it reads its clock from the timeline.
        url: of the simulator.
    """

    def __init__(self, simulator: RenderSimulator, timeline: Timeline, url: str) -> None:
        self.simulator, self._timeline, self._url = simulator, timeline, url

    def measure(self, run: Callable[..., Report], document: Document, *made: Report) -> tuple[Report, Cost]:
        """Run a function of `blueprint.reconcile` with a new session, while no allowance is used.

        Returns:
            The report of the run, and what it took.
        """
        self._timeline.skip_to_full_hour()
        sent, deployed, began = len(self.simulator.requests), self._deploys_begun(), self._timeline.now()
        options: dict[str, Any] = {"deadline": math.inf, "transport": _Wire(self._timeline)}
        options |= {"sleep": self._timeline.sleep, "clock": self._timeline.clock}
        with RenderClient(_KEY, base_url=self._url, **options) as client:
            session = Session(client, None, lambda _line: None)
            if document.known.owner_id:
                session.expect_owner(document.known.owner_id)
            report = run(session, document, *made)
        ended, log = self._timeline.now(), self.simulator.requests[sent:]
        reads = sum(request.method == "GET" for request in log)
        return report, Cost(
            reads=reads,
            writes=len(log) - reads,
            refused=sum(request.status == 429 for request in log),
            deploys=self._deploys_begun() - deployed,
            answers=ended.answers - began.answers,
            limited=ended.limited - began.limited,
        )

    def _deploys_begun(self) -> int:
        """Count deploys by their environments, which stay after a service is deleted."""
        return len(self.simulator.estate.deploy_environment)


@contextmanager
def account() -> Iterator[Account]:
    """Serve an empty account with Render's rate limits. Databases and deploys take no time in it."""
    timeline = Timeline(_START)
    keys = {_KEY: [WORKSPACE["id"]]}
    simulator = RenderSimulator(api_keys=keys, owners=[WORKSPACE], clock=timeline.served, rate_limits=True)
    with serve(simulator) as url:
        yield Account(simulator, timeline, url)


class _Wire(httpx.BaseTransport):
    """HTTP over loopback that takes virtual time. Its `Date` is the virtual time, as Render sends the real one."""

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
