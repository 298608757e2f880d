"""What goes between a caller and the simulator: the parsed call, the answer, the error, and a page of a list."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Json = dict[str, Any]

# A handler's result: the status, and what becomes JSON. None is an empty body.
Answer = tuple[int, Json | list[Json] | None]

DEFAULT_PAGE, LARGEST_PAGE = "20", 100


@dataclass(frozen=True)
class Request:
    """One line of the request log. It never holds the API key. `status` is None when no answer left the simulator."""

    number: int
    method: str
    path: str
    status: int | None
    time: float
    fault: str | None = None


class ApiError(Exception):
    """An error status, raised by a handler."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def not_found(identifier: str) -> ApiError:
    """Return the 404 in Render's words (recording postgres.jsonl line 44)."""
    return ApiError(404, f"not found: {identifier}")


@dataclass
class Call:
    """One authenticated request.

    Attributes:
        query: every value of each name of the query string.
        owners: the workspaces that its API key may see.
        as_recorded: whether a null in the body counts as absent, and a list that is null as empty.
        service: the service that a path below /services names.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    content: bytes
    owners: frozenset[str]
    as_recorded: bool = False
    service: Json = field(default_factory=dict)

    @cached_property
    def body(self) -> Any:
        """Return the content as JSON, an object if there is none. Content that cannot be read raises the 400."""
        try:
            body = json.loads(self.content) if self.content else {}
        except ValueError as error:
            raise ApiError(400, "invalid JSON") from error
        if self.as_recorded:
            return [] if body is None else without_nulls(body)
        return body

    def last(self, name: str, default: str = "") -> str:
        """Return one value of the query string."""
        return (self.query.get(name) or [default])[-1]

    def filter(self, name: str) -> frozenset[str] | None:
        """Return the values of a filter, given as `?a=1&a=2` or `?a=1,2`, or None without such a filter."""
        values = [part for value in self.query.get(name, ()) for part in value.split(",") if part]
        return frozenset(values) or None

    def page(self, rows: Sequence[Json], field: str, key: str = "id") -> list[Json]:
        """Return the requested part of a list, each row with the cursor that continues after it."""
        limit, start = self.last("limit", DEFAULT_PAGE), 0
        if not limit.isdecimal() or not 1 <= int(limit) <= LARGEST_PAGE:
            raise ApiError(400, f"invalid limit: must be between 1 and {LARGEST_PAGE}")
        if cursor := self.last("cursor"):
            keys, after = [row[key] for row in rows], decode_cursor(cursor)
            if after not in keys:
                raise ApiError(400, "invalid cursor")
            start = keys.index(after) + 1
        return with_cursors(rows[start : start + int(limit)], field, key)


def with_cursors(rows: Sequence[Json], field: str, key: str = "id") -> list[Json]:
    """Return the items of a list's answer."""
    return [{field: public(row), "cursor": base64.urlsafe_b64encode(row[key].encode()).decode()} for row in rows]


def decode_cursor(cursor: str) -> str:
    """Return the key inside a cursor. It is empty, which no row has, if the cursor is not ours."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def public(row: Json) -> Json:
    """Return what the API shows of an object: keys with a leading underscore are the simulator's own notes."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


def given(body: Mapping[str, object], *names: str) -> Json:
    """Return the named fields of a body that are not null."""
    return {name: body[name] for name in names if body.get(name) is not None}


NULL_LISTS = frozenset({"ipAllowList", "databasesIds", "redisIds", "serviceIds", "envGroupIds"})


def without_nulls(content: Any) -> Any:
    """Return an answer as Render's own client reads it: an empty list instead of null, or no field at all."""
    if isinstance(content, list):
        return [without_nulls(item) for item in content]
    if not isinstance(content, dict):
        return content
    kept = {name: [] if value is None and name in NULL_LISTS else value for name, value in content.items()}
    return {name: without_nulls(value) for name, value in kept.items() if value is not None}
