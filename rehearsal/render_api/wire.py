"""What goes between a caller and the simulator: the parsed call, the answer, the error, and a page of a list."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]

# A handler's result: the status, and what becomes JSON. None is an empty body.
Answer = tuple[int, Json | list[Json] | None]

DEFAULT_PAGE = 20
LARGEST_PAGE = 100


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
        self.status = status
        self.message = message


def not_found(identifier: str) -> ApiError:
    """Return the 404 in Render's words (recording postgres.jsonl line 44)."""
    return ApiError(404, f"not found: {identifier}")


@dataclass(frozen=True)
class Call:
    """One authenticated request. `owners` are the workspaces that its API key may see."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: bytes
    owners: frozenset[str]
    as_recorded: bool = False

    def json(self) -> Any:
        """Return the body as JSON, an object if there is none. A body that cannot be read raises the 400.

        With `as_recorded`, a null counts as absent and a list that is null as empty, as recorded clients sent them.
        """
        try:
            body = json.loads(self.body) if self.body else {}
        except ValueError as error:
            raise ApiError(400, "invalid JSON") from error
        if self.as_recorded:
            return [] if body is None else without_nulls(body)
        return body

    def object(self) -> Json:
        """Return the body as a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "invalid JSON: an object is expected")
        return body

    def last(self, name: str) -> str:
        """Return one value of the query string; empty if it is not there."""
        return (self.query.get(name) or [""])[-1]

    def filter(self, name: str) -> frozenset[str] | None:
        """Return the values of a filter, given as `?a=1&a=2` or `?a=1,2`, or None without such a filter."""
        values = [part for value in self.query.get(name, ()) for part in value.split(",") if part]
        return frozenset(values) or None

    def page(self, rows: Sequence[Json], field: str, key: Callable[[Json], str]) -> list[Json]:
        """Return the requested part of a list, each row with the cursor that continues after it."""
        limit = self._limit()
        start = 0
        if cursor := (self.query.get("cursor") or [""])[-1]:
            keys = [key(row) for row in rows]
            after = decode_cursor(cursor)
            if after not in keys:
                raise ApiError(400, "invalid cursor")
            start = keys.index(after) + 1
        return with_cursors(rows[start : start + limit], field, key)

    def _limit(self) -> int:
        given = (self.query.get("limit") or [str(DEFAULT_PAGE)])[-1]
        if not given.isdecimal() or not 1 <= int(given) <= LARGEST_PAGE:
            raise ApiError(400, f"invalid limit: must be between 1 and {LARGEST_PAGE}")
        return int(given)


def with_cursors(rows: Sequence[Json], field: str, key: Callable[[Json], str]) -> list[Json]:
    """Return the items of a list's answer."""
    return [{field: public(row), "cursor": encode_cursor(key(row))} for row in rows]


def encode_cursor(key: str) -> str:
    """Return an opaque cursor for the row with this key."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Return the key inside a cursor. It is empty, which no row has, if the cursor is not ours."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def public(row: Json) -> Json:
    """Return what the API shows of an object: keys with a leading underscore are the simulator's own notes."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


NULL_LISTS = frozenset({"ipAllowList", "databasesIds", "redisIds", "serviceIds", "envGroupIds"})


def without_nulls(content: Any) -> Any:
    """Return an answer as Render's own client reads it: an empty list instead of null, or no field at all."""
    if isinstance(content, list):
        return [without_nulls(item) for item in content]
    if not isinstance(content, dict):
        return content
    kept = {name: [] if value is None and name in NULL_LISTS else value for name, value in content.items()}
    return {name: without_nulls(value) for name, value in kept.items() if value is not None}


def parse_query(query: Mapping[str, Sequence[str]] | str) -> Mapping[str, Sequence[str]]:
    """Return a query string as a mapping. A mapping is returned as it is."""
    return parse_qs(query, keep_blank_values=True) if isinstance(query, str) else query
