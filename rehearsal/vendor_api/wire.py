"""A request and an answer, as the three simulators see them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..loopback import Response


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        path: its segments, unquoted.
        headers: by their names in lower case.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None

    @property
    def token(self) -> str:
        """Return the token of the request. GitHub takes `token` in place of `Bearer` as well."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() in ("bearer", "token") else ""

    def number(self, name: str, default: int) -> int:
        """Return a number of the query string."""
        value = self.query.get(name, "")
        return int(value) if value.isdigit() else default


@dataclass(frozen=True)
class Answer:
    """What a simulator answers. Content that is text goes out as it is: a file that was asked for raw."""

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Simulator(ABC):
    """One vendor over HTTP.

    Attributes:
        vendor: its name.
        requests: vendor, method and path of each request, oldest first.
        watch: called with the vendor and each exchange. Tests judge them by the vendors' own clients.
    """

    vendor: str
    requests: list[tuple[str, str, str]]
    watch: Callable[[str, Request, Answer], None] = staticmethod(lambda _vendor, _request, _answer: None)

    @abstractmethod
    def __call__(self, request: Request) -> Answer:
        """Answer one request."""

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request as it comes over the socket."""
        self.requests.append((self.vendor, method, f"{path}?{query}" if query else path))
        segments = tuple(unquote(segment) for segment in path.strip("/").split("/"))
        content = _parsed(body, headers.get("content-type", ""))
        request = Request(method, segments, dict(parse_qsl(query)), headers, content)
        answer = self(request)
        self.watch(self.vendor, request, answer)
        text = answer.content if isinstance(answer.content, str) else json.dumps(answer.content)
        sent = {**answer.headers, "Content-Type": "application/json; charset=utf-8"}
        return Response(answer.status, sent, text.encode())


def _parsed(body: bytes, kind: str) -> Any:
    if "urlencoded" in kind:
        return dict(parse_qsl(body.decode()))
    return json.loads(body) if body else None


def page(items: list[Any], request: Request, *, default: int, most: int, first: int) -> list[Any]:
    """Return a page of a list.

    Args:
        default: how many items are on one, unless the request says it.
        most: how many it may ask for.
        first: the number of the first page, 0 or 1.
    """
    size = min(max(1, request.number("per_page", default)), most)
    start = (max(first, request.number("page", first)) - first) * size
    return items[start : start + size]
