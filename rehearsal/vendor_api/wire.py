"""A request and an answer, as the three simulators see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """path: unquoted segments; headers: names in lower case."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None

    @property
    def token(self) -> str:
        """GitHub takes `token` in place of `Bearer` as well."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() in ("bearer", "token") else ""

    def number(self, name: str, default: int) -> int:
        value = self.query.get(name, "")
        return int(value) if value.isdigit() else default


@dataclass(frozen=True)
class Answer:
    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Text goes out as it is: a file's content that was asked for raw."""
        return self.content.encode() if isinstance(self.content, str) else json.dumps(self.content).encode()


Simulator = Callable[[Request], Answer]


def page(items: list[Any], request: Request, *, default: int, most: int, first: int) -> list[Any]:
    """Return a page of a list.

    Args:
        default, most: how many items are on one.
        first: the number of the first page, 0 or 1.
    """
    size = min(max(1, request.number("per_page", default)), most)
    start = (max(first, request.number("page", first)) - first) * size
    return items[start : start + size]
