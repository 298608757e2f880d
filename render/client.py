"""Talks HTTP to the Render API: authentication, paging, rate limits, retries, one overall deadline.

Knows no resource. Facts from the Render API reference: errors are `{id, message}`; every answer carries
`Ratelimit-Limit`, `Ratelimit-Remaining` and `Ratelimit-Reset` (seconds); a 429 carries `Retry-After` (seconds).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential_jitter

from render.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unreachable,
)

BASE_URL = "https://api.render.com/v1"
PAGE = 100
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_ERRORS: dict[int, type[ApiError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict}
_backoff = wait_exponential_jitter(multiplier=0.5, max=15.0)


class _Again(Exception):
    """One try failed in a way that a later one may not; `wait` is what Render asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None, *, limited: bool = False) -> None:
        self.reason, self.wait, self.limited = reason, wait, limited
        super().__init__(reason)


class RenderClient:
    """One session with the Render API.

    Args:
        api_key: sent as a bearer token and shown nowhere.
        base_url: where the API is, with its version.
        deadline: seconds that all requests of this client together may take, waits included.
        notify: called with one line when a wait of more than two seconds begins.
        transport, sleep, clock: replaced in tests.

    Raises (all methods): ApiError or a subclass for a final error status; RateLimited or Unreachable when the
    deadline ends the retries; OutcomeUnknown from `post` only.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        deadline: float = 900.0,
        notify: Callable[[str], None] = lambda _line: None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Accept": "application/json",
                "User-Agent": "marketedge-staging-gate",
            },
            timeout=_TIMEOUT,
            transport=transport,
        )
        self._notify, self._sleep, self._clock = notify, sleep, clock
        self._ends = clock() + deadline
        self.server_time = datetime.now(UTC)
        """Render's clock at its last answer: what timestamps in answers can be compared with."""

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
        """Delete; an object that is gone already counts as deleted."""
        try:
            self._retry("DELETE", path)
        except NotFound:
            return

    def post(self, path: str, body: Any) -> Any:
        """Send once, again only where the first try had no effect for certain.

        Raises: OutcomeUnknown when the answer was lost or was a 5xx: look up what was to be made, then try again.
        """
        return self._retry("POST", path, body)

    def pages(self, path: str, item: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Every `item` of a list endpoint, which answers `[{item: …, cursor}]`; env-groups answers bare items."""
        cursor: dict[str, str | int] = {}
        while True:
            page = self.get(path, **query, limit=PAGE, **cursor)
            yield from (entry.get(item, entry) for entry in page)
            if len(page) < PAGE or "cursor" not in page[-1]:
                return
            cursor = {"cursor": page[-1]["cursor"]}

    def pause(self, seconds: float) -> None:
        """Wait between two looks at a slow object.

        Raises: Unreachable when the deadline comes first.
        """
        if self._clock() + seconds > self._ends:
            raise Unreachable("the deadline of this run has passed; what was done so far stays, a rerun continues")
        self._sleep(seconds)

    def _retry(self, method: str, path: str, body: Any = None, query: dict[str, str | int] | None = None) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(_Again),
            wait=self._wait,
            stop=lambda state: self._clock() + state.upcoming_sleep > self._ends,
            before_sleep=lambda state: self._announce(f"{method} {path}", state),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, method, path, body, query)
        except _Again as last:
            if last.limited:
                raise RateLimited(
                    f"Render's rate limit for {method} {path} is used up for another {last.wait or 0:.0f} s, "
                    f"longer than this run may take. What was done stays: run the same command again after that"
                ) from None
            raise Unreachable(f"no answer from Render to {method} {path}: {last.reason}. A rerun continues") from None

    @staticmethod
    def _wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, _Again) else None
        # Jitter on top of what Render asked for: many clients wake at the same moment otherwise.
        return _backoff(state) if asked is None else asked + min(1.0, _backoff(state))

    def _announce(self, request: str, state: RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        error = state.outcome.exception() if state.outcome else None
        if wait > 2:
            self._notify(f"waiting {wait:.0f} s before {request} is tried again: {error}")

    def _once(self, method: str, path: str, body: Any, query: dict[str, str | int] | None) -> Any:
        request = f"{method} {path}"
        try:
            answer = self._http.request(method, path, params=query or None, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise _Again(f"cannot connect ({error})") from None
        except httpx.HTTPError as error:
            self._uncertain(method, request, type(error).__name__)
        self._note_time(answer)
        if answer.status_code == 429:
            raise _Again("rate limit", _seconds(answer), limited=True)
        if answer.status_code >= 500:
            self._uncertain(method, request, f"status {answer.status_code}", _seconds(answer))
        if answer.is_success and not answer.content:
            return None
        try:
            content = answer.json()
        except ValueError:
            if answer.is_success:
                self._uncertain(method, request, "an answer that is not JSON")
            content = {}
        if answer.is_success:
            return content
        detail = content.get("message") if isinstance(content, dict) else None
        raise _ERRORS.get(answer.status_code, ApiError)(
            answer.status_code, request, detail or f"({answer.reason_phrase or 'no message'})"
        )

    @staticmethod
    def _uncertain(method: str, request: str, reason: str, wait: float | None = None) -> NoReturn:
        """Raise for a try that may or may not have had its effect: only requests that bear repetition are repeated."""
        if method == "POST":
            raise OutcomeUnknown(f"the answer to {request} was lost ({reason})")
        raise _Again(reason, wait)

    def _note_time(self, answer: httpx.Response) -> None:
        if date := answer.headers.get("Date"):
            self.server_time = parsedate_to_datetime(date)


def _seconds(answer: httpx.Response) -> float | None:
    """How long Render asks to wait: Retry-After, else the rate limit's reset when it is used up."""
    headers = answer.headers
    asked = headers.get("Retry-After")
    if asked is None and headers.get("Ratelimit-Remaining", "0") == "0":
        asked = headers.get("Ratelimit-Reset")
    try:
        return max(0.0, float(asked)) if asked is not None else None
    except ValueError:
        return None
