"""Watches an environment: its health endpoint and frontend from outside, and Render's own count of answers by status.

It looks again and again, until something is an alarm.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import ConfigDict, Field

from blueprint.errors import RenderError
from blueprint.workspace import connect
from components.gate_settings import Watch
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.smoke.client import bypass_header
from gate.stack.target import Target

_RATE_EVERY = 60.0
"""Seconds between two looks at the error rate, which Render counts by the minute."""
_AGAIN = 1.0
"""Seconds until a single failed look is confirmed."""
_FEWEST = 20
"""The fewest requests with which a share of errors says something."""
_ASK = 10.0
"""Seconds that Render may take to find the service and to count."""
_LAST = timedelta(minutes=10)
"""How far back a single look counts the answers."""
_SOON = timedelta(days=7)
"""How long before a database expires a warning is given."""
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_ANSWER = 4.0
"""Seconds that the application gets to answer. Two looks and the pause between them take less than ten."""


@dataclass(frozen=True)
class Rate:
    """What was answered since the watch began.

    Attributes:
        errors: those with a status of 500 or above.
    """

    requests: int
    errors: int

    @property
    def percent(self) -> float:
        return 100 * self.errors / self.requests if self.requests else 0.0


class Watched(Report):
    """What was seen, filled in while the watch runs.

    Attributes:
        alarm: why to roll back; empty if there is no reason.
        rate: None if it is not available.
        first_failure: the first of the failed looks at the end; None if the last look was good.
        warnings: what will fail soon.

    As JSON it also has `outcome`: `alarm` or `quiet`.
    """

    model_config = ConfigDict(frozen=False)

    environment: str = ""
    alarm: str = ""
    seconds: float = 0.0
    looks: int = 0
    failures: int = 0
    rate: Rate | None = None
    first_failure: datetime | None = None
    warnings: list[str] = Field(default_factory=list)

    @property
    def headline(self) -> str:
        if self.alarm:
            return f"alarm: {self.alarm}"
        rate = f"{self.rate.percent:.1f} % server errors" if self.rate else "the error rate is not available"
        for_long = f" for {self.seconds / 60:.0f} min" if self.looks > 2 else ""
        return f"quiet{for_long}: {self.failures} of {self.looks} looks failed, {rate}"

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.alarm else ExitCode.DONE

    def lines(self) -> list[str]:
        return [f"{self.environment}: {self.headline}", *(f"warning: {one}" for one in self.warnings)]

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "outcome": "alarm" if self.alarm else "quiet"}


def watch(
    rules: Watch,
    look: Callable[[], str],
    rate: Callable[[], Rate | None],
    tell: Callable[[str], None] = lambda _text: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Watched:
    """Watch until an alarm, or for as long as the rules say. If the last look failed, it goes on up to an alarm.

    For zero minutes it looks once; if that fails, it looks a second time at once. Two failures are an alarm.

    Args:
        look: returns what is wrong, or nothing.
        rate: since the watch began; None if it is not available.
    """
    limit, pause = (rules.error_minutes * 60, rules.every_seconds) if rules.minutes else (0, _AGAIN)
    seen, began, failing = Watched(), clock(), None
    asked = began  # before the first minute is over, there is nothing to count
    while True:
        now = clock()
        seen.seconds, seen.looks = now - began, seen.looks + 1
        if problem := look():
            if failing is None:
                failing, seen.first_failure = now, wall()
            seen.failures += 1
            tell(f"{problem}, for {now - failing:.0f} s of {limit}")
            if now - failing > limit:
                seen.alarm = f"down for {(now - failing) / 60:.0f} min: {problem}" if limit else problem
                return seen
        else:
            failing, seen.first_failure = None, None
            tell(f"all is well, {seen.seconds / 60:.0f} of {rules.minutes} min")
        over = failing is None and seen.seconds >= rules.minutes * 60
        if over or now - asked >= _RATE_EVERY:
            asked, seen.rate = now, (counted := rate())
            if counted and counted.requests >= _FEWEST and counted.percent > rules.error_rate_percent:
                seen.alarm = f"{counted.percent:.0f} % of {counted.requests} requests were server errors"
        if over or seen.alarm:
            return seen
        sleep(pause)


def watch_for(
    target: Target, environ: Mapping[str, str], rules: Watch, tell: Callable[[str], None], *, last: bool = False
) -> Watched:
    """Watch an environment: its health endpoint, its frontend, and Render's count of errors.

    Args:
        environ: RENDER_API_KEY, without which there is no count; VERCEL_AUTOMATION_BYPASS_SECRET.
        last: also count the answers of the minutes before, which do not belong to a release.
    """
    addresses = {"health": f"{target.backend_url}{target.settings.smoke.health_path}"}
    addresses |= {"frontend": target.frontend_url} if target.frontend_url else {}
    service, since = target.settings.render.service.name, datetime.now(UTC) - (_LAST if last else timedelta())
    with httpx.Client(timeout=_ANSWER, headers=bypass_header(environ)) as http:

        def look() -> str:
            problems = ((name, problem(http, url)) for name, url in addresses.items())
            return next((f"{name}: {found}" for name, found in problems if found), "")

        return watch(rules, look, lambda: error_rate(environ, service, since, datetime.now(UTC)), tell)


def problem(http: httpx.Client, url: str) -> str:
    """Return what is wrong with an address; nothing if it answers well."""
    try:
        status = http.get(url).status_code
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "" if status == 200 else f"status {status}"


def error_rate(
    environ: Mapping[str, str],
    service: str,
    since: datetime,
    until: datetime,
    transport: httpx.BaseTransport | None = None,
) -> Rate | None:
    """Ask Render how many requests a service has answered, and how many with errors.

    Facts (Render API reference, Get HTTP request count): GET /metrics/http-requests with aggregateBy=statusCode answers
    `[{labels: [{field, value}], values: [{timestamp, value}], unit}]`, a series for each status. Whether a workspace
    has it depends on its plan.

    Returns:
        None without it, without RENDER_API_KEY, or if Render does not answer at once.
    """
    period = {"startTime": f"{since:{_MOMENT}}", "endTime": f"{until:{_MOMENT}}"}
    try:
        # A session of its own: what takes long must not keep the watch from looking at the health endpoint.
        with connect(environ, lambda _line: None, transport, deadline=_ASK) as session:
            found = session.find("/services", service)
            if found is None:
                return None
            query = {"resource": found["id"], "aggregateBy": "statusCode", "resolutionSeconds": 60, **period}
            series = session.client.get("/metrics/http-requests", **query) or []
    except RenderError:
        return None
    requests, errors = 0.0, 0.0
    for one in series:
        count = sum(value["value"] for value in one["values"])
        status = next((label["value"] for label in one["labels"] if label["field"] == "statusCode"), "")
        requests, errors = requests + count, errors + (count if status.startswith("5") else 0)
    return Rate(round(requests), round(errors))


def expiring(
    target: Target, environ: Mapping[str, str], now: datetime, transport: httpx.BaseTransport | None = None
) -> list[str]:
    """Return what to say of a free database that Render will delete soon; nothing if Render cannot be asked.

    Facts (Render API reference, Retrieve Postgres instance): expiresAt, of free databases only.
    """
    database = target.settings.render.database
    if database is None or not environ.get("RENDER_API_KEY"):
        return []
    try:
        with connect(environ, lambda _line: None, transport, deadline=_ASK) as session:
            found = session.find("/postgres", database.name) or {}
    except RenderError as error:
        return [f"database {database.name}: {str(error).splitlines()[0]}"]
    expires = found.get("expiresAt")
    if not expires or datetime.fromisoformat(expires) - now > _SOON:
        return []
    return [f"database {database.name} expires on {expires[:10]}: give it a paid plan and run pulumi up"]
