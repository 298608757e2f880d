"""What a watch looks at: the health endpoint from outside, and Render's own count of answers by status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import httpx

from blueprint.errors import Refused, RenderError
from blueprint.workspace import connect
from gate.smoke.watching import Rate

_LOOK_UP, _ASK = 120.0, 10.0
"""Seconds that Render may take to find the service, and to count."""


def health(http: httpx.Client, url: str) -> str:
    """What is wrong with a health endpoint, or nothing."""
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
) -> Callable[[], Rate | None]:
    """A function that asks Render how many requests a service has answered since now, and how many with an error.

    Facts (Render API reference, Get HTTP request count): GET /metrics/http-requests with aggregateBy=statusCode
    answers `[{labels: [{field, value}], values: [{timestamp, value}], unit}]`, a series for each status. Whether a
    workspace has it depends on its plan; where it has not, or Render does not answer at once, there is no rate.

    Raises: RenderError where the service cannot be looked up.
    """
    with connect(environ, lambda _line: None, transport, deadline=_LOOK_UP) as session:
        found = session.find("/services", "service", service)
    if found is None:
        raise Refused(f"Render has no service {service}: correct marketedge:render.service.name, or the API key")
    began = now()

    def ask() -> Rate | None:
        period = {"startTime": _moment(began), "endTime": _moment(now())}
        query = {"resource": found["id"], "aggregateBy": "statusCode", "resolutionSeconds": 60, **period}
        try:
            # A session of its own: what takes long must not keep the watch from looking at the health endpoint.
            with connect(environ, lambda _line: None, transport, deadline=_ASK) as session:
                series = session.client.get("/metrics/http-requests", **query)
        except RenderError:
            return None
        counts = [(_status(one), sum(value["value"] for value in one["values"])) for one in series or []]
        errors = sum(count for status, count in counts if status.startswith("5"))
        return Rate(round(sum(count for _status, count in counts)), round(errors))

    return ask


def _status(series: dict[str, list[dict[str, str]]]) -> str:
    return next((label["value"] for label in series["labels"] if label["field"] == "statusCode"), "")


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
