"""What the three simulators share: requests and answers, endpoints by method and path, and a look at the estate."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..loopback import Response
from ..plugins import Estate
from ..plugins.estate import Objects
from ..plugins.shapes import camel

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        path: without slashes at its ends, still quoted.
        headers: by their names in lower case.
        body: what the JSON or the form says, or None without a body.
    """

    method: str
    path: str
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

    def page(self, items: list[Any], *, default: int, most: int, first: int = 1) -> list[Any]:
        """Return the page of a list that the request asks for.

        Args:
            default: how many items are on one, unless the request says it.
            most: how many it may ask for.
            first: the number of the first page, 0 or 1.
        """
        size = min(max(1, self.number("per_page", default)), most)
        start = (max(first, self.number("page", first)) - first) * size
        return items[start : start + size]


@dataclass(frozen=True)
class Answer:
    """What a simulator answers. Content that is text goes out as it is: a file that was asked for raw."""

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The vendor refuses a request, and nothing changes.

    Attributes:
        answer: the vendor's words.
    """

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status, content)
        self.answer = Answer(status, content)


@dataclass(kw_only=True, eq=False)
class Account:
    """What exists at a vendor, as one request or one test sees it.

    Attributes:
        objects: everything at the vendor. Changes are kept if the list comes from `Estate.edit`.
        request: the request; a test has none.
    """

    objects: Objects
    request: Request = Request("", "", {}, {})

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def body(self) -> Json:
        return self.request.body or {}


Endpoint = Callable[..., Any]
"""Answers a request for an account: takes the account and the parts of the path, returns an Answer or its content."""


class Endpoints:
    """Functions by method and path. The first one that fits a request answers it.

    In a path `{name}` stands for one segment, `{name+}` for the rest, and `{number}` for digits. The function gets them
    as arguments.
    """

    def __init__(self, *parts: Endpoints) -> None:
        self._rows: list[tuple[str, re.Pattern[str], str, Endpoint]] = [row for part in parts for row in part._rows]

    def __call__(self, *keys: str) -> Callable[[Endpoint], Endpoint]:
        """Return a decorator for the function that answers these, such as `GET issues/{number}`."""

        def added(function: Endpoint) -> Endpoint:
            for key in keys:
                method, _, path = key.partition(" ")
                pattern = path.replace("{number}", r"(?P<number>\d+)")
                pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern))
                self._rows.append((method, re.compile(pattern), re.sub(r"\{.*?\}", "*", key), function))
            return function

        return added

    def find(self, request: Request) -> tuple[str, Endpoint] | None:
        """Return the endpoint of a request: its key, with `*` in place of each name, and the function."""
        for method, pattern, key, function in self._rows:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                parts = match.groupdict().items()
                named = {name: int(part) if name == "number" else unquote(part) for name, part in parts}
                return key, partial(function, **named)
        return None


class Simulator(ABC):
    """One vendor over HTTP.

    Attributes:
        vendor: its name.
        edits: the methods that may change what exists.
        requests: vendor, method and path of each request, oldest first.
        watch: called with the vendor and each exchange. Tests judge them by the vendors' own clients.
    """

    vendor: str
    edits: tuple[str, ...] = ("POST", "PUT", "PATCH", "DELETE")
    requests: list[tuple[str, str, str]]
    watch: Callable[[str, Request, Answer], None] = staticmethod(lambda _vendor, _request, _answer: None)

    def __init__(self, estate: Estate) -> None:
        self.estate = estate

    def headers(self, request: Request) -> Mapping[str, str]:
        """Return what every answer to a request says in its headers."""
        return {}

    @abstractmethod
    def answer(self, request: Request, objects: Objects) -> Any:
        """Answer one request: an Answer, or its content. Raises Refused."""

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request as it comes over the socket."""
        self.requests.append((self.vendor, method, f"{path}?{query}" if query else path))
        content = _parsed(body, headers.get("content-type", ""))
        request = Request(method, path.strip("/"), dict(parse_qsl(query)), headers, content)
        existing = self.estate.edit if method in self.edits else lambda name: nullcontext(self.estate.objects(name))
        try:
            with existing(self.vendor) as objects:
                found = self.answer(request, objects)
        except Refused as refusal:
            found = refusal.answer
        answer = found if isinstance(found, Answer) else Answer(200, found)
        self.watch(self.vendor, request, answer)
        text = answer.content if isinstance(answer.content, str) else json.dumps(answer.content)
        sent = {**self.headers(request), **answer.headers, "Content-Type": "application/json; charset=utf-8"}
        return Response(answer.status, sent, text.encode())


def _parsed(body: bytes, kind: str) -> Any:
    if "urlencoded" in kind:
        return dict(parse_qsl(body.decode()))
    return json.loads(body) if body else None


def table(name: str) -> Any:
    """Return what a JSON file beside this one says."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))


def pick(found: Mapping[str, Any], names: str) -> Json:
    """Return these properties of an object, which may have them under the SDK's names. A missing one is None."""
    return {name: found.get(name, found.get(camel(name))) for name in names.split()}
