"""Finds the handler for a method and a path."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from rehearsal.render_api.shapes import check
from rehearsal.render_api.wire import Answer, ApiError, Call

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint. After the call, the handler gets each `{name}` of the template as an argument, in that order.

    A request's body is checked against `body`, a shape, before the handler gets it.
    """

    method: str
    template: str
    handler: Handler
    body: str = ""


class Resource(Protocol):
    """Anything that has endpoints."""

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        ...


class Router:
    """All endpoints. An unknown path is answered 404, a known path with another method 405."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = [(route, re.compile(re.sub(r"\{\w+\}", "([^/]+)", route.template))) for route in routes]

    def dispatch(self, call: Call) -> Answer:
        """Run the handler of a call."""
        known = False
        for route, pattern in self.routes:
            if found := pattern.fullmatch(call.path):
                known = True
                if route.method == call.method:
                    if route.body:
                        check(call.json(), route.body)
                    return route.handler(call, *map(unquote, found.groups()))
        raise ApiError(405, "method not allowed") if known else ApiError(404, "not found")
