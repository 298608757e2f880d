"""A simulated Render account on a clock of its own, and runs of the reconciler against it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from blueprint import reconcile
from blueprint.client import RenderClient
from blueprint.marker import KEY
from blueprint.spec import Document
from blueprint.workspace import Session
from rehearsal.render_api import RenderSimulator

API_KEY = "rnd_unit_test_key"
OWNER = "tea-1"
OWNERS = [
    {"id": OWNER, "name": "MarketEdge", "email": "ops@example.com", "type": "team"},
    {"id": "tea-2", "name": "Elsewhere", "email": "else@example.com", "type": "team"},
]
LATENCY = 0.05
GENERATED = re.compile(r"[A-Za-z0-9+/]{43}=")
Json = dict[str, Any]


class Clock:
    """Seconds since the epoch; sleeping moves it, and is written down."""

    def __init__(self) -> None:
        self.now = 1_700_000_040.0  # a full minute, far from the end of an hour's quota window
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Line:
    """A client on a fake clock. A subclass says what each request is answered."""

    def __init__(self, deadline: float) -> None:
        self.clock = Clock()
        self.notes: list[str] = []
        self.client = RenderClient(
            API_KEY,
            base_url="https://render.test/v1",
            deadline=deadline,
            notify=self.notes.append,
            transport=httpx.MockTransport(self._answer),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError


def line(difference: Json) -> str:
    """A reported difference, as tests compare it."""
    field, kind, declared, live = (difference[key] for key in ("field", "kind", "declared", "live"))
    text = f"{field or 'object'} {kind}"
    return text if declared is None and live is None else f"{text}: {declared} → {live}"


class Killed(BaseException):
    """The process ends here; nothing that catches exceptions may stop it, as with KeyboardInterrupt."""


class Wire(httpx.BaseTransport):
    """To the simulator. Takes a little time, says the time in `Date` as Render does, and can kill the caller.

    Attributes:
        die_before, die_after: number of the request, of this run, around which the run ends.
        limit: a run that sends more requests is taken for one that never ends.
    """

    def __init__(self, sim: RenderSimulator, clock: Clock) -> None:
        self._inner, self._clock = sim.transport(), clock
        self.die_before = self.die_after = 0
        self.limit = 300
        self.count = 0
        self.bodies: list[str] = []
        self._one_at_a_time = threading.Lock()

    def start(self, *, die_before: int = 0, die_after: int = 0) -> None:
        self.count, self.die_before, self.die_after = 0, die_before, die_after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._one_at_a_time:  # several threads look at once, and each request has a number of its own
            return self._handle(request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        assert self.count <= self.limit, f"more than {self.limit} requests in one run"
        if self.count == self.die_before:
            raise Killed
        self._clock.now += LATENCY
        self.bodies.append(f"{request.method} {request.url.path} {request.read().decode()}")
        answer = self._inner.handle_request(request)
        if self.count == self.die_after:
            raise Killed
        answer.headers["Date"] = format_datetime(datetime.fromtimestamp(int(self._clock()), UTC), usegmt=True)
        return answer


class Account:
    """A workspace in which runs happen. Rate limits are off unless a test is about them."""

    def __init__(self, *, sees: tuple[str, ...] = (OWNER,), deadline: float = 900.0, **options: Any) -> None:
        self.clock = Clock()
        settings = {"rate_limits": False, **options}
        self.sim = RenderSimulator(api_keys={API_KEY: sees}, owners=OWNERS, clock=self.clock, **settings)
        self.wire = Wire(self.sim, self.clock)
        self.deadline = deadline
        self.progress: list[str] = []
        self._seen = 0

    @property
    def estate(self) -> Any:
        return self.sim.estate

    def apply(
        self,
        spec: Json | Document,
        owner_id: str | None = OWNER,
        made: reconcile.Report | None = None,
        **death: int,
    ) -> reconcile.Report:
        return self._run(lambda session, doc: reconcile.apply(session, doc, made), spec, owner_id, **death)

    def observe(
        self, spec: Json | Document, owner_id: str | None = OWNER, made: reconcile.Report | None = None
    ) -> reconcile.Report:
        return self._run(lambda session, doc: reconcile.observe(session, doc, made=made), spec, owner_id)

    def destroy(self, spec: Json, made: reconcile.Report | None = None, **death: int) -> reconcile.Report:
        return self._run(lambda session, doc: reconcile.destroy(session, doc, made or {}), spec, OWNER, **death)

    def drift(self, spec: Json, made: reconcile.Report | None = None) -> dict[str, list[str]]:
        """What an observation finds, by object, each difference on a line: `plan changed: free → standard`."""
        sections = self.observe(spec, made=made).values()
        found = {name: one["drift"] for section in sections for name, one in section.items() if one["drift"]}
        return {name: [line(difference) for difference in drift] for name, drift in found.items()}

    def session(self, owner_id: str | None = OWNER) -> Session:
        client = RenderClient(
            API_KEY,
            base_url="https://render.test/v1",
            deadline=self.deadline,
            notify=self.progress.append,
            transport=self.wire,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        return Session(client, owner_id, self.progress.append)

    def _run(
        self,
        command: Callable[[Session, Document], reconcile.Report],
        spec: Json | Document,
        owner_id: str | None,
        **death: int,
    ) -> reconcile.Report:
        document = spec if isinstance(spec, Document) else Document.model_validate(spec)
        self.clock.now += 5  # a run does not begin in the second in which another one ended
        self._seen = len(self.sim.requests)
        self.wire.bodies.clear()
        self.wire.start(**death)
        try:
            return command(self.session(owner_id), document)
        finally:
            self.wire.die_before = self.wire.die_after = 0

    # What the last run sent

    def requests(self) -> list[str]:
        """The last run's requests as `METHOD /path`, with names in the place of ids and without the query."""
        lines = [f"{r.method} {r.path.partition('?')[0]}" for r in self.sim.requests[self._seen :]]
        return [self._named(line) for line in lines]

    def writes(self) -> list[str]:
        return [line for line in self.requests() if not line.startswith("GET")]

    def _named(self, text: str) -> str:
        tables = (self.estate.services, self.estate.env_groups, self.estate.postgres, self.estate.key_values)
        for table in tables:
            for identifier, row in table.items():
                text = text.replace(identifier, row["name"])
        return text

    # What there is

    def variables(self, service: str) -> dict[str, str]:
        """A service's own variables without the marker."""
        present = self.estate.env_vars[self.estate.find_service(service)["id"]]
        return {key: value for key, value in present.items() if key != KEY}

    def group_variables(self, group: str) -> dict[str, str]:
        rows = self.estate.find_env_group(group)["envVars"]
        return {row["key"]: row["value"] for row in rows if row["key"] != KEY}

    def running(self, service: str) -> dict[str, str]:
        """What the processes of a service's live deploy see."""
        live = self.sim.running(service)
        return {key: value for key, value in live[1].items() if key != KEY} if live else {}

    def domains(self, service: str) -> set[str]:
        return {row["name"] for row in self.estate.domains_of(self.estate.find_service(service)["id"])}

    def picture(self) -> Json:
        """The whole estate without what no two runs have in common: ids, moments, generated values."""
        self.sim.settle()
        return {
            "databases": sorted(self._picture(row) for row in self.estate.postgres.values()),
            "key values": sorted(self._picture(row) for row in self.estate.key_values.values()),
            "groups": sorted(
                [g["name"], self._values(self.group_variables(g["name"])), sorted(x["name"] for x in g["serviceLinks"])]
                for g in self.estate.env_groups.values()
            ),
            "services": sorted(
                [
                    self._picture(row),
                    self._values(self.variables(row["name"])),
                    self._values(self.running(row["name"])),
                    sorted(self.domains(row["name"])),
                ]
                for row in self.estate.services.values()
            ),
        }

    def _picture(self, row: Json) -> list[str]:
        left_out = {"createdAt", "updatedAt", "expiresAt", "databaseName"}
        kept = {k: v for k, v in row.items() if k not in left_out and not k.startswith("_")}
        return [self._named(f"{key}={value}") for key, value in sorted(kept.items())]

    def _values(self, values: Json) -> list[str]:
        return sorted(f"{key}={self._value(value)}" for key, value in values.items())

    def _value(self, value: str) -> str:
        if GENERATED.fullmatch(value):
            return "(generated)"
        return re.sub(r":[^:@/]+@", ":(password)@", re.sub(r"_[a-z]{4}$", "_(suffix)", self._named(value)))
