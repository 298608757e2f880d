"""What a watch looks at: the health endpoint from outside, and Render's own count of answers by status."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from blueprint.errors import RenderError
from blueprint.workspace import connect
from components.gate_settings import Watch
from gate.smoke import watching
from gate.smoke.client import bypass_header
from gate.smoke.watching import Rate, Watched
from gate.stack.target import Target

_ASK = 10.0
"""Seconds that Render may take to find the service and to count."""
_LAST = timedelta(minutes=10)
"""How far back a single look counts the answers."""
_SOON = timedelta(days=7)
"""How long before a database expires a warning is given."""
_ANSWER = 4.0
"""Seconds that the application gets to answer. Two looks and the pause between them take less than ten."""


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
    with httpx.Client(timeout=_ANSWER, headers=bypass_header(environ)) as http:

        def look() -> str:
            problems = ((name, problem(http, url)) for name, url in addresses.items())
            return next((f"{name}: {found}" for name, found in problems if found), "")

        return watching.watch(
            rules,
            look,
            error_rate(environ, target.settings.render.service.name, back=_LAST if last else timedelta()),
            tell,
        )


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
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    transport: httpx.BaseTransport | None = None,
    back: timedelta = timedelta(),
) -> Callable[[], Rate | None]:
    """Return a function that asks Render how many requests a service has answered, and how many with errors.

    Facts (Render API reference, Get HTTP request count): GET /metrics/http-requests with aggregateBy=statusCode answers
    `[{labels: [{field, value}], values: [{timestamp, value}], unit}]`, a series for each status. Whether a workspace
    has it depends on its plan. Without it, without RENDER_API_KEY, or if Render does not answer at once, there is no
    rate.

    Args:
        back: how long before now the count begins.
    """
    began = now() - back

    def ask() -> Rate | None:
        period = {"startTime": _moment(began), "endTime": _moment(now())}
        try:
            # A session of its own: what takes long must not keep the watch from looking at the health endpoint.
            with connect(environ, lambda _line: None, transport, deadline=_ASK) as session:
                found = session.find("/services", "service", service)
                if found is None:
                    return None
                query = {"resource": found["id"], "aggregateBy": "statusCode", "resolutionSeconds": 60, **period}
                series = session.client.get("/metrics/http-requests", **query)
        except RenderError:
            return None
        counts = [(_status(one), sum(value["value"] for value in one["values"])) for one in series or []]
        errors = sum(count for status, count in counts if status.startswith("5"))
        return Rate(round(sum(count for _status, count in counts)), round(errors))

    return ask


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
            found = session.find("/postgres", "postgres", database.name) or {}
    except RenderError as error:
        return [f"database {database.name}: {str(error).splitlines()[0]}"]
    expires = found.get("expiresAt")
    if not expires or datetime.fromisoformat(expires) - now > _SOON:
        return []
    return [f"database {database.name} expires on {expires[:10]}: give it a paid plan and run pulumi up"]


def _status(series: dict[str, list[dict[str, str]]]) -> str:
    return next((label["value"] for label in series["labels"] if label["field"] == "statusCode"), "")


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
