"""What travels between a caller and the simulator: the parsed call, the answer, the error, and a page of a list."""

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
class Response:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None for an empty one."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Request:
    """One line of the request log. It never holds the API key. No status means that no answer left the simulator."""

    number: int
    method: str
    path: str
    status: int | None
    time: float
    fault: str | None = None


class ApiError(Exception):
    """An answer other than success, raised by a handler."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def not_found(identifier: str) -> ApiError:
    """The 404 in the words Render uses (recording postgres.jsonl line 44)."""
    return ApiError(404, f"not found: {identifier}")


@dataclass(frozen=True)
class Call:
    """One authenticated request as a handler sees it: `owners` are the workspaces its API key may see."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    body: bytes
    owners: frozenset[str]
    as_recorded: bool = False

    def json(self) -> Any:
        """The body as JSON, an object if there is none; 400 if it cannot be read.

        With `as_recorded`, a null counts as absent and a list that is null as empty, as recorded clients sent it.
        """
        try:
            body = json.loads(self.body) if self.body else {}
        except ValueError as error:
            raise ApiError(400, "invalid JSON") from error
        if self.as_recorded:
            return [] if body is None else without_nulls(body)
        return body

    def object(self) -> Json:
        """The body as a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "invalid JSON: an object is expected")
        return body

    def last(self, name: str) -> str:
        """One value of the query string; empty if it is not there."""
        return (self.query.get(name) or [""])[-1]

    def filter(self, name: str) -> frozenset[str] | None:
        """The values a list is filtered by, given as `?a=1&a=2` or `?a=1,2`; None when there is no such filter."""
        values = [part for value in self.query.get(name, ()) for part in value.split(",") if part]
        return frozenset(values) or None

    def page(self, rows: Sequence[Json], field: str, key: Callable[[Json], str]) -> list[Json]:
        """The asked-for part of a list, each row wrapped with the cursor that continues behind it."""
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
    """The items of a list answer."""
    return [{field: public(row), "cursor": encode_cursor(key(row))} for row in rows]


def encode_cursor(key: str) -> str:
    """An opaque cursor for the row with this key."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """The key inside a cursor; empty, which no row has, if it is not one of ours."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def public(row: Json) -> Json:
    """What the API shows of an estate object: keys with a leading underscore are the simulator's own notes."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


NULL_LISTS = frozenset({"ipAllowList", "databasesIds", "redisIds", "serviceIds", "envGroupIds"})


def without_nulls(content: Any) -> Any:
    """An answer as Render's own client reads it: an empty list where the recordings have null, else no field at all."""
    if isinstance(content, list):
        return [without_nulls(item) for item in content]
    if not isinstance(content, dict):
        return content
    kept = {name: [] if value is None and name in NULL_LISTS else value for name, value in content.items()}
    return {name: without_nulls(value) for name, value in kept.items() if value is not None}


def parse_query(query: Mapping[str, Sequence[str]] | str) -> Mapping[str, Sequence[str]]:
    """A query string as a mapping; a mapping is taken as it is."""
    return parse_qs(query, keep_blank_values=True) if isinstance(query, str) else query
