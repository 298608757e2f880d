"""Counts of answered requests (Render API reference, Get HTTP request count). A test says what they are."""

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call


class Metrics:
    """The metrics endpoint.

    Attributes:
        answered: by service id, how many requests had which status. A plan without metrics has no entry.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.answered: dict[str, dict[int, int]] = {}

    def routes(self) -> list[Route]:
        """Return the endpoint."""
        return [Route("GET", "/metrics/http-requests", self.http_requests)]

    def http_requests(self, call: Call) -> Answer:
        """Answer one series for each status."""
        service_id = (call.query.get("resource") or [""])[-1]
        self._estate.get(call, self._estate.services, service_id)
        if service_id not in self.answered:
            raise ApiError(402, "HTTP metrics need a Professional workspace or higher")
        (moment,) = call.query["endTime"]
        series = [
            {
                "labels": [{"field": "statusCode", "value": str(status)}],
                "unit": "requests",
                "values": [{"timestamp": moment, "value": count}],
            }
            for status, count in self.answered[service_id].items()
        ]
        return 200, series
