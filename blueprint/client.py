"""Sends requests to the Render API: authentication, paging, rate limits, retries, and one overall deadline.

It knows no kinds of objects. Facts from the Render API reference: errors are `{id, message}`; every answer carries
`Ratelimit-Limit`, `Ratelimit-Remaining` and `Ratelimit-Reset` (seconds, rounded down); a 429 carries `Retry-After`
(seconds). Any number of threads may use one client.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from blueprint.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from blueprint.sending import Again, AnswerLost, http_client, json_object, json_of, send

BASE_URL = "https://api.render.com/v1"
DEADLINE = 900.0
PAGE = 100
_ERRORS: dict[int, type[ApiError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict}


class RenderClient:
    """One session with the Render API.

    Args:
        api_key: sent as a bearer token, and never shown.
        base_url: of the API, with its version.
        deadline: seconds that all requests of this client together may take, including waits.
        notify: is called with one line when a wait of more than two seconds begins.
        transport, sleep, clock: replaced in tests.

    Raises:
        ApiError: any method, for a final error status (or one of its subclasses).
        RateLimited, Unreachable: any method, when the deadline ends the retries.
        OutcomeUnknown: only `post`.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        deadline: float = DEADLINE,
        notify: Callable[[str], None] = lambda _line: None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http_client(base_url, {"Authorization": f"Bearer {api_key}"}, transport)
        self._notify, self._sleep, self._clock = notify, sleep, clock
        self._ends = clock() + deadline
        self._used_up: dict[str, float] = {}
        """For each rate limit that is used up, the time by our clock when it is renewed."""
        self.server_time = datetime.now(UTC)
        """Render's clock at its last answer, to compare with timestamps in answers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        return self._retry("GET", path, query=query)

    def put(self, path: str, body: Any) -> Any:
        return self._retry("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._retry("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Delete an object. One that is already gone counts as deleted."""
        with suppress(NotFound):
            self._retry("DELETE", path)

    def post(self, path: str, body: Any) -> Any:
        """Send a POST once, and again only when the first one certainly had no effect.

        Raises:
            OutcomeUnknown: the answer was lost or was a 5xx. Look for the object before you send it again.
        """
        return self._retry("POST", path, body)

    def pages(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Yield every object of a list endpoint, to the end of the list.

        The endpoint answers `[{service: …, cursor}]`, or bare objects without a cursor (env-groups). Without one, the
        next page is what was created before the last object, newest first; objects created at the same time come again
        and are left out.
        """
        after: dict[str, str | int] = {}
        seen = set[str]()
        while True:
            page = self.get(path, **query, limit=PAGE, **after)
            items = list(map(_object_in, page))
            fresh = [one for one in items if "id" not in one or one["id"] not in seen]
            seen |= {one["id"] for one in fresh if "id" in one}
            yield from fresh
            if len(page) < PAGE or not fresh:
                return
            has_cursor = "cursor" in page[-1]
            after = {"cursor": page[-1]["cursor"]} if has_cursor else {"createdBefore": _just_after(items[-1])}

    def pause(self, seconds: float) -> None:
        """Wait between two looks at an object that is not ready yet.

        Raises:
            Unreachable: the deadline comes first.
        """
        if self._clock() + seconds > self._ends:
            raise Unreachable("this run's time is over. What was done stays; run it again to continue")
        self._sleep(seconds)

    def _retry(self, method: str, path: str, body: Any = None, query: dict[str, str | int] | None = None) -> Any:
        request = f"{method} {path}"

        def once() -> httpx.Response:
            self._pace(request)
            answer = self._http.request(method, path, params=query or None, json=body)
            self._note(request, answer)
            return answer

        def announce(wait: float, reason: Again) -> None:
            if wait > 2:
                self._notify(f"Render: trying again in {wait:.0f} s: {reason} ({request})")

        try:
            answer = send(once, self._gives_up, repeatable=method != "POST", announce=announce, sleep=self._sleep)
        except AnswerLost as lost:
            raise OutcomeUnknown(f"the answer to {request} was lost ({lost})") from None
        except Again as last:
            if last.limited:
                raise self._limited(request, last.wait or 0.0) from None
            raise Unreachable(f"Render did not answer {request}: {last.reason}. Run it again to continue") from None
        content = json_of(answer)
        if answer.is_success:
            return content
        raise _ERRORS.get(answer.status_code, ApiError)(
            answer.status_code,
            request,
            _unquoted(json_object(answer).get("message") or f"({answer.reason_phrase or 'no message'})", body),
        )

    def _gives_up(self, _tries: int, _failed: Again, pause: float) -> bool:
        return self._clock() + pause > self._ends

    def _limited(self, request: str, wait: float) -> RateLimited:
        again = self.server_time + timedelta(seconds=wait)
        return RateLimited(
            f"Render's rate limit for {request} is used up for another {wait:.0f} s, longer than this run may take. "
            f"What was done stays: run the same command again after that, at {again + timedelta(minutes=1):%H:%M} UTC"
        )

    def _pace(self, request: str) -> None:
        """Wait until the rate limit allows a request, so that Render does not refuse it.

        Raises:
            RateLimited: that is after the deadline.
        """
        wait = self._used_up.get(_allowance(request), 0.0) - self._clock()
        if wait <= 0:
            return
        if self._clock() + wait > self._ends:
            raise self._limited(request, wait)
        if wait > 2:
            self._notify(f"waiting {wait:.0f} s before {request}: Render's rate limit is used up")
        self._sleep(wait)

    def _note(self, request: str, answer: httpx.Response) -> None:
        """Note Render's time, and when an allowance that is used up is renewed. Not every answer says it."""
        with suppress(KeyError, ValueError):
            self.server_time = parsedate_to_datetime(answer.headers["Date"])
        with suppress(KeyError, ValueError):
            left, reset = int(answer.headers["Ratelimit-Remaining"]), float(answer.headers["Ratelimit-Reset"])
            if answer.status_code != 429:
                self._used_up[_allowance(request)] = 0.0 if left else self._clock() + reset + 1.0


def _object_in(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the object in an entry of a list."""
    inner = [value for key, value in entry.items() if key != "cursor"]
    return inner[0] if len(inner) == 1 and isinstance(inner[0], dict) else entry


def _just_after(item: dict[str, Any]) -> str:
    return (datetime.fromisoformat(item["createdAt"]) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


# Which requests share an allowance, as their recorded headers run: the first pattern that fits.
_ALLOWANCES = (
    ("reads", re.compile(r"GET .*")),
    ("new services", re.compile(r"POST /services")),
    ("new databases", re.compile(r"POST /postgres")),
    ("new key-value instances", re.compile(r"POST /key-value")),
    ("new domains", re.compile(r"POST /services/[^/]+/custom-domains")),
    ("changes of services", re.compile(r"PATCH /services/[^/]+|POST /services/[^/]+/deploys")),
    ("other writes", re.compile(r".*")),
)


def _allowance(request: str) -> str:
    return next(name for name, pattern in _ALLOWANCES if pattern.fullmatch(request))


def _unquoted(text: str, body: Any) -> str:
    """Return Render's message without the values that it quotes from the request. Any of them may be a secret."""
    for value in sorted(_values(body), key=len, reverse=True):  # a value may be a part of a longer one
        if len(value) >= 8:
            text = text.replace(value, "[value]")
    return text


def _values(body: Any) -> Iterator[str]:
    """Return everything called `value` in a request, however deep."""
    for item in body if isinstance(body, list) else body.values() if isinstance(body, dict) else ():
        yield from _values(item)
    if isinstance(body, dict) and isinstance(body.get("value"), str):
        yield body["value"]
