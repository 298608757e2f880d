"""The redirects, rewrites and response headers of a static site: two lists that are read, and replaced as a whole.

A Blueprint that omits them keeps them. The API's PUT replaces the list (Render API reference).
"""

from dataclasses import dataclass

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json


@dataclass(frozen=True)
class Kind:
    """One of the two lists."""

    path: str
    item: str
    prefix: str
    shape: str
    numbered: bool


KINDS = (Kind("routes", "route", "rte", "RoutePut", True), Kind("headers", "header", "hdr", "HeaderInput", False))


class Rules:
    """The endpoints of one of the lists."""

    def __init__(self, estate: Estate, kind: Kind) -> None:
        self._estate, self._kind = estate, kind

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        collection = f"/services/{{id}}/{self._kind.path}"
        return [
            Route("GET", collection, self.list_all),
            Route("PUT", collection, self.replace, f"[{self._kind.shape}]"),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Answer the rules in the order in which they are tried."""
        return 200, call.page(self._of(call, service_id), self._kind.item, lambda row: str(row["id"]))

    def replace(self, call: Call, service_id: str) -> Answer:
        """Replace the whole list."""
        self._of(call, service_id)
        self._estate.services[service_id][f"_{self._kind.path}"] = call.json()
        return 200, self._of(call, service_id)

    def _of(self, call: Call, service_id: str) -> list[Json]:
        """Return the rules with what Render adds: ids, and the position of a route."""
        service = self._estate.get(call, self._estate.services, service_id)
        if service["type"] != "static_site":
            raise ApiError(400, f"a {service['type']} has no {self._kind.path}")
        rows: list[Json] = service.setdefault(f"_{self._kind.path}", [])
        for place, rule in enumerate(rows):
            rule.setdefault("id", self._estate.new_id(self._kind.prefix))
            if self._kind.numbered:
                rule.setdefault("priority", place)
        return rows
